//! How each connection is doing.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*};
use shared::{ConnectionId, ImportState};

use crate::entities::orders::{Column, Entity};

/// Percentiles are taken from this many of the latest imports.
const RECENT_IMPORTS: u64 = 200;

/// How the imports of a connection are going.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportPace {
    /// Orders that are importable and not yet in the store.
    pub waiting: i64,
    /// Half of the recent imports took at most this long from being importable, in milliseconds.
    pub p50_ms: Option<i64>,
    /// 95 in 100 of the recent imports took at most this long, in milliseconds.
    pub p95_ms: Option<i64>,
}

/// How the imports of a connection are going.
///
/// # Errors
/// When the database fails.
pub async fn import_pace(db: &impl ConnectionTrait, connection: ConnectionId) -> Result<ImportPace, DbErr> {
    let not_yet = [ImportState::Pending, ImportState::Importing, ImportState::Blocked];
    let waiting = Entity::find()
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::ImportState.is_in(not_yet.map(ImportState::as_str)))
        .count(db)
        .await?;
    let recent = Entity::find()
        .select_only()
        .columns([Column::ImportedAt, Column::ImportableAt])
        .filter(Column::ConnectionId.eq(connection.0))
        .filter(Column::ImportedAt.is_not_null())
        .filter(Column::ImportableAt.is_not_null())
        .order_by_desc(Column::ImportedAt)
        .limit(RECENT_IMPORTS);
    let times: Vec<(i64, i64)> = recent.into_tuple().all(db).await?;
    let mut durations: Vec<i64> =
        times.into_iter().map(|(imported, importable)| (imported - importable).max(0)).collect();
    durations.sort_unstable();
    Ok(ImportPace {
        waiting: i64::try_from(waiting).unwrap_or(i64::MAX),
        p50_ms: percentile(&durations, 50),
        p95_ms: percentile(&durations, 95),
    })
}

/// The smallest value that at least `percent` in 100 do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 95), Some(95));
    }
}
