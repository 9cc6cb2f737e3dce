//! Every transition of the channel status, walked through the real engine between both sandboxes: what the grid shows,
//! how far the import is, where the store order goes, and what the merchant is told.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{OrderId, OrderStatus};
use tests::EngineLab;

use crate::asking::{do_to, truth};
use crate::labs::labs;
use crate::store_side::{change_settings, look_again, set_state, store_role, story};

/// Something that happens to an order.
#[derive(Clone, Copy)]
enum Step {
    /// On TikTok Shop: what, and by whom if that matters.
    Channel(&'static str),
    CanceledBy(&'static str),
    /// The same, before anybody looks.
    Unseen(&'static str),
    /// Any status, also one that TikTok Shop would not allow.
    Status(&'static str),
    /// The seller ships one of the two units in Seller Center.
    ShipsOne,
    /// A person moves the store order to the state of this role.
    Store(&'static str),
    Minutes(i64),
    /// TikTok Shop releases orders at once, as it did before there was a hold.
    NoHold,
}

/// One row of the table of transitions; the steps of a row begin with a new order.
struct Row {
    number: &'static str,
    start: &'static str,
    steps: &'static [Step],
    channel: &'static str,
    status: &'static str,
    import: &'static str,
    store: Option<&'static str>,
    issues: &'static [&'static str],
}

const fn row(number: &'static str, start: &'static str, steps: &'static [Step]) -> Row {
    Row {
        number,
        start,
        steps,
        channel: "AWAITING_SHIPMENT",
        status: "awaiting_shipment",
        import: "imported",
        store: Some("PS_OS_WS_PAYMENT"),
        issues: &[],
    }
}

/// What has no store order shows the same name on both sides.
const fn outside(row: Row, channel: &'static str, status: &'static str, import: &'static str) -> Row {
    Row { channel, status, import, store: None, ..row }
}

const fn inside(row: Row, channel: &'static str, status: &'static str, store: &'static str) -> Row {
    Row { channel, status, store: Some(store), ..row }
}

use Step::{CanceledBy, Channel, Minutes, NoHold, ShipsOne, Status, Store, Unseen};

const SHIP: Step = Channel("ship");
const COLLECT: Step = Channel("collect");
const DELIVER: Step = Channel("deliver");
const SHIPPED: &str = "PS_OS_SHIPPING";
const CANCELED: &str = "PS_OS_CANCELED";
const PREPARED: &str = "PS_OS_PREPARATION";

const ROWS: &[Row] = &[
    outside(row("1", "unpaid", &[]), "UNPAID", "unpaid", "waiting"),
    outside(row("2", "unpaid", &[Channel("pay")]), "ON_HOLD", "on_hold", "waiting"),
    outside(row("2, new", "held", &[]), "ON_HOLD", "on_hold", "waiting"),
    row("3, new", "shippable", &[]),
    outside(row("4", "unpaid", &[CanceledBy("buyer")]), "CANCELLED", "canceled", "skipped"),
    row("5", "held", &[Channel("release")]),
    outside(row("6", "held", &[CanceledBy("buyer")]), "CANCELLED", "canceled", "skipped"),
    inside(row("7", "shippable", &[ShipsOne]), "PARTIALLY_SHIPPING", "partially_shipped", PREPARED),
    inside(row("8", "shippable", &[SHIP]), "AWAITING_COLLECTION", "awaiting_collection", PREPARED),
    inside(
        row("8, rest", "shippable", &[ShipsOne, SHIP]),
        "AWAITING_COLLECTION",
        "awaiting_collection",
        PREPARED,
    ),
    inside(row("9", "shippable", &[CanceledBy("seller")]), "CANCELLED", "canceled", CANCELED),
    Row {
        issues: &["CANCEL_STORE_CONFLICT"],
        ..inside(
            row("9, shipped in the store", "shippable", &[Store(SHIPPED), CanceledBy("system")]),
            "CANCELLED",
            "error",
            CANCELED,
        )
    },
    inside(row("10", "shippable", &[ShipsOne, CanceledBy("seller")]), "CANCELLED", "canceled", CANCELED),
    inside(row("11", "shippable", &[SHIP, COLLECT]), "IN_TRANSIT", "in_transit", SHIPPED),
    inside(row("12", "shippable", &[SHIP, CanceledBy("system")]), "CANCELLED", "canceled", CANCELED),
    Row {
        issues: &["CANCEL_STORE_CONFLICT"],
        ..inside(
            row("12, shipped in the store", "shippable", &[SHIP, Store(SHIPPED), CanceledBy("system")]),
            "CANCELLED",
            "error",
            CANCELED,
        )
    },
    inside(row("13", "shippable", &[SHIP, COLLECT, DELIVER]), "DELIVERED", "delivered", "PS_OS_DELIVERED"),
    Row {
        issues: &["CANCELED_AFTER_SHIPMENT"],
        ..inside(
            row("14", "shippable", &[SHIP, COLLECT, CanceledBy("system")]),
            "CANCELLED",
            "canceled",
            CANCELED,
        )
    },
    Row {
        issues: &["CANCELED_AFTER_SHIPMENT"],
        ..inside(
            row("14, collected unseen", "shippable", &[SHIP, Unseen("collect"), CanceledBy("system")]),
            "CANCELLED",
            "canceled",
            CANCELED,
        )
    },
    inside(
        row("15", "shippable", &[SHIP, COLLECT, DELIVER, Channel("complete")]),
        "COMPLETED",
        "completed",
        "PS_OS_DELIVERED",
    ),
    Row {
        issues: &["SHIP_TRACKING_MISSING"],
        ..inside(
            row("16", "shippable", &[Store(SHIPPED), Minutes(16)]),
            "AWAITING_SHIPMENT",
            "error",
            SHIPPED,
        )
    },
    inside(
        row("17", "shippable", &[Store(SHIPPED), Minutes(16), SHIP]),
        "AWAITING_COLLECTION",
        "awaiting_collection",
        SHIPPED,
    ),
    inside(
        row("(c) jump forward", "held", &[Unseen("release"), Unseen("ship"), COLLECT]),
        "IN_TRANSIT",
        "in_transit",
        SHIPPED,
    ),
    Row {
        issues: &["CHANNEL_STATUS_REGRESSED"],
        ..inside(
            row("(d) step back", "shippable", &[SHIP, COLLECT, Status("AWAITING_COLLECTION")]),
            "AWAITING_COLLECTION",
            "awaiting_collection",
            SHIPPED,
        )
    },
    // The last one, for there is no hold from here on.
    row("3", "unpaid", &[NoHold, Channel("pay")]),
];

#[tokio::test]
async fn every_transition_ends_where_the_table_says() -> Result<()> {
    for lab in labs().await {
        for row in ROWS {
            let case = format!("{} row {}", lab.database_name(), row.number);
            let id = place(&lab, row.start).await.context(case.clone())?;
            for step in row.steps {
                take(&lab, &id, *step).await.with_context(|| case.clone())?;
            }
            look_again(&lab).await?;

            let order = lab.order(&id).await?;
            let told = story(&lab, &id).await?;
            assert_eq!(order.channel_status, row.channel, "{case}: channel status\n{told}");
            assert_eq!(lab.open_issues(&id).await?, row.issues, "{case}: issues\n{told}");
            assert_eq!(order.status, row.status, "{case}: status\n{told}");
            assert_eq!(order.import_state, row.import, "{case}: import\n{told}");
            assert_eq!(store_role(&lab, &id).await?.as_deref(), row.store, "{case}: store\n{told}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_cancellation_warns_of_parcels_also_where_the_store_order_stays() -> Result<()> {
    for lab in labs().await {
        change_settings(&lab, |settings| {
            settings.status_mapping.insert(OrderStatus::Canceled, None);
        })
        .await?;
        for (steps, issue, store) in [
            (&[SHIP, COLLECT, CanceledBy("system")][..], Some("CANCELED_AFTER_SHIPMENT"), SHIPPED),
            (&[SHIP, Unseen("collect"), CanceledBy("system")], Some("CANCELED_AFTER_SHIPMENT"), PREPARED),
            (&[Store(SHIPPED), CanceledBy("system")], Some("CANCEL_STORE_CONFLICT"), SHIPPED),
            (&[ShipsOne, CanceledBy("seller")], None, PREPARED),
            (&[CanceledBy("seller")], None, "PS_OS_WS_PAYMENT"),
        ] {
            let id = place(&lab, "shippable").await?;
            for step in steps {
                take(&lab, &id, *step).await?;
            }
            look_again(&lab).await?;

            let case = format!("{} {issue:?} {store}", lab.database_name());
            assert_eq!(lab.open_issues(&id).await?, Vec::from_iter(issue), "{case}");
            assert_eq!(store_role(&lab, &id).await?.as_deref(), Some(store), "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_was_ready_before_the_rest_was_canceled_is_kept_unit_by_unit() -> Result<()> {
    for lab in labs().await {
        let id = place(&lab, "shippable").await?;
        take(&lab, &id, ShipsOne).await?;
        take(&lab, &id, CanceledBy("seller")).await?;

        let case = lab.database_name();
        let truth = truth(&lab, &id).await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        let units = database::orders::lines_of(lab.database.writer(), order_id).await?;
        let ours: Vec<_> = units.iter().map(|unit| (unit.status.as_str(), &unit.tracking_number)).collect();
        assert_eq!(ours.len(), 2, "{case}: {ours:?}");
        assert!(ours.iter().all(|(status, _)| *status == "CANCELLED"), "{case}: {ours:?}\n{truth:#}");
        assert_eq!(ours.iter().filter(|(_, number)| number.is_some()).count(), 1, "{case}: {ours:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_order_that_a_person_moved_is_never_overridden() -> Result<()> {
    for lab in labs().await {
        for (by_person, steps, expected) in [
            ("PS_OS_DELIVERED", &[SHIP, COLLECT][..], "PS_OS_DELIVERED"),
            ("PS_OS_DELIVERED", &[CanceledBy("system")], "PS_OS_DELIVERED"),
            ("PS_OS_REFUND", &[SHIP, COLLECT, DELIVER], "PS_OS_REFUND"),
            ("PS_OS_CANCELED", &[SHIP, COLLECT], "PS_OS_CANCELED"),
            (SHIPPED, &[SHIP], SHIPPED),
            (PREPARED, &[SHIP, COLLECT], SHIPPED),
        ] {
            let id = place(&lab, "shippable").await?;
            take(&lab, &id, Store(by_person)).await?;
            for step in steps {
                take(&lab, &id, *step).await?;
            }
            look_again(&lab).await?;

            let case = format!("{} {by_person}", lab.database_name());
            assert_eq!(store_role(&lab, &id).await?.as_deref(), Some(expected), "{case}");
        }
    }
    Ok(())
}

async fn place(lab: &EngineLab, start: &str) -> Result<String> {
    let order = json!({
        "start": start,
        "order": { "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }] },
    });
    let ids = lab.sandboxes.place(&order).await?;
    lab.poll().await?;
    ids.into_iter().next().context("no order was placed")
}

/// Takes a step and lets the engine see it.
async fn take(lab: &EngineLab, id: &str, step: Step) -> Result<()> {
    match step {
        Channel(what) => do_to(lab, id, what, &json!({})).await?,
        Unseen(what) => return do_to(lab, id, what, &json!({})).await,
        Status(status) => do_to(lab, id, "status", &json!({ "status": status })).await?,
        CanceledBy(whom) => do_to(lab, id, "cancel", &json!({ "by": whom })).await?,
        ShipsOne => {
            let truth = lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await?;
            let line = truth["lines"][0]["id"].as_str().map(str::to_owned).context("no line")?;
            do_to(lab, id, "ship", &json!({ "order_line_item_ids": [line] })).await?;
        }
        Store(role) => set_state(lab, id, role).await?,
        Minutes(minutes) => lab.advance(TimeDelta::minutes(minutes)).await?,
        NoHold => {
            let switches = json!({ "life": { "hold_s": 0 } });
            lab.sandboxes.channel_control.put("/switches", &switches).await.map(|_: Value| ())?;
        }
    }
    lab.advance(TimeDelta::seconds(31)).await?;
    lab.poll().await
}
