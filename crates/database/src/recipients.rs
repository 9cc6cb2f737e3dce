//! Buyers' addresses: sealed, and found again by digests only.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use shared::{IssueCode, OrderId, TikTokOrderId};

use crate::entities::recipients::{ActiveModel, Column, Entity, Model};
use crate::{Vault, issues};

/// Who receives the parcel, as TikTok Shop says it. Never written to a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientRecord {
    pub name: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<String>,
    /// The buyer's relay address at TikTok.
    pub email: Option<String>,
    pub lines: Vec<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    /// Names of the districts below the country, the largest first.
    #[serde(default)]
    pub districts: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// True where TikTok Shop hides parts with asterisks.
    pub masked: bool,
}

/// What became of an address that TikTok Shop sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is the first one.
    First,
    /// It replaces another one.
    Changed,
    /// It says nothing new, or hides what is known.
    Unchanged,
}

fn place_of_previous(connection_uid: &str, tiktok_order_id: &TikTokOrderId) -> String {
    format!("recipients.previous:{connection_uid}:{tiktok_order_id}")
}

fn place(connection_uid: &str, tiktok_order_id: &TikTokOrderId) -> String {
    format!("recipients.sealed:{connection_uid}:{tiktok_order_id}")
}

/// Keeps an address. A masked one never replaces a plain one, for TikTok Shop hides addresses of ended orders. The one that
/// is replaced is kept beside it, or the one before while nobody has dealt with that change yet.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection_uid: &str,
    tiktok_order_id: &TikTokOrderId,
    order_id: OrderId,
    recipient: &RecipientRecord,
) -> Result<Kept, DbErr> {
    let known = find(db, vault, connection_uid, tiktok_order_id, order_id).await?;
    let (kept, previous) = match &known {
        None => (Kept::First, None),
        Some(known) if known == recipient || (recipient.masked && !known.masked) => {
            return Ok(Kept::Unchanged);
        }
        Some(known) => (Kept::Changed, Some(known)),
    };
    let json = |record| serde_json::to_vec(record).map_err(|error| DbErr::Json(error.to_string()));
    let previous = match previous {
        Some(previous) if !issues::is_open(db, order_id, IssueCode::AddressChanged).await? => {
            let place = place_of_previous(connection_uid, tiktok_order_id);
            Some(vault.seal(&place, &json(previous)?))
        }
        _ => None,
    };
    let mut columns =
        vec![Column::Sealed, Column::Masked, Column::NameDigest, Column::PhoneDigest, Column::EmailDigest];
    if previous.is_some() {
        columns.push(Column::Previous);
    }
    let plain = json(recipient)?;
    let digest = |kind, text: Option<&str>| Set(text.and_then(|text| vault.search_digest(kind, text)));
    let model = ActiveModel {
        order_id: Set(order_id.0),
        sealed: Set(vault.seal(&place(connection_uid, tiktok_order_id), &plain)),
        previous: Set(previous),
        masked: Set(recipient.masked),
        name_digest: digest("name", Some(&recipient.name)),
        phone_digest: digest("phone", recipient.phone.as_deref()),
        email_digest: digest("email", recipient.email.as_deref()),
    };
    let replace = OnConflict::column(Column::OrderId).update_columns(columns).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(kept)
}

/// Seals an address anew and makes its digests anew; `false` when it was written meanwhile.
///
/// # Errors
/// When the database fails or the bytes are no address.
pub(crate) async fn reseal(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: i64,
    place: &str,
    sealed: &[u8],
    plain: &[u8],
) -> Result<bool, DbErr> {
    let recipient: RecipientRecord =
        serde_json::from_slice(plain).map_err(|error| DbErr::Json(error.to_string()))?;
    let digest =
        |kind, text: Option<&str>| Expr::value(text.and_then(|text| vault.search_digest(kind, text)));
    let updated = Entity::update_many()
        .col_expr(Column::Sealed, Expr::value(vault.seal(place, plain)))
        .col_expr(Column::NameDigest, digest("name", Some(&recipient.name)))
        .col_expr(Column::PhoneDigest, digest("phone", recipient.phone.as_deref()))
        .col_expr(Column::EmailDigest, digest("email", recipient.email.as_deref()))
        .filter(Column::OrderId.eq(order_id))
        .filter(Column::Sealed.eq(sealed.to_vec()))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// The address of an order.
///
/// # Errors
/// When the database fails or the bytes cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection_uid: &str,
    tiktok_order_id: &TikTokOrderId,
    order_id: OrderId,
) -> Result<Option<RecipientRecord>, DbErr> {
    let model = Entity::find_by_id(order_id.0).one(db).await?;
    model.map(|model| opened(vault, connection_uid, tiktok_order_id, &model)).transpose()
}

/// The address of an order, and the one that was replaced by a change which nobody has dealt with yet; `None` in its place
/// when there is no such change.
///
/// # Errors
/// When the database fails or the bytes cannot be read.
pub async fn find_with_previous(
    db: &impl ConnectionTrait,
    vault: &Vault,
    connection_uid: &str,
    tiktok_order_id: &TikTokOrderId,
    order_id: OrderId,
) -> Result<Option<(RecipientRecord, Option<RecipientRecord>)>, DbErr> {
    let Some(model) = Entity::find_by_id(order_id.0).one(db).await? else { return Ok(None) };
    let previous = match &model.previous {
        Some(sealed) if issues::is_open(db, order_id, IssueCode::AddressChanged).await? => {
            Some(record_in(vault, &place_of_previous(connection_uid, tiktok_order_id), sealed)?)
        }
        _ => None,
    };
    Ok(Some((opened(vault, connection_uid, tiktok_order_id, &model)?, previous)))
}

pub(crate) fn opened(
    vault: &Vault,
    connection_uid: &str,
    tiktok_order_id: &TikTokOrderId,
    model: &Model,
) -> Result<RecipientRecord, DbErr> {
    record_in(vault, &place(connection_uid, tiktok_order_id), &model.sealed)
}

fn record_in(vault: &Vault, place: &str, sealed: &[u8]) -> Result<RecipientRecord, DbErr> {
    let plain = vault.open(place, sealed).map_err(|error| DbErr::Custom(error.to_string()))?;
    serde_json::from_slice(&plain).map_err(|error| DbErr::Json(error.to_string()))
}
