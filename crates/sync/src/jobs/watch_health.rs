//! The alert rules: what crosses a threshold of a connection's settings opens an alert, and closes it when it no longer
//! does. What follows for pages and tools, `connection.degraded` and `connection.restored`, is recorded here, but for an
//! authorization that ends or comes back, which is told where it is noted.

use chrono::{DateTime, TimeDelta, Utc};
use database::alerts::{self, Crossed};
use database::circuit_breakers::{self, Breaker};
use database::connections::ConnectionRecord;
use database::health::ImportSuccess;
use database::webhook_messages::About;
use database::{DbErr, events, health, reconciliations, webhook_messages};
use job_queue::{Leased, Outcome};
use shared::{
    AlertKind, AlertRules, ConnectionId, ConnectionState, EventKind, IssueCode, OrderId, Side, WebhookEvent,
};

use super::{JobError, id_of, until_resumed};
use crate::engine::Engine;
use crate::side::sentence_name;

/// The pause between two looks.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Errors and imports older than this are no news.
const NEWS: TimeDelta = TimeDelta::hours(1);

/// Of fewer orders no share is taken.
const LEAST_IMPORTS: u64 = 10;

/// A night that was missed may be made up for; two are worth an alert.
const NIGHTS_MISSED: TimeDelta = TimeDelta::hours(49);

/// Measures what the rules of a connection are about, and opens and closes its alerts.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let id = ConnectionId(id_of(job, "connection_id")?);
    let Some(connection) = engine.connection(id).await? else { return Ok(Outcome::Done) };
    let now = engine.clock().now();
    let is_paused = connection.state == ConnectionState::Paused;
    // Nobody expects anything of a connection that somebody has paused.
    let crossed = if is_paused {
        Vec::new()
    } else {
        crossed(&Facts::of(engine, &connection, now).await?, &connection.settings.alerts)
    };
    let txn = engine.database().begin().await?;
    let changes = alerts::set(&txn, id, &crossed, now).await?;
    for kind in &changes.opened {
        tracing::warn!(connection = %id, alert = %kind, "an alert opened");
    }
    for kind in &changes.closed {
        tracing::info!(connection = %id, alert = %kind, "an alert closed");
    }
    let news = match (changes.degrading_before, changes.degrading_after) {
        // A pause puts nothing right.
        _ if is_paused => None,
        (0, 1..) => Some((EventKind::ConnectionDegraded, WebhookEvent::ConnectionDegraded)),
        (1.., 0) => Some((EventKind::ConnectionRestored, WebhookEvent::ConnectionRestored)),
        _ => None,
    };
    if let Some((event, message)) = news {
        events::record(&txn, event, id, None, now).await?;
        webhook_messages::record(&txn, message, About::connection(id), now).await?;
    }
    if !changes.opened.is_empty() || !changes.closed.is_empty() {
        events::record(&txn, EventKind::ConnectionUpdated, id, None, now).await?;
    }
    txn.commit().await?;
    if is_paused {
        return Ok(until_resumed(id, now));
    }
    Ok(Outcome::Again { at: now + PAUSE })
}

/// What the rules look at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    unauthorized: bool,
    authorization_left: TimeDelta,
    since_poll: TimeDelta,
    /// How long the work that waits longest for its turn could have been done.
    queue_lag: TimeDelta,
    /// How many jobs could be done and wait for their turn.
    queue_depth: i64,
    /// The order that waits longest for its first try to import it, and for how long.
    oldest_order: Option<(OrderId, TimeDelta)>,
    /// Since TikTok Shop's last notification, where an order was placed after it.
    webhook_age: Option<TimeDelta>,
    tiktok_down: Option<TimeDelta>,
    store_down: Option<TimeDelta>,
    new_errors: i64,
    imports: ImportSuccess,
    /// 95 in 100 imports of the last hour took at most so long.
    import_time: Option<TimeDelta>,
    /// How many orders are to be shipped within the hours of the rule.
    to_ship: i64,
    ship_by_hours: u32,
    differences: i64,
    since_reconciliation: TimeDelta,
}

impl Facts {
    async fn of(engine: &Engine, connection: &ConnectionRecord, now: DateTime<Utc>) -> Result<Self, DbErr> {
        let db = engine.database().reader();
        let id = connection.id;
        let (tiktok, store) = circuit_breakers::of_connection(db, id).await?;
        let down = |breaker: &Breaker| breaker.opened_at.map(|since| now - since);
        let hours = connection.settings.alerts.ship_by_hours;
        let to_ship = match hours {
            0 => 0,
            hours => health::to_ship_before(db, id, now + TimeDelta::hours(hours.into())).await?,
        };
        let last_webhook_at = connection.last_webhook_at.unwrap_or(connection.created_at);
        let webhook_age = now - last_webhook_at;
        // What came with its notification is not looked for.
        let is_silent = webhook_age >= TimeDelta::minutes(connection.settings.alerts.webhook_age_min.into())
            && health::has_order_placed_after(db, id, last_webhook_at).await?;
        let queue = job_queue::depth_of_lane(db, &id.to_string(), now).await?;
        let oldest = health::oldest_pending(db, id, now).await?;
        let last = reconciliations::last_done(db, id).await?.and_then(|last| last.ended_at);
        Ok(Self {
            unauthorized: connection.state == ConnectionState::Unauthorized,
            authorization_left: connection.tokens.refresh_token_expires_at - now,
            since_poll: now - connection.last_sync_at.unwrap_or(connection.created_at),
            queue_lag: queue.oldest_due_at.map_or(TimeDelta::zero(), |since| now - since),
            queue_depth: i64::try_from(queue.due).unwrap_or(i64::MAX),
            oldest_order: oldest.map(|(order, since)| (order, now - since)),
            webhook_age: is_silent.then_some(webhook_age),
            tiktok_down: down(&tiktok),
            store_down: down(&store),
            new_errors: health::new_errors(db, id, now - NEWS).await?,
            imports: health::import_success(db, id, now).await?,
            import_time: health::p95_since(db, id, now - NEWS).await?.map(TimeDelta::milliseconds),
            to_ship,
            ship_by_hours: hours,
            differences: health::open_issues(db, id, IssueCode::DriftDetected).await?,
            since_reconciliation: now - last.unwrap_or(connection.created_at),
        })
    }
}

/// The rules whose threshold is crossed; a threshold of 0 switches a rule off.
fn crossed(facts: &Facts, rules: &AlertRules) -> Vec<Crossed> {
    let mut crossed = Vec::new();
    let mut check = |kind: AlertKind, threshold: u32, value: i64, is_crossed: bool, sentence: String| {
        if threshold > 0 && is_crossed {
            crossed.push(Crossed { kind, sentence, value, threshold: threshold.into() });
        }
    };

    let days = facts.authorization_left.num_days().max(0);
    let ends_soon = facts.unauthorized || facts.authorization_left < TimeDelta::days(rules.token_days.into());
    let sentence = if facts.unauthorized || facts.authorization_left <= TimeDelta::zero() {
        "TikTok access has ended; authorize the connection again.".to_owned()
    } else {
        format!("TikTok access ends in {days} days; authorize the connection again.")
    };
    check(AlertKind::AuthorizationEnds, rules.token_days, days, ends_soon, sentence);

    let minutes = facts.since_poll.num_minutes();
    check(
        AlertKind::SyncLag,
        rules.sync_lag_min,
        minutes,
        minutes >= rules.sync_lag_min.into(),
        format!("TikTok Shop was not read for {minutes} minutes; new orders may be missing."),
    );

    let minutes = facts.queue_lag.num_minutes();
    check(
        AlertKind::QueueLag,
        rules.queue_lag_min,
        minutes,
        minutes >= rules.queue_lag_min.into(),
        format!("Work has waited {minutes} minutes for its turn; orders come late into the store."),
    );

    check(
        AlertKind::QueueDepth,
        rules.queue_depth,
        facts.queue_depth,
        facts.queue_depth >= rules.queue_depth.into(),
        format!("{} jobs wait for their turn; more work comes than is done.", facts.queue_depth),
    );

    if let Some((order, waited)) = facts.oldest_order {
        let minutes = waited.num_minutes();
        check(
            AlertKind::OrderWaiting,
            rules.order_waiting_min,
            minutes,
            minutes >= rules.order_waiting_min.into(),
            format!(
                "Order {order} has waited {minutes} minutes for its import; nothing is known to stand in its way."
            ),
        );
    }

    let minutes = facts.webhook_age.map_or(0, |age| age.num_minutes());
    check(
        AlertKind::WebhooksMissing,
        rules.webhook_age_min,
        minutes,
        facts.webhook_age.is_some() && minutes >= rules.webhook_age_min.into(),
        format!(
            "TikTok Shop has notified nothing for {minutes} minutes although there were orders; they come by polling, and later. \
             Check the webhook address in TikTok Shop's Partner Center."
        ),
    );

    for (kind, side, down) in [
        (AlertKind::TikTokDown, Side::Channel, facts.tiktok_down),
        (AlertKind::StoreDown, Side::Store, facts.store_down),
    ] {
        let side = sentence_name(side);
        let minutes = down.map_or(0, |down| down.num_minutes());
        let is_crossed = down.is_some() && minutes >= rules.down_min.into();
        let sentence = format!("{side} has not answered for {minutes} minutes; orders wait.");
        check(kind, rules.down_min, minutes, is_crossed, sentence);
    }

    check(
        AlertKind::NewErrors,
        rules.new_errors,
        facts.new_errors,
        facts.new_errors >= rules.new_errors.into(),
        format!("{} orders met an error within the last hour.", facts.new_errors),
    );

    let imports = facts.imports;
    let percent = imports.percent().unwrap_or(100);
    check(
        AlertKind::LowSuccess,
        rules.success_percent,
        percent,
        imports.imported + imports.blocked >= LEAST_IMPORTS && percent < rules.success_percent.into(),
        format!("Only {percent} % of the orders of the last day could be imported."),
    );

    let seconds = facts.import_time.map_or(0, |time| time.num_seconds());
    check(
        AlertKind::SlowImports,
        rules.import_s,
        seconds,
        facts.import_time.is_some_and(|time| time > TimeDelta::seconds(rules.import_s.into())),
        format!("Orders of the last hour took up to {seconds} seconds into the store."),
    );

    check(
        AlertKind::ShipBy,
        rules.ship_by_hours,
        facts.to_ship,
        facts.to_ship > 0,
        format!("{} orders are late or to be shipped within {} hours.", facts.to_ship, facts.ship_by_hours),
    );

    let missed = facts.since_reconciliation >= NIGHTS_MISSED;
    let differ = facts.differences >= rules.differences.into();
    let sentence = if differ {
        format!("TikTok Shop and the store disagree on {} orders.", facts.differences)
    } else {
        "TikTok Shop and the store were not compared for two nights.".to_owned()
    };
    check(AlertKind::Reconciliation, rules.differences, facts.differences, differ || missed, sentence);
    crossed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Facts {
        Facts {
            unauthorized: false,
            authorization_left: TimeDelta::days(200),
            since_poll: TimeDelta::minutes(1),
            queue_lag: TimeDelta::zero(),
            queue_depth: 3,
            oldest_order: None,
            webhook_age: None,
            tiktok_down: None,
            store_down: None,
            new_errors: 0,
            imports: ImportSuccess { imported: 90, blocked: 10 },
            import_time: Some(TimeDelta::seconds(4)),
            to_ship: 0,
            ship_by_hours: 24,
            differences: 0,
            since_reconciliation: TimeDelta::hours(20),
        }
    }

    #[test]
    fn each_rule_has_its_threshold() {
        let rules = AlertRules::default();
        let kinds = |facts: &Facts, rules: &AlertRules| {
            crossed(facts, rules).into_iter().map(|crossed| crossed.kind).collect::<Vec<_>>()
        };
        let table = [
            (Facts { authorization_left: TimeDelta::days(29), ..well() }, AlertKind::AuthorizationEnds),
            (Facts { unauthorized: true, ..well() }, AlertKind::AuthorizationEnds),
            (Facts { since_poll: TimeDelta::minutes(15), ..well() }, AlertKind::SyncLag),
            (Facts { queue_lag: TimeDelta::minutes(15), ..well() }, AlertKind::QueueLag),
            (Facts { queue_depth: 10_000, ..well() }, AlertKind::QueueDepth),
            (
                Facts { oldest_order: Some((OrderId(7), TimeDelta::minutes(30))), ..well() },
                AlertKind::OrderWaiting,
            ),
            (Facts { webhook_age: Some(TimeDelta::minutes(60)), ..well() }, AlertKind::WebhooksMissing),
            (Facts { tiktok_down: Some(TimeDelta::minutes(10)), ..well() }, AlertKind::TikTokDown),
            (Facts { store_down: Some(TimeDelta::minutes(10)), ..well() }, AlertKind::StoreDown),
            (Facts { new_errors: 10, ..well() }, AlertKind::NewErrors),
            (Facts { imports: ImportSuccess { imported: 7, blocked: 3 }, ..well() }, AlertKind::LowSuccess),
            (Facts { import_time: Some(TimeDelta::seconds(301)), ..well() }, AlertKind::SlowImports),
            (Facts { to_ship: 1, ..well() }, AlertKind::ShipBy),
            (Facts { differences: 1, ..well() }, AlertKind::Reconciliation),
            (Facts { since_reconciliation: TimeDelta::hours(50), ..well() }, AlertKind::Reconciliation),
        ];

        assert_eq!(kinds(&well(), &rules), []);
        let off = AlertRules {
            token_days: 0,
            sync_lag_min: 0,
            queue_lag_min: 0,
            queue_depth: 0,
            order_waiting_min: 0,
            webhook_age_min: 0,
            down_min: 0,
            new_errors: 0,
            success_percent: 0,
            import_s: 0,
            ship_by_hours: 0,
            differences: 0,
        };
        for (facts, kind) in table {
            assert_eq!(kinds(&facts, &rules), [kind], "{facts:?}");
            assert_eq!(kinds(&facts, &off), [], "{facts:?}");
        }
        let almost = Facts {
            authorization_left: TimeDelta::days(31),
            since_poll: TimeDelta::minutes(14),
            queue_lag: TimeDelta::minutes(14),
            queue_depth: 9_999,
            oldest_order: Some((OrderId(7), TimeDelta::minutes(29))),
            store_down: Some(TimeDelta::minutes(9)),
            new_errors: 9,
            // Too few to speak of a share.
            imports: ImportSuccess { imported: 0, blocked: 9 },
            import_time: Some(TimeDelta::seconds(300)),
            ..well()
        };
        assert_eq!(kinds(&almost, &rules), []);
    }
}
