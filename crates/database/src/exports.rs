//! Files of orders: what was asked for, how far each has come, and the parts that are written, compressed and sealed.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::*,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::{
    ConnectionId, EXPORT_KEPT_HOURS, Export, ExportColumn, ExportFormat, ExportId, ExportState, OrderId,
};

use crate::compression::{compressed, expanded};
use crate::entities::{export_chunks, exports, orders};
use crate::order_summary::word;
use crate::page::{PageRequest, Position, PositionKey, Slice};
use crate::{Reach, Vault, from_ms, to_ms};

/// Which orders an export holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Members {
    /// These, as far as they are there.
    Named(Vec<OrderId>),
    /// Those that these pairs of a query mean, at the time when the export was asked for.
    Matching(Vec<(String, String)>),
}

/// What the table keeps of the question which orders are meant.
#[derive(Serialize, Deserialize)]
struct Criteria {
    members: Members,
    /// The connections that whoever asked reaches; absent for all.
    only: Option<Vec<ConnectionId>>,
}

/// An export to be written down.
#[derive(Debug, Clone, Copy)]
pub struct NewExport<'a> {
    /// Random: binds the sealed parts to this row.
    pub uid: &'a str,
    /// Who may fetch it, in words that nobody else has.
    pub owner: &'a str,
    /// Who asked for it, for people to read.
    pub actor: &'a str,
    pub format: ExportFormat,
    pub columns: &'a [ExportColumn],
    pub members: &'a Members,
    /// Which connections' orders it may hold.
    pub reach: &'a Reach,
    pub total: Option<i64>,
}

/// An export with what its job needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    pub export: Export,
    pub owner: String,
    pub members: Members,
    pub reach: Reach,
    /// What is still to be written has a lower number.
    pub before_id: i64,
    /// So many parts are written.
    pub chunks: i32,
    uid: String,
}

impl ExportRecord {
    fn of(model: exports::Model) -> Result<Self, DbErr> {
        let criteria: Criteria = read(&model.criteria)?;
        Ok(Self {
            export: Export {
                id: ExportId(model.id),
                format: word("exports.format", &model.format)?,
                columns: read(&model.columns)?,
                state: word("exports.state", &model.state)?,
                actor: model.actor,
                written: model.written,
                total: model.total,
                created_at: from_ms(model.created_at),
                finished_at: model.finished_at.map(from_ms),
                error: model.error,
                expires_at: model.expires_at.map(from_ms),
            },
            owner: model.owner,
            members: criteria.members,
            reach: criteria.only.map_or(Reach::All, Reach::Only),
            before_id: model.before_id,
            chunks: model.chunks,
            uid: model.uid,
        })
    }

    fn place(&self, position: i32) -> String {
        format!("export_chunks.sealed:{}:{position}", self.uid)
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, DbErr> {
    serde_json::from_str(json).map_err(|error| DbErr::Json(error.to_string()))
}

fn written(value: &impl Serialize) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Json(error.to_string()))
}

/// Writes an export down; orders that come later are not in it.
///
/// # Errors
/// When the database fails.
pub async fn create(
    db: &impl ConnectionTrait,
    new: NewExport<'_>,
    now: DateTime<Utc>,
) -> Result<ExportId, DbErr> {
    let newest = orders::Entity::find()
        .select_only()
        .column_as(orders::Column::Id.max(), "newest")
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    let only = match new.reach {
        Reach::All => None,
        Reach::Only(connections) => Some(connections.clone()),
    };
    let criteria = Criteria { members: new.members.clone(), only };
    let model = exports::ActiveModel {
        uid: Set(new.uid.to_owned()),
        owner: Set(new.owner.to_owned()),
        actor: Set(new.actor.to_owned()),
        format: Set(new.format.to_string()),
        columns: Set(written(&new.columns)?),
        criteria: Set(written(&criteria)?),
        state: Set(ExportState::Running.to_string()),
        before_id: Set(newest.flatten().unwrap_or(0) + 1),
        chunks: Set(0),
        written: Set(0),
        total: Set(new.total),
        created_at: Set(to_ms(now)),
        ..Default::default()
    };
    Ok(ExportId(exports::Entity::insert(model).exec(db).await?.last_insert_id))
}

/// One export.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(db: &impl ConnectionTrait, id: ExportId) -> Result<Option<ExportRecord>, DbErr> {
    exports::Entity::find_by_id(id.0).one(db).await?.map(ExportRecord::of).transpose()
}

/// A page of somebody's exports, the newest first.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn page(
    db: &impl ConnectionTrait,
    owner: &str,
    request: &PageRequest,
) -> Result<Slice<Export>, DbErr> {
    let models = exports::Entity::find()
        .filter(exports::Column::Owner.eq(owner))
        .filter(request.range(None, exports::Column::Id, true).condition)
        .order_by(exports::Column::Id, request.order(true))
        .limit(request.rows())
        .all(db)
        .await?;
    let position = |model: &exports::Model| Position { key: PositionKey::Number(model.id), id: model.id };
    request.slice(models, position).try_map(|model| ExportRecord::of(model).map(|record| record.export))
}

/// A part of a file, and what is left to do after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub bytes: Vec<u8>,
    pub orders: i64,
    /// What is still to be written has a lower number; `None` when this is the last part.
    pub before_id: Option<i64>,
}

/// Adds a part to a file; `false` when the export was canceled, or another process has added this part. Belongs into a
/// transaction, which is to be rolled back then.
///
/// # Errors
/// When the database fails.
pub async fn add_part(
    db: &impl ConnectionTrait,
    vault: &Vault,
    record: &ExportRecord,
    part: &Part,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let mut update = exports::Entity::update_many()
        .col_expr(exports::Column::Written, Expr::col(exports::Column::Written).add(part.orders))
        .col_expr(exports::Column::Chunks, Expr::value(record.chunks + 1))
        .filter(exports::Column::Id.eq(record.export.id.0))
        .filter(exports::Column::State.eq(ExportState::Running.as_str()))
        .filter(exports::Column::Chunks.eq(record.chunks));
    update = match part.before_id {
        Some(before_id) => update.col_expr(exports::Column::BeforeId, Expr::value(before_id)),
        None => {
            let expires_at = now + TimeDelta::hours(EXPORT_KEPT_HOURS);
            update
                .col_expr(exports::Column::State, Expr::value(ExportState::Done.as_str()))
                .col_expr(exports::Column::FinishedAt, Expr::value(to_ms(now)))
                .col_expr(exports::Column::ExpiresAt, Expr::value(to_ms(expires_at)))
        }
    };
    if update.exec(db).await?.rows_affected == 0 {
        return Ok(false);
    }
    let chunk = export_chunks::ActiveModel {
        export_id: Set(record.export.id.0),
        position: Set(record.chunks),
        sealed: Set(vault.seal(&record.place(record.chunks), &compressed(&part.bytes))),
    };
    export_chunks::Entity::insert(chunk).exec_without_returning(db).await?;
    Ok(true)
}

/// One part of a file, counted from 0; `None` when it is not there any more.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn part(
    db: &impl ConnectionTrait,
    vault: &Vault,
    record: &ExportRecord,
    position: i32,
) -> Result<Option<Vec<u8>>, DbErr> {
    let chunk = export_chunks::Entity::find_by_id((record.export.id.0, position)).one(db).await?;
    let Some(chunk) = chunk else { return Ok(None) };
    let opened = vault
        .open(&record.place(position), &chunk.sealed)
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    let plain = expanded(&opened).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(Some(plain))
}

/// Stops an export and removes what is written; one that has ended stays as it is. Belongs into a transaction.
///
/// # Errors
/// When the database fails.
pub async fn cancel(db: &impl ConnectionTrait, id: ExportId, now: DateTime<Utc>) -> Result<(), DbErr> {
    stop(db, id, ExportState::Canceled, None, now).await
}

/// Gives an export up and removes what is written; the sentence says why. One that has ended stays as it is. Belongs into a
/// transaction.
///
/// # Errors
/// When the database fails.
pub async fn fail(
    db: &impl ConnectionTrait,
    id: ExportId,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    stop(db, id, ExportState::Failed, Some(why), now).await
}

async fn stop(
    db: &impl ConnectionTrait,
    id: ExportId,
    state: ExportState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let stopped = exports::Entity::update_many()
        .col_expr(exports::Column::State, Expr::value(state.as_str()))
        .col_expr(exports::Column::Error, Expr::value(error))
        .col_expr(exports::Column::FinishedAt, Expr::value(to_ms(now)))
        .filter(exports::Column::Id.eq(id.0))
        .filter(exports::Column::State.eq(ExportState::Running.as_str()))
        .exec(db)
        .await?;
    if stopped.rows_affected > 0 {
        remove_parts(db, id.0).await?;
    }
    Ok(())
}

/// Removes the files whose time is over, and, from `forget_before` on, every trace of them.
///
/// # Errors
/// When the database fails.
pub async fn purge(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Result<(), DbErr> {
    let over: Vec<i64> = exports::Entity::find()
        .select_only()
        .column(exports::Column::Id)
        .filter(exports::Column::State.eq(ExportState::Done.as_str()))
        .filter(exports::Column::ExpiresAt.lte(to_ms(now)))
        .into_tuple()
        .all(db)
        .await?;
    for id in over {
        exports::Entity::update_many()
            .col_expr(exports::Column::State, Expr::value(ExportState::Expired.as_str()))
            .filter(exports::Column::Id.eq(id))
            .exec(db)
            .await?;
        remove_parts(db, id).await?;
    }
    exports::Entity::delete_many()
        .filter(exports::Column::CreatedAt.lt(to_ms(forget_before)))
        .exec(db)
        .await?;
    Ok(())
}

async fn remove_parts(db: &impl ConnectionTrait, id: i64) -> Result<(), DbErr> {
    export_chunks::Entity::delete_many().filter(export_chunks::Column::ExportId.eq(id)).exec(db).await?;
    Ok(())
}
