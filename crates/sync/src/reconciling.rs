//! When the three sides are compared, and what asks for it.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::{ConnectionTrait, DbErr, reconciliations};
use job_queue::NewJob;
use shared::{ConnectionId, ReconciliationId};

use crate::actions::ASKED_FOR_BY_A_PERSON;
use crate::jobs;

/// Who asks for the nightly comparison.
pub(crate) const EVERY_NIGHT: &str = "orderbridge";

/// The nights of all connections begin within these hours of UTC, one minute after the other, so that no store or
/// database meets all of them at once.
const NIGHT_BEGINS: NaiveTime = NaiveTime::from_hms_opt(1, 0, 0).expect("it is a time of day");
const NIGHT_MINUTES: i64 = 180;

/// What changed last may be on its way to us: it is left to webhooks and polls.
pub(crate) const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(2);

/// Notes that a comparison is to be made, and asks for it; belongs into one transaction. Call `Engine::wake` after the
/// commit.
///
/// # Errors
/// When the database fails.
pub async fn start(
    db: &impl ConnectionTrait,
    connection: &ConnectionRecord,
    actor: &str,
    days: u32,
    now: DateTime<Utc>,
) -> Result<ReconciliationId, DbErr> {
    let window = (now - TimeDelta::days(days.into()), now - ON_ITS_WAY);
    let id = reconciliations::create(db, connection.id, actor, window, now).await?;
    let priority = if actor == EVERY_NIGHT { 0 } else { ASKED_FOR_BY_A_PERSON };
    let job = NewJob { priority, ..jobs::reconcile(connection.id, now) };
    job_queue::enqueue(db, job, now).await?;
    Ok(id)
}

/// When the next night of a connection begins.
#[must_use]
pub(crate) fn next_night(connection_id: ConnectionId, now: DateTime<Utc>) -> DateTime<Utc> {
    let minutes = TimeDelta::minutes(connection_id.0.rem_euclid(NIGHT_MINUTES));
    let tonight = now.date_naive().and_time(NIGHT_BEGINS).and_utc() + minutes;
    if tonight > now { tonight } else { tonight + Days::new(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_one_night_a_day_of_its_own() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let table = [
            (1, "2026-11-28T00:30:00Z", "2026-11-28T01:01:00Z"),
            (1, "2026-11-28T01:01:00Z", "2026-11-29T01:01:00Z"),
            (1, "2026-12-31T23:59:00Z", "2027-01-01T01:01:00Z"),
            (181, "2026-11-28T00:30:00Z", "2026-11-28T01:01:00Z"),
            (179, "2026-11-28T03:58:59Z", "2026-11-28T03:59:00Z"),
        ];

        for (id, now, night) in table {
            assert_eq!(next_night(ConnectionId(id), at(now)), at(night), "{id} {now}");
        }
    }
}
