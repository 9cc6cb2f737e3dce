//! What the settings of a connection can choose from, kept whenever the store was read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use database::{ConnectionTrait, DbErr, channel_lists};
use shared::{ChannelCarrier, ConnectionId, StoreCarrier};

use crate::store_facts::StoreFacts;

/// How the names of TikTok Shop's lists of carriers begin; there is one for each delivery option and route.
const CHANNEL_CARRIERS: &str = "carriers:";

/// The name of the list of the store's carriers.
const STORE_CARRIERS: &str = "store_carriers";

/// Keeps the store's carriers, unless they are known already.
///
/// # Errors
/// When the database fails.
pub async fn save_carriers(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    facts: &StoreFacts,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let usable = facts.carriers.iter().filter(|carrier| carrier.active && !carrier.deleted);
    let mut carriers: Vec<_> = usable
        .filter_map(|carrier| {
            let reference = i64::try_from(carrier.reference_id.0).ok()?;
            Some(StoreCarrier { reference, name: carrier.name.clone() })
        })
        .collect();
    carriers.sort_by(|a, b| a.name.cmp(&b.name));
    if store_carriers(db, connection_id).await? == carriers {
        return Ok(());
    }
    channel_lists::save(db, connection_id, STORE_CARRIERS, &carriers, now).await
}

/// The store's carriers by name, as they were last read; empty when they never were.
///
/// # Errors
/// When the database fails.
pub async fn store_carriers(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<Vec<StoreCarrier>, DbErr> {
    let list = channel_lists::find(db, connection_id, STORE_CARRIERS).await?;
    Ok(list.map(|(carriers, _)| carriers).unwrap_or_default())
}

/// The carriers that TikTok Shop offered so far, for whichever order, by name.
///
/// # Errors
/// When the database fails.
pub async fn channel_carriers(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
) -> Result<Vec<ChannelCarrier>, DbErr> {
    let lists: Vec<Vec<ChannelCarrier>> =
        channel_lists::beginning_with(db, connection_id, CHANNEL_CARRIERS).await?;
    let by_id: BTreeMap<_, _> =
        lists.into_iter().flatten().map(|carrier| (carrier.id.clone(), carrier)).collect();
    let mut carriers: Vec<_> = by_id.into_values().collect();
    carriers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(carriers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action_options::Route;

    #[test]
    fn lists_of_carriers_are_known_by_their_names() {
        let route = Route { delivery_option_id: "7".to_owned(), from: None, to: Some("FR".to_owned()) };

        assert!(route.list_name().starts_with(CHANNEL_CARRIERS));
    }
}
