//! Labels that TikTok Shop made: addresses that live for a day, sealed, for whoever has one reads the buyer's address.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, prelude::*};
use shared::{OrderId, ShippingLabel};

use crate::entities::shipping_labels::{ActiveModel, Column, Entity};
use crate::{Vault, from_ms, to_ms};

fn place(order_id: OrderId, package_id: &str) -> String {
    format!("shipping_labels.sealed:{order_id}:{package_id}")
}

/// Keeps a label, in the place of an older one of the package.
///
/// # Errors
/// When the database fails.
pub async fn save(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
    label: &ShippingLabel,
) -> Result<(), DbErr> {
    let model = ActiveModel {
        order_id: Set(order_id.0),
        package_id: Set(label.package_id.clone()),
        sealed: Set(vault.seal(&place(order_id, &label.package_id), label.url.as_bytes())),
        tracking_number: Set(label.tracking_number.clone()),
        expires_at: Set(to_ms(label.expires_at)),
    };
    let replace = OnConflict::columns([Column::OrderId, Column::PackageId])
        .update_columns([Column::Sealed, Column::TrackingNumber, Column::ExpiresAt])
        .to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// The labels of an order that are still alive.
///
/// # Errors
/// When the database fails or the bytes cannot be read.
pub async fn of_order(
    db: &impl ConnectionTrait,
    vault: &Vault,
    order_id: OrderId,
    now: DateTime<Utc>,
) -> Result<Vec<ShippingLabel>, DbErr> {
    let models = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::ExpiresAt.gt(to_ms(now)))
        .order_by_asc(Column::PackageId)
        .all(db)
        .await?;
    let labels = models.into_iter().map(|model| {
        let place = place(order_id, &model.package_id);
        let url = vault.open_text(&place, &model.sealed).map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(ShippingLabel {
            package_id: model.package_id,
            url,
            tracking_number: model.tracking_number,
            expires_at: from_ms(model.expires_at),
        })
    });
    labels.collect()
}

/// Removes labels whose time is over.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let over = Entity::delete_many().filter(Column::ExpiresAt.lte(to_ms(now)));
    Ok(over.exec(db).await?.rows_affected)
}
