//! Walking through TikTok Shop's list of orders: what a poll and a run of "fetch orders" have in common.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use database::connections::{self, ConnectionRecord};
use database::{DbErr, orders, sync_runs};
use futures::{StreamExt, TryStreamExt};
use job_queue::NewJob;
use shared::TikTokOrderId;
use tiktok_shop::{OrderListEntry, OrderSearch};

use super::{FROM_THE_PAST, JobError, refresh_order};
use crate::engine::Engine;

/// So many orders are looked up and enqueued in one transaction: a page of TikTok Shop's list.
const CHUNK: usize = 100;

/// Which of the listed orders are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that are new, newer than what is recorded, or in another status; and those that changed at this time or
    /// later, whatever is recorded of them.
    Changed { read_again_from: Option<DateTime<Utc>> },
    /// Every one, noted in this run.
    All(shared::SyncRunId),
}

/// Asks for a refresh of every wanted order, oldest change first.
pub(super) async fn refresh_listed(
    engine: &Engine,
    connection: &ConnectionRecord,
    search: &OrderSearch,
    wanted: Wanted,
) -> Result<(), JobError> {
    engine
        .in_shop(connection, |shop| {
            let search = search.clone();
            async move {
                let mut chunks = shop.search_orders(search).try_ready_chunks(CHUNK);
                while let Some(chunk) = chunks.next().await {
                    let chunk = chunk.map_err(|error| error.1)?;
                    let is_whole = chunk.len() == CHUNK;
                    match store_chunk(engine, connection, &chunk, wanted).await {
                        Ok(true) => engine.wake(),
                        // Somebody has stopped the run.
                        Ok(false) => break,
                        Err(error) => return Ok(Err(error)),
                    }
                    if is_whole {
                        engine.page_came(connection).await;
                    }
                }
                Ok(Ok(()))
            }
        })
        .await??;
    Ok(())
}

/// Whether the walk goes on: a run may have been stopped meanwhile.
async fn store_chunk(
    engine: &Engine,
    connection: &ConnectionRecord,
    chunk: &[OrderListEntry],
    wanted: Wanted,
) -> Result<bool, DbErr> {
    let now = engine.clock().now();
    let ids: Vec<_> = chunk.iter().map(|entry| TikTokOrderId(entry.id.clone())).collect();
    let txn = engine.database().begin().await?;
    if let Wanted::All(run_id) = wanted
        && sync_runs::is_canceled(&txn, run_id).await?
    {
        return Ok(false);
    }
    let known: HashMap<String, (i64, String)> = orders::known_updates(&txn, connection.id, &ids)
        .await?
        .into_iter()
        .map(|(id, updated_at, status)| (id, (updated_at, status)))
        .collect();
    let is_wanted = |entry: &&OrderListEntry| match wanted {
        Wanted::All(_) => true,
        Wanted::Changed { read_again_from } => match (known.get(&entry.id), entry.update_time) {
            (Some((recorded, status)), Some(listed)) => {
                database::to_ms(listed) > *recorded
                    || read_again_from.is_some_and(|from| listed >= from)
                    || entry.status.as_ref().is_some_and(|listed| listed.as_str() != status)
            }
            _ => true,
        },
    };
    let wanted_entries: Vec<_> = chunk.iter().filter(is_wanted).collect();
    if let Wanted::All(run_id) = wanted {
        sync_runs::list_orders(&txn, run_id, &ids).await?;
    }
    let priority = match wanted {
        Wanted::Changed { .. } => 0,
        Wanted::All(_) => FROM_THE_PAST,
    };
    let jobs = wanted_entries
        .iter()
        .map(|entry| NewJob {
            priority,
            ..refresh_order(connection.id, &TikTokOrderId(entry.id.clone()), now)
        })
        .collect::<Vec<_>>();
    // The list goes up, so everything before this chunk is stored: a walk that breaks off goes on from here.
    let latest = chunk.iter().filter_map(|entry| entry.update_time).max();
    if let (Wanted::Changed { .. }, Some(latest)) = (wanted, latest) {
        // A date that has not come yet would hide all that changes until then.
        connections::move_poll_cursor(&txn, connection.id, latest.min(now)).await?;
    }
    job_queue::enqueue_all(&txn, jobs, now).await?;
    txn.commit().await?;
    Ok(true)
}
