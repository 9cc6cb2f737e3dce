use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use database::webhook_deliveries::{self, Attempted, Due, Next};
use database::webhooks::{self, WebhookRecord};
use futures::StreamExt;
use job_queue::{Leased, Outcome};
use outgoing_webhooks::{Error, Message, Secret};
use public_address::check_literal;
use rand::RngExt;
use serde_json::{Map, Value, json};
use shared::{WebhookDisabledReason, WebhookId};
use url::Url;

use super::{JobError, id_of};
use crate::engine::Engine;

/// So many messages are taken at once; then others have their turn with the database.
const BATCH: u64 = 50;

/// So many of them are on their way to one receiver at the same time.
const AT_ONCE: usize = 8;

/// Seconds to wait after the first, second, … failed attempt: a little over three days in all, as the specification advises.
const DELAYS_S: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// The wait moves by up to a tenth either way, so that messages which failed together do not all come back together.
const JITTER_PERCENT: i64 = 10;

/// A receiver that took nothing for so long is told nothing any more.
const DISABLED_AFTER: TimeDelta = TimeDelta::days(3);

/// Sends what a webhook's receiver is still to be told. What was taken is written down before it is sent, so that after a crash
/// it is sent again, with the same id.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let id = WebhookId(id_of(job, "webhook_id")?);
    let database = engine.database();
    let record = webhooks::find(database.writer(), &database.vault, id).await?;
    let Some(record) = record.filter(|record| record.webhook.enabled) else { return Ok(Outcome::Done) };

    let now = engine.clock().now();
    let txn = database.begin().await?;
    let due = webhook_deliveries::take_due(&txn, id, BATCH, now).await?;
    txn.commit().await?;
    if !due.is_empty() {
        database.make_durable().await?;
    }
    let taken = due.len() as u64;
    let sent: Vec<Result<(), JobError>> = futures::stream::iter(due)
        .map(|due| deliver(engine, &record, due))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    sent.into_iter().collect::<Result<(), _>>()?;

    let now = engine.clock().now();
    if taken == BATCH {
        return Ok(Outcome::Again { at: now });
    }
    let next = webhook_deliveries::next_due(database.writer(), id).await?;
    Ok(next.map_or(Outcome::Done, |at| Outcome::Again { at: at.max(now) }))
}

/// Sends one message once and notes what became of it.
async fn deliver(engine: &Engine, record: &WebhookRecord, due: Due) -> Result<(), JobError> {
    let began = Instant::now();
    let answer = send(engine, record, &due).await;
    let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let now = engine.clock().now();
    let id = record.webhook.id;
    let attempted = match &answer {
        Ok(status) => {
            Attempted { next: Next::Nothing, response_status: Some(*status), duration_ms, error: None }
        }
        Err(error) => Attempted {
            next: next_of(error, due.failed_before, now),
            response_status: error.status(),
            duration_ms,
            error: Some(error.to_string()),
        },
    };
    let txn = engine.database().begin().await?;
    // The webhook always before its deliveries, or two of them would wait for each other.
    let failing_since = match &answer {
        Ok(_) => {
            webhooks::note_success(&txn, id).await?;
            now
        }
        Err(_) => webhooks::note_failure(&txn, id, now).await?,
    };
    webhook_deliveries::note(&txn, &due, &attempted).await?;
    if let Err(error) = &answer {
        let reason = match error {
            Error::Gone => Some((WebhookDisabledReason::Gone, "the receiver wants no messages any more")),
            _ if now - failing_since >= DISABLED_AFTER => {
                Some((WebhookDisabledReason::Failing, "the receiver took nothing for three days"))
            }
            _ => None,
        };
        if let Some((reason, why)) = reason
            && webhooks::disable(&txn, id, reason, now).await?
        {
            webhook_deliveries::give_up_all(&txn, id, why).await?;
            tracing::warn!(webhook = %id, %reason, "switched a webhook off");
        }
    }
    txn.commit().await?;
    Ok(())
}

async fn send(engine: &Engine, record: &WebhookRecord, due: &Due) -> Result<u16, Error> {
    let impossible = |cause: String| Error::Impossible { cause };
    let url = Url::parse(&record.webhook.url).map_err(|error| impossible(error.to_string()))?;
    // It was checked when it was typed, but the configuration may have been another.
    check_literal(&url, engine.settings().destinations).map_err(|refused| impossible(refused.to_string()))?;
    let now = engine.clock().now();
    let secrets = record.secrets(now).into_iter().map(Secret::parse).collect::<Result<Vec<_>, _>>();
    let secrets = secrets.map_err(|error| impossible(error.to_string()))?;
    let message = Message { id: due.message_id.clone(), body: body_of(due) };
    Ok(engine.webhooks().send(&url, &message, &secrets, now).await?.status)
}

/// The message: what happened, when, and the ids of what it is about. Whoever wants more asks the API, with rights of their own.
fn body_of(due: &Due) -> String {
    let mut data = Map::new();
    let ids = [
        ("connection_id", due.connection_id.map(|id| id.0)),
        ("order_id", due.order_id.map(|id| id.0)),
        ("issue_id", due.issue_id.map(|id| id.0)),
    ];
    data.extend(ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), Value::from(id?)))));
    data.extend(due.issue_code.iter().map(|code| ("code".to_owned(), Value::from(code.as_str()))));
    json!({ "type": due.event, "timestamp": due.at, "data": data }).to_string()
}

fn next_of(error: &Error, failed_before: i32, now: DateTime<Utc>) -> Next {
    if *error == Error::Gone {
        return Next::GiveUp;
    }
    let delay = usize::try_from(failed_before).ok().and_then(|index| DELAYS_S.get(index).copied());
    let Some(delay) = delay.map(TimeDelta::seconds) else { return Next::GiveUp };
    let largest_shift = delay.num_milliseconds() * JITTER_PERCENT / 100;
    let shift = rand::rng().random_range(-largest_shift..=largest_shift);
    let asked = match error {
        Error::Refused { retry_after: Some(pause), .. } => TimeDelta::from_std(*pause).unwrap_or_default(),
        _ => TimeDelta::zero(),
    };
    Next::TryAgain(now + (delay + TimeDelta::milliseconds(shift)).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_three_days_and_then_given_up() {
        let now = DateTime::UNIX_EPOCH;
        let error = Error::Refused { status: 500, retry_after: None };
        let mut waited = TimeDelta::zero();
        let mut failed = 0;

        while let Next::TryAgain(at) = next_of(&error, failed, now) {
            waited += at - now;
            failed += 1;
        }

        assert_eq!(failed, 9);
        assert!(TimeDelta::hours(67) < waited && waited < TimeDelta::hours(84), "{waited}");
        assert_eq!(next_of(&Error::Gone, 0, now), Next::GiveUp);
    }

    #[test]
    fn a_pause_that_the_receiver_asks_for_is_kept() {
        let pause = Some(std::time::Duration::from_secs(600));
        let error = Error::Refused { status: 429, retry_after: pause };

        let next = next_of(&error, 0, DateTime::UNIX_EPOCH);

        assert_eq!(next, Next::TryAgain(DateTime::UNIX_EPOCH + TimeDelta::minutes(10)));
    }
}
