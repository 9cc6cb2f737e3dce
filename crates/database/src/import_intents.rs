//! What was tried in the store for an order: written before the store is asked, looked up after a crash.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use shared::OrderId;

use crate::entities::import_intents::{ActiveModel, Column, Entity, Model};
use crate::{from_ms, to_ms};

/// How far an import has come in the store; each step is stored before the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Started,
    Customer,
    Address,
    Cart,
    /// The order may exist from here on.
    Posting,
    Created,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::Started, Self::Customer, Self::Address, Self::Cart, Self::Posting, Self::Created];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Customer => "customer",
            Self::Address => "address",
            Self::Cart => "cart",
            Self::Posting => "posting",
            Self::Created => "created",
        }
    }
}

/// The intent of importing one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportIntent {
    pub order_id: OrderId,
    pub step: Step,
    pub customer_id: Option<i64>,
    pub address_id: Option<i64>,
    /// Whether this address only stands in for the recipient's, which TikTok Shop tells when it releases the order.
    pub address_pending: bool,
    pub cart_id: Option<i64>,
    /// Digest of what the cart was made from; another plan needs another cart.
    pub plan_digest: Option<String>,
    /// When the order was last asked for, on the database's clock; its request may run on for the store's time limit.
    pub posted_at: Option<DateTime<Utc>>,
}

impl ImportIntent {
    /// The intent of an order that was never tried.
    #[must_use]
    pub fn new(order_id: OrderId) -> Self {
        Self {
            order_id,
            step: Step::Started,
            customer_id: None,
            address_id: None,
            address_pending: false,
            cart_id: None,
            plan_digest: None,
            posted_at: None,
        }
    }
}

impl From<Model> for ImportIntent {
    fn from(model: Model) -> Self {
        let step = Step::ALL.into_iter().find(|step| step.as_str() == model.step);
        Self {
            order_id: OrderId(model.order_id),
            // A step that a newer release wrote: the order may exist.
            step: step.unwrap_or(Step::Posting),
            customer_id: model.customer_id,
            address_id: model.address_id,
            address_pending: model.address_pending,
            cart_id: model.cart_id,
            plan_digest: model.plan_digest,
            posted_at: model.posted_at.map(from_ms),
        }
    }
}

/// The intent of an order, if one was ever written.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Option<ImportIntent>, DbErr> {
    Ok(Entity::find_by_id(order_id.0).one(db).await?.map(ImportIntent::from))
}

/// Writes the intent; must be durable before the step it names is taken.
///
/// # Errors
/// When the database fails.
pub async fn save(db: &impl ConnectionTrait, intent: &ImportIntent, now: DateTime<Utc>) -> Result<(), DbErr> {
    let model = ActiveModel {
        order_id: Set(intent.order_id.0),
        step: Set(intent.step.as_str().to_owned()),
        customer_id: Set(intent.customer_id),
        address_id: Set(intent.address_id),
        address_pending: Set(intent.address_pending),
        cart_id: Set(intent.cart_id),
        plan_digest: Set(intent.plan_digest.clone()),
        posted_at: Set(intent.posted_at.map(to_ms)),
        updated_at: Set(to_ms(now)),
    };
    let columns = [
        Column::Step,
        Column::CustomerId,
        Column::AddressId,
        Column::AddressPending,
        Column::CartId,
        Column::PlanDigest,
        Column::PostedAt,
        Column::UpdatedAt,
    ];
    let replace = OnConflict::column(Column::OrderId).update_columns(columns).to_owned();
    Entity::insert(model).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}
