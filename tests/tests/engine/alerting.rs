//! Alerts open and close by themselves, and the world outside hears when a connection is degraded and when it is restored.

use std::ops::Range;

use anyhow::Result;
use chrono::TimeDelta;
use database::alerts::{self, AlertFilter};
use database::page::{PageRequest, Start};
use database::{Reach, connections, events, reconciliations};
use job_queue::NewJob;
use serde_json::json;
use shared::{Alert, AlertKind, EventKind, OrderId, ReconciliationState};
use sync::jobs;
use tests::EngineLab;

use crate::asking::{imported_order, placed_order};
use crate::labs::labs;
use crate::store_side::change_settings;

/// A kind of job that no worker asks for.
const OF_NOBODY: &str = "of nobody";

async fn open_alerts(lab: &EngineLab) -> Result<Vec<Alert>> {
    let filter = AlertFilter { reach: Reach::All, connection: None, kind: Vec::new(), open: Some(true) };
    let page = PageRequest { limit: 100, start: Start::First };
    Ok(alerts::page(lab.database.reader(), &filter, &page).await?.items)
}

async fn kinds(lab: &EngineLab) -> Result<Vec<AlertKind>> {
    Ok(open_alerts(lab).await?.into_iter().map(|alert| alert.kind).collect())
}

/// How often each of these events was recorded.
async fn told(lab: &EngineLab, kind: EventKind) -> Result<usize> {
    let events = events::after(lab.database.reader(), 0, 10_000).await?;
    Ok(events.iter().filter(|event| event.kind == kind).count())
}

async fn minutes_pass(lab: &EngineLab, minutes: i64) -> Result<()> {
    for _ in 0..minutes {
        lab.advance(TimeDelta::minutes(1)).await?;
        lab.run_due().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_stays_down_is_an_alert_until_it_is_back() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        imported_order(&lab).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}: {:?}", open_alerts(&lab).await?);
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
        lab.sandboxes.place_random(8, 31, "plain").await?;
        lab.poll().await?;
        minutes_pass(&lab, 8).await?;
        assert!(!kinds(&lab).await?.contains(&AlertKind::StoreDown), "{case}: too early");

        minutes_pass(&lab, 5).await?;

        let alerts = open_alerts(&lab).await?;
        let down = alerts.iter().find(|alert| alert.kind == AlertKind::StoreDown);
        assert!(down.is_some_and(|alert| alert.value >= 10 && alert.threshold == 10), "{case}: {alerts:?}");
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 1, "{case}: told once");
        assert_eq!(told(&lab, EventKind::ConnectionRestored).await?, 0, "{case}");

        lab.sandboxes.store_control.delete("/faults").await?;
        minutes_pass(&lab, 8).await?;
        // What waited has taken long; that is told for an hour, and degrades nothing.
        assert_eq!(kinds(&lab).await?, [AlertKind::SlowImports], "{case}: {:?}", open_alerts(&lab).await?);
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 1, "{case}");
        assert_eq!(told(&lab, EventKind::ConnectionRestored).await?, 1, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn many_new_errors_are_an_alert_and_its_rule_can_be_switched_off() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let currency = lab.sandboxes.store_control.get("/entities/currencies").await?;
        let euro = currency.as_array().and_then(|all| all.iter().find(|it| it["iso_code"] == "EUR"));
        let euro = format!("/entities/currencies/{}", euro.expect("the store has the euro")["id"]);
        lab.sandboxes.store_control.patch(&euro, &json!({ "active": "0" })).await?;
        let placed = json!({ "count": 12, "seed": 32, "mix": "plain", "market": "FR" });
        if lab.sandboxes.place(&placed).await.is_err() {
            lab.sandboxes.place_random(12, 32, "plain").await?;
        }
        lab.poll().await?;
        minutes_pass(&lab, 2).await?;
        assert!(kinds(&lab).await?.contains(&AlertKind::NewErrors), "{case}: {:?}", open_alerts(&lab).await?);

        change_settings(&lab, |settings| settings.alerts.new_errors = 0).await?;
        minutes_pass(&lab, 2).await?;

        assert!(!kinds(&lab).await?.contains(&AlertKind::NewErrors), "{case}");
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 0, "{case}: orders still arrive");
    }
    Ok(())
}

#[tokio::test]
async fn orders_that_come_without_notifications_or_fail_in_numbers_are_told() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        // This lab's TikTok Shop notifies of nothing.
        change_settings(&lab, |settings| {
            settings.alerts.webhook_age_min = 5;
            settings.alerts.new_errors = 0;
        })
        .await?;
        // Orders were placed an hour before they can be imported.
        lab.advance(TimeDelta::hours(2)).await?;
        minutes_pass(&lab, 2).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}: nothing was ordered either");
        for _ in 0..8 {
            imported_order(&lab).await?;
        }
        minutes_pass(&lab, 2).await?;
        assert_eq!(kinds(&lab).await?, [AlertKind::WebhooksMissing], "{case}");

        for _ in 0..3 {
            let unknown = json!({ "country": "FR", "lines": [{ "seller_sku": "POSTER-MAP-A2" }] });
            lab.sandboxes.place(&json!({ "order": unknown })).await?;
        }
        let now = lab.database.clock.now();
        connections::webhook_received(lab.database.writer(), lab.connection_id, now).await?;
        lab.poll().await?;
        minutes_pass(&lab, 2).await?;
        let open = open_alerts(&lab).await?;
        assert_eq!(open.len(), 1, "{case}: {open:?}");
        assert_eq!(
            (open[0].kind, open[0].value, open[0].threshold),
            (AlertKind::LowSuccess, 72, 80),
            "{case}"
        );
    }
    Ok(())
}

/// Asks for so many jobs that no worker does.
async fn pile_up(lab: &EngineLab, numbers: Range<u32>) -> Result<()> {
    let now = lab.database.clock.now();
    let of_nobody = |number: u32| NewJob {
        kind: OF_NOBODY,
        subject: number.to_string(),
        lane: lab.connection_id.to_string(),
        payload: json!({}),
        priority: jobs::FROM_THE_PAST,
        run_at: now,
    };
    job_queue::enqueue_all(lab.database.writer(), numbers.map(of_nobody), now).await?;
    Ok(())
}

#[tokio::test]
async fn work_that_piles_up_is_an_alert_and_degrades_nothing() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        imported_order(&lab).await?;
        change_settings(&lab, |settings| settings.alerts.queue_depth = 50).await?;
        pile_up(&lab, 0..30).await?;
        minutes_pass(&lab, 2).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}: it is not so much yet");

        pile_up(&lab, 30..60).await?;
        minutes_pass(&lab, 2).await?;

        let open = open_alerts(&lab).await?;
        assert_eq!(open.len(), 1, "{case}: {open:?}");
        assert_eq!((open[0].kind, open[0].threshold), (AlertKind::QueueDepth, 50), "{case}");
        assert!((60..70).contains(&open[0].value), "{case}: {open:?}");
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 0, "{case}: orders still arrive");

        for number in 0..60 {
            job_queue::cancel(lab.database.writer(), OF_NOBODY, &number.to_string()).await?;
        }
        minutes_pass(&lab, 2).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}");

        change_settings(&lab, |settings| settings.alerts.queue_depth = 0).await?;
        pile_up(&lab, 0..60).await?;
        minutes_pass(&lab, 2).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}: the rule is switched off");
    }
    Ok(())
}

/// Minutes in which the job that would import an order is lost again and again.
async fn minutes_pass_without_import(lab: &EngineLab, id: OrderId, minutes: i64) -> Result<()> {
    for _ in 0..minutes {
        lab.advance(TimeDelta::minutes(1)).await?;
        job_queue::cancel(lab.database.writer(), jobs::IMPORT_ORDER, &id.to_string()).await?;
        lab.run_due().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_waits_too_long_is_an_alert_until_it_is_imported() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        change_settings(&lab, |settings| settings.import_delay_min = 10).await?;
        let order = placed_order(&lab).await?;
        lab.poll().await?;
        let id = OrderId(lab.order(&order).await?.id);
        minutes_pass_without_import(&lab, id, 39).await?;
        assert_eq!(kinds(&lab).await?, [], "{case}: the delay that the connection wants does not count");

        minutes_pass_without_import(&lab, id, 3).await?;

        let open = open_alerts(&lab).await?;
        assert_eq!(open.len(), 1, "{case}: {open:?}");
        assert_eq!((open[0].kind, open[0].threshold), (AlertKind::OrderWaiting, 30), "{case}");
        assert!((30..=32).contains(&open[0].value), "{case}: {open:?}");
        assert!(open[0].sentence.starts_with(&format!("Order {id} has waited")), "{case}: {open:?}");
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 1, "{case}");

        let now = lab.database.clock.now();
        let import = jobs::import_order(lab.connection_id, id, now);
        job_queue::enqueue(lab.database.writer(), import, now).await?;
        minutes_pass(&lab, 2).await?;
        assert_eq!(lab.order(&order).await?.import_state, "imported", "{case}");
        assert!(!kinds(&lab).await?.contains(&AlertKind::OrderWaiting), "{case}");
        assert_eq!(told(&lab, EventKind::ConnectionRestored).await?, 1, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_held_or_has_its_issue_does_not_count_as_waiting() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        change_settings(&lab, |settings| settings.alerts.order_waiting_min = 5).await?;
        let unknown = json!({ "country": "FR", "lines": [{ "seller_sku": "POSTER-MAP-A2" }] });
        let blocked = lab.sandboxes.place(&json!({ "order": unknown })).await?;
        let known = json!({ "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU" }] });
        let held = lab.sandboxes.place(&json!({ "start": "held", "order": known })).await?;
        lab.poll().await?;
        assert_eq!(lab.order(&blocked[0]).await?.import_state, "blocked", "{case}");
        assert_eq!(lab.order(&held[0]).await?.import_state, "waiting", "{case}");

        minutes_pass(&lab, 20).await?;

        assert_eq!(kinds(&lab).await?, [], "{case}: {:?}", open_alerts(&lab).await?);
    }
    Ok(())
}

#[tokio::test]
async fn a_paused_connection_has_no_alerts() -> Result<()> {
    for lab in labs().await {
        imported_order(&lab).await?;
        change_settings(&lab, |settings| {
            settings.alerts.ship_by_hours = 168;
            settings.alerts.down_min = 1;
        })
        .await?;
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
        lab.sandboxes.place_random(8, 33, "plain").await?;
        lab.poll().await?;
        minutes_pass(&lab, 3).await?;
        let open = kinds(&lab).await?;
        assert!(open.contains(&AlertKind::ShipBy), "{}: {open:?}", lab.database_name());
        assert!(open.contains(&AlertKind::StoreDown), "{}: {open:?}", lab.database_name());
        assert_eq!(told(&lab, EventKind::ConnectionDegraded).await?, 1, "{}", lab.database_name());

        let now = lab.database.clock.now();
        let mut connection = lab.connection().await?;
        connection.state = shared::ConnectionState::Paused;
        let txn = lab.database.begin().await?;
        database::connections::update(&txn, &lab.database.vault, &connection, now).await?;
        jobs::connection_changed(&txn, connection.id, now).await?;
        txn.commit().await?;
        minutes_pass(&lab, 2).await?;

        assert_eq!(kinds(&lab).await?, [], "{}", lab.database_name());
        let restored = told(&lab, EventKind::ConnectionRestored).await?;
        assert_eq!(restored, 0, "{}: a pause puts nothing right", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn nights_whose_comparison_fails_are_nights_without_one() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        imported_order(&lab).await?;
        let unreadable = json!({ "path": "/order/202309/orders/search", "kind": "html" });
        lab.sandboxes.break_channel(&unreadable).await?;

        for _ in 0..24 {
            lab.advance(TimeDelta::hours(2)).await?;
            lab.run_due().await?;
        }
        assert!(!kinds(&lab).await?.contains(&AlertKind::Reconciliation), "{case}: it is not so long yet");
        lab.advance(TimeDelta::hours(4)).await?;
        lab.run_due().await?;

        let last = reconciliations::last_ended(lab.database.reader(), lab.connection_id).await?;
        assert_eq!(last.map(|last| last.state), Some(ReconciliationState::Failed), "{case}");
        assert!(kinds(&lab).await?.contains(&AlertKind::Reconciliation), "{case}");

        lab.sandboxes.channel_control.delete("/faults").await?;
        lab.advance(TimeDelta::hours(24)).await?;
        lab.run_due().await?;
        minutes_pass(&lab, 2).await?;
        assert!(!kinds(&lab).await?.contains(&AlertKind::Reconciliation), "{case}");
    }
    Ok(())
}
