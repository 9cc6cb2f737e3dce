//! Open and resolved problems. At most one open issue per order, code and subject (such as a SKU).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, prelude::*,
};
use shared::{
    ConnectionId, IssueCode, IssueFacts, IssueId, OrderId, RetryClass, Severity, TikTokOrderId, WebhookEvent,
};

use crate::entities::issues::{ActiveModel, Column, Entity, Model};
use crate::entities::orders;
use crate::orders::lock_ascending;
use crate::to_ms;
use crate::webhook_messages::{self, About};

/// A problem that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub code: IssueCode,
    /// Tells two issues of one code apart, such as the SKU; empty when there is only one.
    pub subject: String,
    pub facts: IssueFacts,
}

impl Found {
    #[must_use]
    pub fn new(code: IssueCode) -> Self {
        Self { code, subject: String::new(), facts: IssueFacts::new() }
    }

    /// Adds a fact that the sentence or a reader needs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// Names what the issue is about, where one order may have several of the code.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}

/// How often the failing step was tried, and when it is tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retry {
    pub attempts: i32,
    pub next_at: Option<DateTime<Utc>>,
}

/// What changed when the issues of one topic were set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub opened: Vec<IssueCode>,
    /// Code and subject of each.
    pub resolved: Vec<(IssueCode, String)>,
}

/// Makes `found` the open issues of the order among the codes of a topic: opens, updates and resolves as needed.
///
/// # Errors
/// When the database fails.
pub async fn set(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    order_id: OrderId,
    topic: &[IssueCode],
    found: &[Found],
    retry: Retry,
    now: DateTime<Utc>,
) -> Result<Changes, DbErr> {
    let open = open_of(db, order_id).await?;
    let mut changes = Changes::default();
    for issue in open.iter().filter(|issue| topic.iter().any(|code| code.as_str() == issue.code)) {
        let still =
            found.iter().any(|found| found.code.as_str() == issue.code && found.subject == issue.subject);
        if !still {
            resolve_one(db, issue, now).await?;
            let code = issue.code.parse::<IssueCode>();
            changes.resolved.extend(code.map(|code| (code, issue.subject.clone())));
        }
    }
    for found in found {
        let known =
            open.iter().any(|issue| issue.code == found.code.as_str() && issue.subject == found.subject);
        let issue = upsert(db, connection_id, order_id, found, retry, now).await?;
        if !known {
            webhook_messages::record(db, WebhookEvent::IssueOpened, About::issue(&issue), now).await?;
            changes.opened.push(found.code);
        }
    }
    Ok(changes)
}

/// Opens one issue, or brings its facts up to date; `true` when it is new.
///
/// # Errors
/// When the database fails.
pub async fn open(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    order_id: OrderId,
    found: &Found,
    retry: Retry,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let known = open_of(db, order_id).await?;
    let is_new =
        !known.iter().any(|issue| issue.code == found.code.as_str() && issue.subject == found.subject);
    let issue = upsert(db, connection_id, order_id, found, retry, now).await?;
    if is_new {
        webhook_messages::record(db, WebhookEvent::IssueOpened, About::issue(&issue), now).await?;
    }
    Ok(is_new)
}

/// Resolves the open issues of these codes; returns those that were open.
///
/// # Errors
/// When the database fails.
pub async fn resolve(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    codes: &[IssueCode],
    now: DateTime<Utc>,
) -> Result<Vec<IssueCode>, DbErr> {
    let mut resolved = Vec::new();
    for issue in open_of(db, order_id).await? {
        if codes.iter().any(|code| code.as_str() == issue.code) {
            resolve_one(db, &issue, now).await?;
            resolved.extend(issue.code.parse::<IssueCode>());
        }
    }
    Ok(resolved)
}

/// Resolves the open issue of this code and subject; `true` when it was open.
///
/// # Errors
/// When the database fails.
pub async fn resolve_about(
    db: &impl ConnectionTrait,
    order_id: OrderId,
    code: IssueCode,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let open = open_of(db, order_id).await?;
    let about = open.iter().find(|issue| issue.code == code.as_str() && issue.subject == subject);
    if let Some(issue) = about {
        resolve_one(db, issue, now).await?;
    }
    Ok(about.is_some())
}

/// The open issues of an order: errors first, then the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn open_of(db: &impl ConnectionTrait, order_id: OrderId) -> Result<Vec<Model>, DbErr> {
    let mut open = Entity::find()
        .filter(Column::OrderId.eq(order_id.0))
        .filter(Column::ResolvedAt.is_null())
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    open.sort_by_key(|issue| issue.severity != Severity::Error.as_str());
    Ok(open)
}

/// Whether an issue of this code is open on an order.
///
/// # Errors
/// When the database fails.
pub async fn is_open(db: &impl ConnectionTrait, id: OrderId, code: IssueCode) -> Result<bool, DbErr> {
    let count = Entity::find()
        .filter(Column::OrderId.eq(id.0))
        .filter(Column::Code.eq(code.as_str()))
        .filter(Column::ResolvedAt.is_null())
        .count(db)
        .await?;
    Ok(count > 0)
}

/// Selects the orders that the fix of an issue helps, its own among them: those of its connection with an open issue of
/// the same code and subject, and of the same facts where there is no subject. Counted alike on the order's page.
pub(crate) fn with_same_cause_as(issue: IssueId) -> SelectStatement {
    const THEIRS: &str = "theirs";
    let same = "theirs.connection_id = its.connection_id AND theirs.code = its.code
        AND theirs.subject = its.subject AND (its.subject <> '' OR theirs.facts = its.facts)";
    Query::select()
        .column((THEIRS, Column::OrderId))
        .from_as(Entity, THEIRS)
        .join_as(JoinType::InnerJoin, Entity, "its", Expr::cust(same))
        .and_where(Expr::col(("its", Column::Id)).eq(issue.0))
        .and_where(Expr::col((THEIRS, Column::ResolvedAt)).is_null())
        .to_owned()
}

/// Whether an issue of this code was ever open on an order, ended ones too: for what is told once.
///
/// # Errors
/// When the database fails.
pub async fn was_ever_open(db: &impl ConnectionTrait, id: OrderId, code: IssueCode) -> Result<bool, DbErr> {
    let count = Entity::find()
        .filter(Column::OrderId.eq(id.0))
        .filter(Column::Code.eq(code.as_str()))
        .count(db)
        .await?;
    Ok(count > 0)
}

/// The orders of a connection with an open issue of one of these codes whose next try should have been made by now, or of
/// which none is known; the longest open first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn past_their_next_try(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    codes: &[IssueCode],
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<TikTokOrderId>, DbErr> {
    let next_try =
        Condition::any().add(Column::NextRetryAt.is_null()).add(Column::NextRetryAt.lte(to_ms(now)));
    let with_it = Entity::find()
        .select_only()
        .column(Column::OrderId)
        .filter(Column::ConnectionId.eq(connection_id.0))
        .filter(Column::Code.is_in(codes.iter().map(|code| code.as_str())))
        .filter(Column::ResolvedAt.is_null())
        .filter(next_try)
        .order_by_asc(Column::OpenedAt)
        .limit(limit)
        .into_query();
    let ids: Vec<String> = orders::Entity::find()
        .select_only()
        .column(orders::Column::TiktokOrderId)
        .filter(orders::Column::Id.in_subquery(with_it))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(TikTokOrderId).collect())
}

/// Moves the next try of every open issue of a code of a connection, and what the orders show of it. Belongs at the
/// beginning of its transaction: it holds these orders.
///
/// # Errors
/// When the database fails.
pub async fn postpone(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    code: IssueCode,
    next_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let open = Condition::all()
        .add(Column::Code.eq(code.as_str()))
        .add(Column::ConnectionId.eq(connection_id.0))
        .add(Column::ResolvedAt.is_null());
    let with_it = Entity::find().select_only().column(Column::OrderId).filter(open.clone()).into_query();
    lock_ascending(db, with_it.clone()).await?;
    Entity::update_many()
        .col_expr(Column::NextRetryAt, Expr::value(to_ms(next_at)))
        .filter(open)
        .exec(db)
        .await?;
    orders::Entity::update_many()
        .col_expr(orders::Column::FirstIssueNextRetryAt, Expr::value(to_ms(next_at)))
        .col_expr(orders::Column::Version, Expr::col(orders::Column::Version).add(1))
        .filter(orders::Column::Id.in_subquery(with_it))
        .filter(orders::Column::FirstIssueCode.eq(code.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

async fn upsert(
    db: &impl ConnectionTrait,
    connection_id: ConnectionId,
    order_id: OrderId,
    found: &Found,
    retry: Retry,
    now: DateTime<Utc>,
) -> Result<Model, DbErr> {
    let facts = serde_json::to_string(&found.facts).map_err(|error| DbErr::Json(error.to_string()))?;
    let kind = found.code.kind();
    // The job may look again; what waits for a person promises no time.
    let by_itself = matches!(kind.retry, RetryClass::Automatic | RetryClass::WhenFixed);
    let model = ActiveModel {
        order_id: Set(order_id.0),
        connection_id: Set(connection_id.0),
        code: Set(found.code.to_string()),
        severity: Set(kind.severity.to_string()),
        subject: Set(found.subject.clone()),
        facts: Set(facts),
        attempts: Set(retry.attempts),
        next_retry_at: Set(retry.next_at.filter(|_| by_itself).map(to_ms)),
        opened_at: Set(to_ms(now)),
        resolved_at: Set(None),
        ..Default::default()
    };
    let one_open = OnConflict::columns([Column::OrderId, Column::Code, Column::Subject])
        .target_and_where(Expr::col(Column::ResolvedAt).is_null())
        .update_columns([Column::Facts, Column::Attempts, Column::NextRetryAt])
        .to_owned();
    Entity::insert(model).on_conflict(one_open).exec_with_returning(db).await
}

async fn resolve_one(db: &impl ConnectionTrait, issue: &Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ResolvedAt, Expr::value(to_ms(now)))
        .col_expr(Column::NextRetryAt, Expr::value(None::<i64>))
        .filter(Column::Id.eq(issue.id))
        .exec(db)
        .await?;
    webhook_messages::record(db, WebhookEvent::IssueResolved, About::issue(issue), now).await
}
