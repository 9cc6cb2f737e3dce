//! The story of an order: append-only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use shared::OrderId;

use crate::entities::timeline::{ActiveModel, Entity};
use crate::to_ms;

/// One sentence of the story, and the details by name; never buyers' data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `tiktok`, `store`, `orderbridge`, or a person's e-mail address.
    pub actor: String,
    pub topic: &'static str,
    pub sentence: String,
    pub facts: BTreeMap<String, String>,
}

impl Entry {
    /// Something orderbridge did.
    #[must_use]
    pub fn ours(topic: &'static str, sentence: impl Into<String>) -> Self {
        Self::by("orderbridge", topic, sentence)
    }

    /// Something that somebody did.
    #[must_use]
    pub fn by(actor: impl Into<String>, topic: &'static str, sentence: impl Into<String>) -> Self {
        Self { actor: actor.into(), topic, sentence: sentence.into(), facts: BTreeMap::new() }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Appends to the story; belongs into the transaction of what it tells.
///
/// # Errors
/// When the database fails.
pub async fn record(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    entry: Entry,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let facts = serde_json::to_string(&entry.facts).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = ActiveModel {
        order_id: Set(order_id.0),
        at: Set(to_ms(now)),
        actor: Set(entry.actor),
        topic: Set(entry.topic.to_owned()),
        sentence: Set(entry.sentence),
        facts: Set(facts),
        ..Default::default()
    };
    Entity::insert(model).exec_without_returning(db).await?;
    Ok(())
}
