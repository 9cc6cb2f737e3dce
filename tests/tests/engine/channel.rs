//! TikTok Shop moves orders on, breaks off, limits and locks us out: orders arrive, follow, and nothing is lost.

use anyhow::Result;
use chrono::TimeDelta;
use database::connections::{self, ConnectionRecord};
use database::issues::{self, Found, Retry};
use serde_json::{Value, json};
use shared::{ConnectionState, IssueCode, OrderId};
use sync::jobs;
use tests::EngineLab;

use crate::labs::labs;

async fn do_to(lab: &EngineLab, id: &str, what: &str, body: &Value) -> Result<()> {
    lab.sandboxes.channel_control.post(&format!("/orders/{id}/{what}"), body).await.map(drop)
}

/// Polls again and again, with time passing, until the order has this import state.
pub async fn until(lab: &EngineLab, id: &str, import_state: &str) -> Result<()> {
    for minutes in [0, 1, 2, 5, 15, 45, 180] {
        lab.advance(TimeDelta::minutes(minutes)).await?;
        lab.poll().await?;
        if lab.order(id).await.is_ok_and(|order| order.import_state == import_state) {
            return Ok(());
        }
    }
    let order = lab.order(id).await.map(|order| order.import_state);
    anyhow::bail!("{} order {id} is {order:?}: {:?}", lab.database_name(), lab.open_issues(id).await)
}

/// The role that the store order's state plays in the store.
async fn store_state(lab: &EngineLab, id: &str) -> Result<String> {
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    assert_eq!(store_orders.len(), 1, "{}", lab.database_name());
    let state = store_orders[0]["current_state"].as_str().unwrap_or_default().to_owned();
    let rows = lab.sandboxes.store_control.get("/entities/configurations").await?;
    let role = rows.as_array().unwrap().iter().find(|row| {
        row["value"] == state.as_str() && row["name"].as_str().is_some_and(|name| name.starts_with("PS_OS_"))
    });
    Ok(role.and_then(|row| row["name"].as_str()).unwrap_or("none").to_owned())
}

#[tokio::test]
async fn a_held_order_is_shown_at_once_and_imported_after_its_release() -> Result<()> {
    for lab in labs().await {
        let ids =
            lab.sandboxes.place(&json!({ "count": 1, "seed": 5, "mix": "plain", "start": "held" })).await?;

        lab.poll().await?;
        let order = lab.order(&ids[0]).await?;
        assert_eq!((order.status.as_str(), order.import_state.as_str()), ("on_hold", "waiting"));
        assert!(lab.sandboxes.store_orders_of(&ids[0]).await?.is_empty());

        do_to(&lab, &ids[0], "release", &json!({})).await?;
        until(&lab, &ids[0], "imported").await?;
        assert_eq!(lab.order(&ids[0]).await?.status, "awaiting_shipment");
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_canceled_while_held_is_never_imported() -> Result<()> {
    for lab in labs().await {
        let ids =
            lab.sandboxes.place(&json!({ "count": 1, "seed": 6, "mix": "plain", "start": "held" })).await?;
        lab.poll().await?;

        do_to(&lab, &ids[0], "cancel", &json!({ "by": "buyer" })).await?;
        until(&lab, &ids[0], "skipped").await?;

        assert_eq!(lab.order(&ids[0]).await?.status, "canceled");
        assert!(lab.sandboxes.store_orders_of(&ids[0]).await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn the_store_order_follows_forward_along_the_whole_life() -> Result<()> {
    for lab in labs().await {
        let ids = lab.sandboxes.place_random(1, 8, "plain").await?;
        let id = &ids[0];
        until(&lab, id, "imported").await?;
        assert_eq!(store_state(&lab, id).await?, "PS_OS_WS_PAYMENT");

        for (step, status, state) in [
            ("ship", "awaiting_collection", "PS_OS_PREPARATION"),
            ("collect", "in_transit", "PS_OS_SHIPPING"),
            ("deliver", "delivered", "PS_OS_DELIVERED"),
            ("complete", "completed", "PS_OS_DELIVERED"),
        ] {
            do_to(&lab, id, step, &json!({})).await?;
            lab.advance(TimeDelta::seconds(30)).await?;
            lab.poll().await?;
            let case = format!("{} {step}", lab.database_name());
            assert_eq!(lab.order(id).await?.status, status, "{case}");
            assert_eq!(store_state(&lab, id).await?, state, "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_cancellation_after_import_cancels_the_store_order_and_gives_the_stock_back() -> Result<()> {
    for lab in labs().await {
        let placed = json!({ "order": { "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }] } });
        let before = stock(&lab).await?;
        let ids = lab.sandboxes.place(&placed).await?;
        until(&lab, &ids[0], "imported").await?;
        assert_eq!(stock(&lab).await?, before - 2);

        do_to(&lab, &ids[0], "cancel", &json!({ "by": "seller" })).await?;
        lab.advance(TimeDelta::seconds(30)).await?;
        lab.poll().await?;

        assert_eq!(lab.order(&ids[0]).await?.status, "canceled");
        assert_eq!(store_state(&lab, &ids[0]).await?, "PS_OS_CANCELED");
        assert_eq!(stock(&lab).await?, before);
    }
    Ok(())
}

async fn stock(lab: &EngineLab) -> Result<i64> {
    let rows = lab.sandboxes.store_control.get("/stock").await?;
    let row = rows.as_array().unwrap().iter().find(|row| row["sku"] == "MUG-STONE-BLU").unwrap();
    Ok(row["quantity"].as_i64().unwrap())
}

#[tokio::test]
async fn a_state_that_a_person_set_further_on_stays() -> Result<()> {
    for lab in labs().await {
        let ids = lab.sandboxes.place_random(1, 9, "plain").await?;
        until(&lab, &ids[0], "imported").await?;
        let store_order = lab.order(&ids[0]).await?.store_order_id.unwrap();
        lab.sandboxes
            .store_control
            .post(&format!("/orders/{store_order}/state"), &json!({ "state": 5 }))
            .await?;

        do_to(&lab, &ids[0], "ship", &json!({})).await?;
        do_to(&lab, &ids[0], "collect", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;

        assert_eq!(store_state(&lab, &ids[0]).await?, "PS_OS_DELIVERED");
        let known = lab.order(&ids[0]).await?.store_state_id;
        assert_eq!(known, Some(5), "{}: the store reader has seen what the person did", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn whatever_tiktok_answers_orders_arrive_in_the_end() -> Result<()> {
    let faults = [
        json!({ "kind": "rate_limited", "retry_after": 2, "times": 2 }),
        json!({ "kind": "rate_limited", "times": 2 }),
        json!({ "kind": "internal_error", "times": 2 }),
        json!({ "kind": "timeout", "times": 1 }),
        json!({ "kind": "overload", "times": 2 }),
        json!({ "kind": "cut", "times": 2 }),
        json!({ "kind": "truncated", "times": 1 }),
        json!({ "kind": "trickled", "times": 1 }),
        json!({ "kind": "huge_body", "times": 1 }),
        json!({ "kind": "html", "times": 1 }),
        json!({ "kind": "empty", "times": 1 }),
        json!({ "kind": "token_expired", "times": 1 }),
        json!({ "kind": "token_expired", "times": 3 }),
    ];
    for lab in labs().await {
        for fault in &faults {
            for path in ["/orders/search", "/202507/orders"] {
                let mut fault = fault.clone();
                fault["path"] = path.into();
                lab.sandboxes.break_channel(&fault).await?;
                let ids = lab.sandboxes.place_random(2, 40, "plain").await?;

                for id in &ids {
                    until(&lab, id, "imported").await?;
                    let issues = lab.open_issues(id).await?;
                    assert!(issues.is_empty(), "{} {fault}: {issues:?}", lab.database_name());
                    assert_eq!(lab.sandboxes.store_orders_of(id).await?.len(), 1, "{fault}");
                }
                lab.sandboxes.channel_control.delete("/faults").await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn expired_tokens_are_renewed_once_and_both_are_stored() -> Result<()> {
    for lab in labs().await {
        let before = lab.connection().await?;
        lab.sandboxes.channel_control.post("/tokens/expire", &Value::Null).await?;
        let ids = lab.sandboxes.place_random(5, 12, "plain").await?;

        for id in &ids {
            until(&lab, id, "imported").await?;
        }

        let after = lab.connection().await?;
        assert_eq!(after.token_version, before.token_version + 1, "{}", lab.database_name());
        assert!(after.tokens.access_token != before.tokens.access_token);
        assert!(after.tokens.refresh_token != before.tokens.refresh_token);
    }
    Ok(())
}

#[tokio::test]
async fn a_revoked_permission_is_told_and_orders_follow_after_a_new_one() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.channel_control.post("/tokens/revoke", &Value::Null).await?;
        let ids = lab.sandboxes.place_random(1, 13, "plain").await?;
        lab.poll().await?;
        assert_eq!(lab.connection().await?.state, ConnectionState::Unauthorized, "{}", lab.database_name());
        assert!(lab.order(&ids[0]).await.is_err());

        let grant = lab.sandboxes.channel_control.post("/tokens", &Value::Null).await?;
        let stale = lab.connection().await?;
        let mut tokens = stale.tokens.clone();
        tokens.access_token = grant["access_token"].as_str().unwrap().to_owned();
        tokens.refresh_token = grant["refresh_token"].as_str().unwrap().to_owned();
        connections::replace_tokens(lab.database.writer(), &lab.database.vault, &stale, &tokens).await?;

        until(&lab, &ids[0], "imported").await?;
        assert_eq!(lab.connection().await?.state, ConnectionState::Active, "{}", lab.database_name());
    }
    Ok(())
}

/// How often new tokens were asked for.
async fn renewals(lab: &EngineLab) -> Result<u64> {
    let calls = lab.sandboxes.channel_control.get("/calls?limit=0").await?;
    let outcomes = calls["by_endpoint"]["GET /api/v2/token/refresh"].as_object().cloned().unwrap_or_default();
    Ok(outcomes.values().filter_map(Value::as_u64).sum())
}

#[tokio::test]
async fn a_dead_authorization_is_seldom_asked_for_and_a_new_one_is_used_at_once() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        lab.sandboxes.channel_control.post("/tokens/revoke", &Value::Null).await?;
        let id = lab.sandboxes.place_random(1, 13, "plain").await?.remove(0);
        lab.poll().await?;
        let asked = renewals(&lab).await?;

        for _ in 0..8 {
            lab.advance(TimeDelta::minutes(1)).await?;
            lab.run_due().await?;
        }
        assert_eq!(renewals(&lab).await?, asked, "{case}");
        lab.advance(TimeDelta::minutes(3)).await?;
        lab.run_due().await?;
        assert!(renewals(&lab).await? > asked, "{case}");

        let grant = lab.sandboxes.channel_control.post("/tokens", &Value::Null).await?;
        let stale = lab.connection().await?;
        let mut tokens = stale.tokens.clone();
        tokens.access_token = grant["access_token"].as_str().unwrap().to_owned();
        tokens.refresh_token = grant["refresh_token"].as_str().unwrap().to_owned();
        let txn = lab.database.begin().await?;
        connections::replace_tokens(&txn, &lab.database.vault, &stale, &tokens).await?;
        jobs::connection_changed(&txn, lab.connection_id, lab.database.clock.now()).await?;
        txn.commit().await?;
        lab.run_due().await?;
        assert_eq!(lab.order(&id).await?.import_state, "imported", "{case}");
        assert_eq!(lab.connection().await?.state, ConnectionState::Active, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_does_not_belong_to_the_shop_is_told_as_well() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let right = lab.connection().await?;
        let wrong = ConnectionRecord { shop_cipher: "GCP_of_another_shop".to_owned(), ..right.clone() };
        let now = lab.database.clock.now();
        assert!(connections::update(lab.database.writer(), &lab.database.vault, &wrong, now).await?);
        lab.poll().await?;
        assert_eq!(lab.connection().await?.state, ConnectionState::Unauthorized, "{case}");

        let wrong = lab.connection().await?;
        let mended = ConnectionRecord { shop_cipher: right.shop_cipher, ..wrong };
        assert!(connections::update(lab.database.writer(), &lab.database.vault, &mended, now).await?);
        lab.poll().await?;
        assert_eq!(lab.connection().await?.state, ConnectionState::Active, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn two_engines_at_once_make_each_order_once() -> Result<()> {
    for lab in labs().await {
        let other = lab.another_engine("other").await?;
        let ids = lab.sandboxes.place_random(40, 21, "plain").await?;

        let (ours, theirs) = tokio::join!(lab.poll(), other.run_due());
        ours?;
        theirs?;
        lab.advance(TimeDelta::minutes(5)).await?;
        lab.run_due().await?;

        for id in &ids {
            until(&lab, id, "imported").await?;
            assert_eq!(lab.sandboxes.store_orders_of(id).await?.len(), 1, "{} {id}", lab.database_name());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_number_that_could_not_be_read_leaves_no_trace_once_it_could() -> Result<()> {
    for lab in labs().await {
        let id = lab.sandboxes.place_random(1, 5, "plain").await?.remove(0);
        until(&lab, &id, "imported").await?;
        do_to(&lab, &id, "ship", &json!({})).await?;
        lab.poll().await?;

        lab.sandboxes
            .break_channel(&json!({ "path": "/orders", "method": "GET", "kind": "overload" }))
            .await?;
        let push = jobs::push_store_tracking(
            lab.connection_id,
            OrderId(lab.order(&id).await?.id),
            lab.database.clock.now(),
        );
        job_queue::enqueue(lab.database.writer(), push, lab.database.clock.now()).await?;
        for seconds in [0, 10, 60] {
            lab.advance(TimeDelta::seconds(seconds)).await?;
            lab.run_due().await?;
        }
        assert_eq!(lab.open_issues(&id).await?, ["CHANNEL_UNREACHABLE"], "{}", lab.database_name());

        lab.sandboxes.channel_control.delete("/faults").await?;
        lab.advance(TimeDelta::minutes(5)).await?;
        lab.run_due().await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", lab.database_name());
    }
    Ok(())
}

/// How often TikTok Shop was asked for orders by their ids.
pub async fn reads(lab: &EngineLab) -> Result<u64> {
    let calls = lab.sandboxes.channel_control.get("/calls?limit=0").await?;
    let of_orders = calls["by_endpoint"].as_object().into_iter().flatten();
    let of_orders =
        of_orders.filter(|(endpoint, _)| endpoint.starts_with("GET") && endpoint.ends_with("/orders"));
    let counts = of_orders.filter_map(|(_, outcomes)| outcomes.as_object());
    Ok(counts.flat_map(|outcomes| outcomes.values()).filter_map(Value::as_u64).sum())
}

#[tokio::test]
async fn what_changed_in_the_last_second_of_a_poll_is_read_once_more_and_then_left_alone() -> Result<()> {
    for lab in labs().await {
        let id = lab.sandboxes.place_random(1, 6, "plain").await?.remove(0);
        until(&lab, &id, "imported").await?;
        let first = reads(&lab).await?;
        // Two polls within the second, which may not be over yet; a slow machine may need longer for them.
        lab.poll().await?;
        lab.poll().await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        let settled = reads(&lab).await?;
        assert!((first..=first + 3).contains(&settled), "{}: {first} {settled}", lab.database_name());

        for _ in 0..2 {
            lab.advance(TimeDelta::minutes(2)).await?;
            lab.poll().await?;
            assert_eq!(reads(&lab).await?, settled, "{}", lab.database_name());
        }

        do_to(&lab, &id, "touch", &json!({})).await?;
        lab.advance(TimeDelta::minutes(2)).await?;
        lab.poll().await?;
        assert_eq!(reads(&lab).await?, settled + 1, "what changes is read: {}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn what_nothing_tries_any_more_is_read_again_when_the_access_returns() -> Result<()> {
    for lab in labs().await {
        let id = lab.sandboxes.place_random(1, 6, "plain").await?.remove(0);
        until(&lab, &id, "imported").await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        let told = Found::new(IssueCode::ChannelAuthExpired);
        let txn = lab.database.begin().await?;
        issues::open(&txn, lab.connection_id, order_id, &told, Retry::default(), lab.database.clock.now())
            .await?;
        txn.commit().await?;

        let txn = lab.database.begin().await?;
        jobs::connection_changed(&txn, lab.connection_id, lab.database.clock.now()).await?;
        txn.commit().await?;
        lab.run_due().await?;

        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{}", lab.database_name());
    }
    Ok(())
}
