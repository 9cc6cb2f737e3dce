//! The story of an order: append-only, until its buyer is forgotten.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, QueryFilter, prelude::*};
use shared::{IssueCode, OrderId};

use crate::entities::timeline::{ActiveModel, Column, Entity};
use crate::to_ms;

/// Topics whose sentences may hold tracking numbers, what people wrote, or TikTok Shop's own words.
const MAY_NAME: [&str; 4] = ["shipping", "cancellation", "note", "issue"];

/// One sentence of the story, and the details by name; the facts of an issue may hold parts of an address.
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

/// Takes out of the story what may lead to the buyer: who did something about what, and when, stays, and so does which issue
/// was met.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget_buyer(db: &impl ConnectionTrait, order_id: OrderId) -> Result<(), DbErr> {
    for row in Entity::find().filter(Column::OrderId.eq(order_id.0)).all(db).await? {
        let facts: BTreeMap<String, String> = serde_json::from_str(&row.facts).unwrap_or_default();
        let code = facts.get("code").and_then(|code| code.parse::<IssueCode>().ok());
        let (sentence, facts) = match code {
            Some(code) => (format!("{}.", code.kind().title), BTreeMap::from([("code", code.as_str())])),
            None if MAY_NAME.contains(&row.topic.as_str()) => {
                ("What was told here is erased.".to_owned(), BTreeMap::new())
            }
            None => continue,
        };
        let facts = serde_json::to_string(&facts).map_err(|error| DbErr::Json(error.to_string()))?;
        Entity::update_many()
            .col_expr(Column::Sentence, Expr::value(sentence))
            .col_expr(Column::Facts, Expr::value(facts))
            .filter(Column::Id.eq(row.id))
            .exec(db)
            .await?;
    }
    Ok(())
}
