use database::exported_orders::{self, ExportedOrder};
use database::exports::{self, ExportRecord, Members, Part};
use database::{BuyerFilter, Criteria, DbErr};
use job_queue::{Leased, Outcome, Panicked};
use shared::{ExportColumn, ExportId, ExportState, OrderFilter, Search};

use super::{JobError, id_of};
use crate::engine::Engine;
use crate::export_rows;

/// So many orders are one part of the file: what is in memory at once.
const PART: u32 = 500;

/// So many parts are written before others have their turn.
const PARTS_PER_RUN: u32 = 10;

/// A file that could not be written so often is given up: whoever waits for it, about half an hour by then, hears of it.
const TRIES: i32 = 5;

/// Why a part could not be written.
enum Failure {
    /// No try helps: the filter was written down by another version of the program.
    NotUnderstood,
    Job(JobError),
}

impl<E: Into<JobError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

/// Writes the next parts of a file, or gives it up.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let id = ExportId(id_of(job, "export_id")?);
    match write(engine, id).await {
        Ok(outcome) => Ok(outcome),
        Err(Failure::NotUnderstood) => {
            let why = "The filter is not understood any more; ask for the export with another one.";
            give_up(engine, id, why).await?;
            Ok(Outcome::Done)
        }
        Err(Failure::Job(error)) if is_last_try(job) => {
            tracing::error!(job = job.id, export = %id, %error, "an export is given up");
            give_up(engine, id, "The file could not be written: the database failed again and again.")
                .await?;
            Ok(Outcome::Done)
        }
        Err(Failure::Job(error)) => Err(error),
    }
}

/// What becomes of the job of an export after a panic: the last one gives the export up.
pub(super) async fn after_panic(
    engine: &Engine,
    job: &Leased,
    panic: &Panicked,
) -> Result<Outcome, JobError> {
    if !is_last_try(job) {
        return Ok(panic.retry(job));
    }
    let why = format!("The file could not be written: internal error (reference: {}).", panic.reference);
    give_up(engine, ExportId(id_of(job, "export_id")?), &why).await?;
    Ok(Outcome::Done)
}

fn is_last_try(job: &Leased) -> bool {
    job.attempts + 1 >= TRIES
}

async fn give_up(engine: &Engine, id: ExportId, why: &str) -> Result<(), DbErr> {
    let txn = engine.database().begin().await?;
    exports::fail(&txn, id, why, engine.clock().now()).await?;
    txn.commit().await
}

/// Writes the next parts of a file. Each part commits with how far the file has come, so that a crash neither leaves an order out
/// nor writes it twice.
async fn write(engine: &Engine, id: ExportId) -> Result<Outcome, Failure> {
    let database = engine.database();
    for _ in 0..PARTS_PER_RUN {
        let record = exports::find(database.writer(), id).await?;
        let Some(record) = record.filter(|record| record.export.state == ExportState::Running) else {
            return Ok(Outcome::Done);
        };
        let part = next_part(engine, &record).await?;
        let txn = database.begin().await?;
        if !exports::add_part(&txn, &database.vault, &record, &part, engine.clock().now()).await? {
            // Canceled, or written by another process that held the job before us.
            txn.rollback().await?;
            continue;
        }
        txn.commit().await?;
    }
    Ok(Outcome::Again { at: engine.clock().now() })
}

async fn next_part(engine: &Engine, record: &ExportRecord) -> Result<Part, Failure> {
    let columns = &record.export.columns;
    let (orders, before_id) = next_orders(engine, record).await?;
    let mut bytes = Vec::new();
    if record.chunks == 0 {
        bytes.extend(export_rows::head(record.export.format, columns));
    }
    export_rows::write(&mut bytes, record.export.format, columns, &orders);
    Ok(Part { bytes, orders: i64::try_from(orders.len()).unwrap_or(i64::MAX), before_id })
}

/// The next orders of an export, and below which number the ones after them are.
async fn next_orders(
    engine: &Engine,
    record: &ExportRecord,
) -> Result<(Vec<ExportedOrder>, Option<i64>), Failure> {
    let limit = usize::try_from(PART).unwrap_or(usize::MAX);
    let mut next_named = None;
    let filter = match &record.members {
        Members::Matching(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            OrderFilter::from_pairs(pairs).map_err(|_| Failure::NotUnderstood)?
        }
        Members::Named(ids) => {
            let mut ids = ids.clone();
            ids.sort_unstable_by(|one, other| other.cmp(one));
            ids.retain(|id| id.0 < record.before_id);
            next_named = ids.get(limit).map(|next| next.0 + 1);
            ids.truncate(limit);
            if ids.is_empty() {
                return Ok((Vec::new(), None));
            }
            OrderFilter { id: ids, ..OrderFilter::default() }
        }
    };
    // Ages count from when the export was asked for, however long it takes.
    let search = Search::of(&filter, record.export.created_at).map_err(|_| Failure::NotUnderstood)?;
    let criteria = Criteria::new(search, BuyerFilter::default(), &record.reach);
    let criteria = criteria.map_err(|_| Failure::NotUnderstood)?;
    let with_recipients = record.export.columns.iter().any(|column| ExportColumn::is_personal(*column));
    let database = engine.database();
    let (db, vault) = (database.reader(), &database.vault);
    let orders = exported_orders::next(db, vault, criteria, record.before_id, PART, with_recipients).await?;
    let next = match &record.members {
        Members::Named(_) => next_named,
        Members::Matching(_) => {
            orders.last().filter(|_| orders.len() >= limit).map(|order| order.summary.id.0)
        }
    };
    Ok((orders, next))
}
