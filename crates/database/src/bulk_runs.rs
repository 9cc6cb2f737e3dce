//! Runs of one action over many orders: frozen when they begin, then given to the orders some at a time.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, Func, JoinType, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use shared::{
    ActionId, ActionRequest, ActionState, BulkOutcome, BulkRun, BulkRunId, BulkRunOrder, BulkRunState,
    MAX_BULK_ORDERS, OrderId, TikTokOrderId,
};

use crate::actions::has_not_left;
use crate::entities::{actions, bulk_run_orders, bulk_runs, orders, timeline};
use crate::order_filter::Criteria;
use crate::order_summary::word;
use crate::orders::lock_ascending;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Reach, Vault, from_ms, to_ms};

/// A run to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRun<'a> {
    pub request: &'a ActionRequest,
    /// A person's e-mail address.
    pub actor: &'a str,
}

/// Which orders a run is for.
#[derive(Clone, Copy)]
pub enum Members<'a> {
    /// These; those that do not exist within the reach are left out.
    Named { ids: &'a [OrderId], reach: &'a Reach },
    /// Those that match now, without these.
    Matching { criteria: &'a Criteria, except: &'a [OrderId] },
    /// Those of another run that failed or were refused.
    NotDoneIn(BulkRunId),
}

/// What came of writing a run down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The run, and how many orders it is for.
    Run(BulkRunId, u64),
    /// It would be for more than [`MAX_BULK_ORDERS`]; the transaction is to be rolled back.
    TooMany,
}

/// What became of one order of a run, as the run notes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// Asked for: its outcome is that of the action.
    Asked(ActionId, ActionState),
    /// The order does not allow it; the sentence says why.
    Refused(String),
}

/// Writes a run down with the orders that it is for; belongs into one transaction with its job.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    vault: &Vault,
    run: NewRun<'_>,
    members: Members<'_>,
    now: DateTime<Utc>,
) -> Result<Created, DbErr> {
    let request = serde_json::to_string(run.request).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = bulk_runs::ActiveModel {
        request: Set(request),
        actor: Set(run.actor.to_owned()),
        state: Set(BulkRunState::Running.to_string()),
        total: Set(0),
        created_at: Set(to_ms(now)),
        finished_at: Set(None),
        ..Default::default()
    };
    let id = BulkRunId(bulk_runs::Entity::insert(model).exec(db).await?.last_insert_id);
    let total = freeze(db, vault, id, members).await?;
    if total > MAX_BULK_ORDERS {
        return Ok(Created::TooMany);
    }
    bulk_runs::Entity::update_many()
        .col_expr(bulk_runs::Column::Total, Expr::value(i64::try_from(total).unwrap_or(i64::MAX)))
        .filter(bulk_runs::Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(Created::Run(id, total))
}

/// Takes down which orders are meant, in one statement, so that an order that changes meanwhile is in or out.
async fn freeze(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: BulkRunId,
    members: Members<'_>,
) -> Result<u64, DbErr> {
    let condition = match members {
        Members::Named { ids, reach } => Condition::all()
            .add(orders::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .add_option(reach.condition(orders::Column::ConnectionId)),
        Members::Matching { criteria, except } => {
            let resolved = criteria.resolve(db, vault).await?;
            let resolved = resolved.for_counting(db, MAX_BULK_ORDERS).await?;
            let condition = resolved.condition().add(resolved.status_and_connection());
            if except.is_empty() {
                condition
            } else {
                condition.add(orders::Column::Id.is_not_in(except.iter().map(|id| id.0)))
            }
        }
        Members::NotDoneIn(run) => {
            let members = Query::select()
                .column((bulk_run_orders::Entity, bulk_run_orders::Column::OrderId))
                .from(bulk_run_orders::Entity)
                .join(JoinType::LeftJoin, actions::Entity, its_action())
                .and_where(bulk_run_orders::Column::RunId.eq(run.0))
                .cond_where(
                    Condition::any()
                        .add(outcome_is(BulkOutcome::Failed))
                        .add(outcome_is(BulkOutcome::Refused)),
                )
                .to_owned();
            Condition::all().add(orders::Column::Id.in_subquery(members))
        }
    };
    let meant = Query::select()
        .expr(Expr::val(id.0))
        .expr(Expr::col((orders::Entity, orders::Column::Id)))
        .expr(Expr::val(BulkOutcome::Pending.as_str()))
        .from(orders::Entity)
        .cond_where(condition)
        .limit(MAX_BULK_ORDERS + 1)
        .to_owned();
    let mut insert = Query::insert();
    insert.into_table(bulk_run_orders::Entity).columns([
        bulk_run_orders::Column::RunId,
        bulk_run_orders::Column::OrderId,
        bulk_run_orders::Column::Outcome,
    ]);
    insert.select_from(meant).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(db.execute(&insert).await?.rows_affected())
}

/// The action of an order of a run.
fn its_action() -> Expr {
    Expr::col((actions::Entity, actions::Column::Id))
        .equals((bulk_run_orders::Entity, bulk_run_orders::Column::ActionId))
}

/// The orders of a run that have come to this; what was queued has come to what its action has come to.
fn outcome_is(outcome: BulkOutcome) -> Condition {
    let noted = |outcome: BulkOutcome| bulk_run_orders::Column::Outcome.eq(outcome.as_str());
    let action_is = |state: ActionState| {
        Condition::all().add(noted(BulkOutcome::Queued)).add(actions::Column::State.eq(state.as_str()))
    };
    match outcome {
        BulkOutcome::Pending | BulkOutcome::Refused => Condition::all().add(noted(outcome)),
        BulkOutcome::Queued => action_is(ActionState::Queued),
        BulkOutcome::Failed => action_is(ActionState::Failed),
        BulkOutcome::Left => Condition::any().add(noted(outcome)).add(action_is(ActionState::Undone)),
        // The actions of orders that were deleted long ago are gone.
        BulkOutcome::Done => Condition::any()
            .add(noted(outcome))
            .add(action_is(ActionState::Done))
            .add(noted(BulkOutcome::Queued).and(actions::Column::Id.is_null())),
    }
}

fn outcome_of(noted: &str, state: Option<&str>) -> Result<BulkOutcome, DbErr> {
    let noted: BulkOutcome = word("bulk_run_orders.outcome", noted)?;
    if noted != BulkOutcome::Queued {
        return Ok(noted);
    }
    Ok(match state.map(|state| word("actions.state", state)).transpose()? {
        Some(ActionState::Queued) => BulkOutcome::Queued,
        Some(ActionState::Failed) => BulkOutcome::Failed,
        Some(ActionState::Undone) => BulkOutcome::Left,
        Some(ActionState::Done) | None => BulkOutcome::Done,
    })
}

/// One run and how far it has come.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(db: &impl ConnectionTrait, id: BulkRunId) -> Result<Option<BulkRun>, DbErr> {
    let Some(model) = bulk_runs::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    with_counts(db, model).await.map(Some)
}

/// Whether a run goes on; PostgreSQL keeps others from ending it until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn is_running_locked(db: &impl ConnectionTrait, id: BulkRunId) -> Result<bool, DbErr> {
    let model = bulk_runs::Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(db).await?;
    Ok(model.is_some_and(|model| model.state == BulkRunState::Running.as_str()))
}

async fn with_counts(db: &impl ConnectionTrait, model: bulk_runs::Model) -> Result<BulkRun, DbErr> {
    let counts = Query::select()
        .column((bulk_run_orders::Entity, bulk_run_orders::Column::Outcome))
        .expr_as(Expr::col((actions::Entity, actions::Column::State)), Alias::new("state"))
        .expr_as(
            Func::count(Expr::col((bulk_run_orders::Entity, bulk_run_orders::Column::OrderId))),
            Alias::new("n"),
        )
        .from(bulk_run_orders::Entity)
        .join(JoinType::LeftJoin, actions::Entity, its_action())
        .and_where(bulk_run_orders::Column::RunId.eq(model.id))
        .group_by_col((bulk_run_orders::Entity, bulk_run_orders::Column::Outcome))
        .group_by_col((actions::Entity, actions::Column::State))
        .to_owned();
    let mut run = BulkRun {
        id: BulkRunId(model.id),
        request: serde_json::from_str(&model.request).map_err(|error| DbErr::Json(error.to_string()))?,
        state: word("bulk_runs.state", &model.state)?,
        actor: model.actor,
        total: model.total,
        pending: 0,
        queued: 0,
        done: 0,
        failed: 0,
        refused: 0,
        left: 0,
        created_at: from_ms(model.created_at),
        finished_at: model.finished_at.map(from_ms),
    };
    for row in db.query_all(&counts).await? {
        let outcome: String = row.try_get("", "outcome")?;
        let state: Option<String> = row.try_get("", "state")?;
        let n: i64 = row.try_get("", "n")?;
        *match outcome_of(&outcome, state.as_deref())? {
            BulkOutcome::Pending => &mut run.pending,
            BulkOutcome::Queued => &mut run.queued,
            BulkOutcome::Done => &mut run.done,
            BulkOutcome::Failed => &mut run.failed,
            BulkOutcome::Refused => &mut run.refused,
            BulkOutcome::Left => &mut run.left,
        } += n;
    }
    Ok(run)
}

/// A page of a run's orders, by our numbers, ascending.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    id: BulkRunId,
    outcomes: &[BulkOutcome],
    request: &PageRequest,
) -> Result<Slice<BulkRunOrder>, DbErr> {
    let order_id = (bulk_run_orders::Entity, bulk_run_orders::Column::OrderId);
    let mut select = Query::select();
    select
        .expr_as(Expr::col(order_id), Alias::new("order_id"))
        .column((bulk_run_orders::Entity, bulk_run_orders::Column::Outcome))
        .column((bulk_run_orders::Entity, bulk_run_orders::Column::Detail))
        .expr_as(Expr::col((actions::Entity, actions::Column::State)), Alias::new("state"))
        .expr_as(Expr::col((actions::Entity, actions::Column::Result)), Alias::new("result"))
        .expr_as(Expr::col((orders::Entity, orders::Column::TiktokOrderId)), Alias::new("tiktok_order_id"))
        .from(bulk_run_orders::Entity)
        .join(JoinType::LeftJoin, actions::Entity, its_action())
        .join(
            JoinType::InnerJoin,
            orders::Entity,
            Expr::col((orders::Entity, orders::Column::Id)).equals(order_id),
        )
        .and_where(bulk_run_orders::Column::RunId.eq(id.0))
        .cond_where(request.range(None, order_id, false).condition)
        .order_by(order_id, request.order(false))
        .limit(request.rows());
    if !outcomes.is_empty() {
        let any = outcomes.iter().fold(Condition::any(), |any, outcome| any.add(outcome_is(*outcome)));
        select.cond_where(any);
    }
    let rows = db.query_all(&select).await?;
    let orders = rows.iter().map(|row| {
        let outcome: String = row.try_get("", "outcome")?;
        let state: Option<String> = row.try_get("", "state")?;
        let outcome = outcome_of(&outcome, state.as_deref())?;
        let detail = match outcome {
            BulkOutcome::Refused => row.try_get("", "detail")?,
            BulkOutcome::Failed => row.try_get("", "result")?,
            _ => None,
        };
        Ok(BulkRunOrder {
            order_id: OrderId(row.try_get("", "order_id")?),
            tiktok_order_id: TikTokOrderId(row.try_get("", "tiktok_order_id")?),
            outcome,
            detail,
        })
    });
    let orders = orders.collect::<Result<Vec<_>, DbErr>>()?;
    let position =
        |order: &BulkRunOrder| Position { key: PositionKey::Number(order.order_id.0), id: order.order_id.0 };
    Ok(request.slice(orders, position))
}

/// The next order of a run whose turn it is.
///
/// # Errors
/// When the database fails.
pub async fn next_pending(db: &impl ConnectionTrait, id: BulkRunId) -> Result<Option<OrderId>, DbErr> {
    let next: Option<i64> = bulk_run_orders::Entity::find()
        .select_only()
        .column(bulk_run_orders::Column::OrderId)
        .filter(bulk_run_orders::Column::RunId.eq(id.0))
        .filter(bulk_run_orders::Column::Outcome.eq(BulkOutcome::Pending.as_str()))
        .order_by_asc(bulk_run_orders::Column::OrderId)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next.map(OrderId))
}

/// Notes what became of an order of a run; belongs into the transaction that asked it.
///
/// # Errors
/// When the database fails.
pub async fn note(
    db: &impl ConnectionTrait,
    id: BulkRunId,
    order_id: OrderId,
    noted: Noted,
) -> Result<(), DbErr> {
    let (outcome, action, detail) = match noted {
        Noted::Asked(action, ActionState::Done) => (BulkOutcome::Done, Some(action.0), None),
        Noted::Asked(action, _) => (BulkOutcome::Queued, Some(action.0), None),
        Noted::Refused(sentence) => (BulkOutcome::Refused, None, Some(sentence)),
    };
    bulk_run_orders::Entity::update_many()
        .col_expr(bulk_run_orders::Column::Outcome, Expr::value(outcome.as_str()))
        .col_expr(bulk_run_orders::Column::ActionId, Expr::value(action))
        .col_expr(bulk_run_orders::Column::Detail, Expr::value(detail))
        .filter(bulk_run_orders::Column::RunId.eq(id.0))
        .filter(bulk_run_orders::Column::OrderId.eq(order_id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends a run whose last order has come to its end.
///
/// # Errors
/// When the database fails.
pub async fn finish(db: &impl ConnectionTrait, id: BulkRunId, now: DateTime<Utc>) -> Result<(), DbErr> {
    end(db, id, BulkRunState::Done, now).await?;
    Ok(())
}

async fn end(
    db: &impl ConnectionTrait,
    id: BulkRunId,
    state: BulkRunState,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let result = bulk_runs::Entity::update_many()
        .col_expr(bulk_runs::Column::State, Expr::value(state.as_str()))
        .col_expr(bulk_runs::Column::FinishedAt, Expr::value(to_ms(now)))
        .filter(bulk_runs::Column::Id.eq(id.0))
        .filter(bulk_runs::Column::State.eq(BulkRunState::Running.as_str()))
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// Stops a run: orders whose turn has not come are left, and actions that have not left are taken back, as the orders'
/// stories tell. A run that has ended stays as it is. Belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn stop(
    db: &impl ConnectionTrait,
    id: BulkRunId,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if !end(db, id, BulkRunState::Stopped, now).await? {
        return Ok(());
    }
    bulk_run_orders::Entity::update_many()
        .col_expr(bulk_run_orders::Column::Outcome, Expr::value(BulkOutcome::Left.as_str()))
        .filter(bulk_run_orders::Column::RunId.eq(id.0))
        .filter(bulk_run_orders::Column::Outcome.eq(BulkOutcome::Pending.as_str()))
        .exec(db)
        .await?;
    let of_run = Query::select()
        .column(bulk_run_orders::Column::ActionId)
        .from(bulk_run_orders::Entity)
        .and_where(bulk_run_orders::Column::RunId.eq(id.0))
        .and_where(bulk_run_orders::Column::Outcome.eq(BulkOutcome::Queued.as_str()))
        .to_owned();
    let theirs = Query::select()
        .column(actions::Column::OrderId)
        .from(actions::Entity)
        .and_where(actions::Column::Id.in_subquery(of_run.clone()))
        .cond_where(has_not_left())
        .to_owned();
    lock_ascending(db, theirs).await?;
    actions::Entity::update_many()
        .col_expr(actions::Column::State, Expr::value(ActionState::Undone.as_str()))
        .col_expr(actions::Column::FinishedAt, Expr::value(to_ms(now)))
        .filter(actions::Column::Id.in_subquery(of_run.clone()))
        .filter(has_not_left())
        .exec(db)
        .await?;
    tell_of_undone(db, of_run, actor, now).await
}

/// Adds to the story of each order whose action was taken back by the stop.
async fn tell_of_undone(
    db: &impl ConnectionTrait,
    of_run: SelectStatement,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let undone = Query::select()
        .column(actions::Column::OrderId)
        .expr(Expr::val(to_ms(now)))
        .expr(Expr::val(actor))
        .expr(Expr::val("bulk"))
        .expr(Expr::val("Stopped the run over many orders before the action left."))
        .expr(Expr::val("{}"))
        .from(actions::Entity)
        .and_where(actions::Column::Id.in_subquery(of_run))
        .and_where(actions::Column::State.eq(ActionState::Undone.as_str()))
        .and_where(actions::Column::FinishedAt.eq(to_ms(now)))
        .to_owned();
    let mut insert = Query::insert();
    insert.into_table(timeline::Entity).columns([
        timeline::Column::OrderId,
        timeline::Column::At,
        timeline::Column::Actor,
        timeline::Column::Topic,
        timeline::Column::Sentence,
        timeline::Column::Facts,
    ]);
    insert.select_from(undone).map_err(|error| DbErr::Custom(error.to_string()))?;
    db.execute(&insert).await?;
    Ok(())
}
