//! TikTok shops bound to PrestaShop shops: one endpoint per file.

mod authorize;
mod choices;
mod create;
mod exchanged_codes;
mod fetch;
mod get;
mod list;
pub(crate) mod store_address;
mod test;
mod test_new;
mod update;
pub(crate) mod values;

pub use choices::get_connection_choices;
pub use create::create_connection;
pub use exchanged_codes::ExchangedCodes;
pub use fetch::fetch_orders;
pub use get::get_connection;
pub use list::list_connections;
pub use test::test_connection;
pub use test_new::test_new_connection;
pub use update::update_connection;

use chrono::TimeDelta;
use database::connections::{self, ConnectionRecord};
use database::{DatabaseTransaction, leases};
use shared::{Connection, ConnectionId, ConnectionState, FieldError, StoreSide, TikTokSide};
use sync::Store;

use crate::app::AppState;
use crate::auth::Caller;
use crate::error::ApiError;

async fn find(state: &AppState, id: ConnectionId) -> Result<ConnectionRecord, ApiError> {
    let found = connections::find(state.database.reader(), &state.database.vault, id).await?;
    found.ok_or(ApiError::NotFound)
}

/// Refuses to begin what a connection that is paused or not authorized would not end.
pub fn require_active(connection: &ConnectionRecord) -> Result<(), ApiError> {
    let reason = match connection.state {
        ConnectionState::Active => return Ok(()),
        ConnectionState::Paused => "The connection is paused; resume it first.",
        ConnectionState::Unauthorized => "TikTok access has ended; authorize the connection again.",
    };
    Err(ApiError::Conflict { code: "connection_not_active", detail: reason.to_owned() })
}

/// Refuses this connection beside another of one TikTok shop to one store, which would import each order once more. The transaction
/// keeps others from making one meanwhile.
async fn require_only_one(
    state: &AppState,
    txn: &DatabaseTransaction,
    caller: &Caller,
    id: ConnectionId,
    shop_id: &str,
    store_url: &str,
) -> Result<(), ApiError> {
    leases::acquire(txn, &format!("connections-of-shop:{shop_id}"), "", TimeDelta::zero()).await?;
    let of_shop = connections::of_shop(txn, &state.database.vault, shop_id).await?;
    let store = Store::identity_at(store_url);
    let other = of_shop.into_iter().find(|other| other.id != id && Store::identity(other) == store);
    let Some(other) = other else { return Ok(()) };
    let name = if caller.reach.allows(other.id) {
        format!("The connection “{}”", other.name)
    } else {
        "Another connection".to_owned()
    };
    let detail = format!(
        "{name} binds this TikTok shop to this store already, and each order would be imported twice; change that connection instead"
    );
    Err(ApiError::Invalid(vec![FieldError::new("/store/url", detail)]))
}

/// What may be seen of a connection: everything but its secrets.
fn shown(record: ConnectionRecord) -> Connection {
    Connection {
        id: record.id,
        state: record.state,
        store: StoreSide { webservice_key_hint: record.webservice_key_hint(), url: record.store_url },
        name: record.name,
        tiktok: TikTokSide {
            app_key: record.app_key,
            shop_id: record.shop_id,
            shop_name: record.shop_name,
            region: record.region,
            access_token_expires_at: Some(record.tokens.access_token_expires_at),
        },
        settings: record.settings,
        last_sync_at: record.last_sync_at,
        last_webhook_at: record.last_webhook_at,
        deauthorized_at: record.deauthorized_at,
        created_at: record.created_at,
        updated_at: record.updated_at,
        version: record.version,
    }
}

/// The connection as a transaction leaves it, not as somebody else has made it a moment later.
async fn current(
    state: &AppState,
    txn: &DatabaseTransaction,
    id: ConnectionId,
) -> Result<Connection, ApiError> {
    let found = connections::find(txn, &state.database.vault, id).await?;
    Ok(shown(found.ok_or(ApiError::NotFound)?))
}
