//! What the store was seen to hold of a shipment, and what we wrote there ourselves, which must not echo.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use shared::OrderId;

use crate::entities::store_shipments::{ActiveModel, Column, Entity};

pub use crate::entities::store_shipments::Model as StoreShipment;

/// What is known of an order's shipment in the store; empty when nothing is.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, order_id: OrderId) -> Result<StoreShipment, DbErr> {
    let known = Entity::find_by_id(order_id.0).one(db).await?;
    Ok(known.unwrap_or(StoreShipment {
        order_id: order_id.0,
        written_state_id: None,
        tracking_number: None,
        carrier_reference: None,
        carrier_name: None,
        written_tracking_number: None,
        shipped_seen_at: None,
        sent_tracking_number: None,
        sent_carrier_reference: None,
    }))
}

/// Keeps what is known.
///
/// # Errors
/// When the database fails.
pub async fn save(db: &impl ConnectionTrait, shipment: StoreShipment) -> Result<(), DbErr> {
    let model = ActiveModel {
        order_id: Set(shipment.order_id),
        written_state_id: Set(shipment.written_state_id),
        tracking_number: Set(shipment.tracking_number),
        carrier_reference: Set(shipment.carrier_reference),
        carrier_name: Set(shipment.carrier_name),
        written_tracking_number: Set(shipment.written_tracking_number),
        shipped_seen_at: Set(shipment.shipped_seen_at),
        sent_tracking_number: Set(shipment.sent_tracking_number),
        sent_carrier_reference: Set(shipment.sent_carrier_reference),
    };
    let columns = [
        Column::WrittenStateId,
        Column::TrackingNumber,
        Column::CarrierReference,
        Column::CarrierName,
        Column::WrittenTrackingNumber,
        Column::ShippedSeenAt,
        Column::SentTrackingNumber,
        Column::SentCarrierReference,
    ];
    let replace = OnConflict::column(Column::OrderId).update_columns(columns).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
