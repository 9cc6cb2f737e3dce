//! What is put right by a person: other orders of the same cause follow by themselves, and what is marked as handled ends
//! what was meant and nothing else.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::issues::{self, Found, Retry};
use serde_json::{Value, json};
use shared::{ActionKind, ActionRequest, IssueCode, OrderId, RESTORE_DAYS, allowed_actions};
use tests::EngineLab;

use crate::asking::{ask, do_to, imported_order, placed_order, truth, try_to_ask};
use crate::catalogue::shown::{change_row, forget_store, mugs_to, place_as, retry_import, row, rows, sync};
use crate::labs::labs;

fn handled(code: IssueCode, subject: Option<&str>) -> ActionRequest {
    ActionRequest::MarkHandled { code, subject: subject.map(str::to_owned) }
}

/// What the merchant has to put right: fields of rows of the store, and their values when they are wrong and right.
struct Mend {
    code: IssueCode,
    order: Value,
    rows: Vec<(&'static str, Value, Value, Value)>,
}

fn one_of(sku: &str) -> Value {
    json!({ "country": "FR", "lines": [{ "seller_sku": sku }] })
}

async fn product(lab: &EngineLab, sku: &str) -> Result<Value> {
    row(lab, "products", "reference", sku).await
}

async fn mends(lab: &EngineLab) -> Result<Vec<Mend>> {
    let twin = rows(lab, "products", &[("reference", "TEA-TWIN-1")]).await?.pop().context("no twin")?;
    let (lamp, cedar) = (product(lab, "LAMP-RETRO-0").await?, product(lab, "CANDLE-CEDAR").await?);
    let denmark = row(lab, "countries", "iso_code", "DK").await?["id"].to_string();
    let taxes = rows(lab, "tax_rules", &[("id_country", &denmark)]).await?;
    Ok(vec![
        Mend {
            code: IssueCode::SkuAmbiguous,
            order: one_of("TEA-TWIN-1"),
            rows: vec![("products", twin, json!({}), json!({ "reference": "TEA-TWIN-2" }))],
        },
        Mend {
            code: IssueCode::SkuNotFound,
            order: one_of("CANDLE-PINE"),
            rows: vec![("products", cedar, json!({}), json!({ "reference": "CANDLE-PINE" }))],
        },
        Mend {
            code: IssueCode::ProductInactive,
            order: one_of("LAMP-RETRO-0"),
            rows: vec![("products", lamp, json!({}), json!({ "active": "1" }))],
        },
        Mend {
            code: IssueCode::TaxRuleMissing,
            order: mugs_to("DK"),
            rows: taxes
                .into_iter()
                .map(|tax| ("tax_rules", tax, json!({ "id_country": "0" }), json!({ "id_country": denmark })))
                .collect(),
        },
        Mend {
            code: IssueCode::StoreTotalMismatch,
            order: one_of("SOAP-LAVENDER"),
            rows: vec![(
                "products",
                product(lab, "SOAP-LAVENDER").await?,
                json!({ "ecotax": "0.10" }),
                json!({ "ecotax": "0" }),
            )],
        },
    ])
}

#[tokio::test]
async fn other_orders_follow_the_one_that_somebody_retries() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.store_control.patch("/configurations", &json!({ "PS_USE_ECOTAX": "1" })).await?;
        for Mend { code, order, rows } in mends(&lab).await? {
            for (resource, row, wrong, _) in &rows {
                change_row(&lab, resource, row, wrong).await?;
            }
            forget_store(&lab).await?;
            let ids = three_blocked(&lab, &order, code).await?;

            for (resource, row, _, right) in &rows {
                change_row(&lab, resource, row, right).await?;
            }
            retry_import(&lab, &ids[0]).await?;

            assert_all_imported(&lab, &ids, code).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn other_orders_follow_the_one_whose_sku_was_entered_in_tiktok_shop() -> Result<()> {
    for lab in labs().await {
        let ids = three_blocked(&lab, &one_of(""), IssueCode::SkuMissing).await?;

        for id in &ids {
            do_to(&lab, id, "sku", &json!({ "seller_sku": "CANDLE-FIG" })).await?;
        }
        sync(&lab, &ids[0]).await?;

        assert_all_imported(&lab, &ids, IssueCode::SkuMissing).await?;
    }
    Ok(())
}

async fn three_blocked(lab: &EngineLab, order: &Value, code: IssueCode) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(place_as(lab, "shippable", order).await?);
    }
    lab.poll().await?;
    for id in &ids {
        assert_eq!(lab.open_issues(id).await?, [code.as_str()], "{} {code}", lab.database_name());
    }
    Ok(ids)
}

/// Without a minute having passed, so that nothing was tried again but what was woken.
async fn assert_all_imported(lab: &EngineLab, ids: &[String], code: IssueCode) -> Result<()> {
    for id in ids {
        let order = lab.order(id).await?;
        let open = lab.open_issues(id).await?;
        assert_eq!(order.import_state, "imported", "{} {code}: {open:?}", lab.database_name());
        assert!(open.is_empty(), "{} {code}: {open:?}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn what_keeps_an_order_out_of_the_store_cannot_be_marked_as_handled() -> Result<()> {
    for lab in labs().await {
        let id = place_as(&lab, "shippable", &one_of("TEA-TWIN-1")).await?;
        lab.poll().await?;

        let refusal = try_to_ask(&lab, &id, handled(IssueCode::SkuAmbiguous, None)).await?.unwrap_err();

        assert!(refusal.starts_with("This problem keeps the order out of your store"), "{refusal}");
        assert_eq!(lab.open_issues(&id).await?, ["SKU_AMBIGUOUS"]);
        assert_eq!(lab.order(&id).await?.status, "error", "{}", lab.database_name());
    }
    Ok(())
}

#[tokio::test]
async fn one_difference_is_marked_as_handled_and_the_others_stay_open() -> Result<()> {
    for lab in labs().await {
        let id = imported_order(&lab).await?;
        let (writer, now) = (lab.database.writer(), lab.database.clock.now());
        let order_id = OrderId(lab.order(&id).await?.id);
        for subject in ["country", "canceled items"] {
            let found = Found::new(IssueCode::DriftDetected).with("field", subject).about(subject);
            issues::open(writer, lab.connection_id, order_id, &found, Retry::default(), now).await?;
        }
        let txn = lab.database.begin().await?;
        database::orders::derive_status(&txn, order_id, now).await?;
        txn.commit().await?;

        ask(&lab, &id, handled(IssueCode::DriftDetected, Some("country"))).await?;

        let open = issues::open_of(writer, order_id).await?;
        let subjects: Vec<_> = open.iter().map(|issue| issue.subject.as_str()).collect();
        assert_eq!(subjects, ["canceled items"], "{}", lab.database_name());
        let ignored = database::drifts::ignored(writer, &[order_id]).await?;
        let ignored: Vec<_> = ignored[&order_id].iter().map(|(subject, _)| subject.as_str()).collect();
        assert_eq!(ignored, ["country"], "the other one is told again");
        let again = try_to_ask(&lab, &id, handled(IssueCode::DriftDetected, Some("country"))).await?;
        assert_eq!(again.unwrap_err(), "No problem of this kind is open.");

        ask(&lab, &id, handled(IssueCode::DriftDetected, None)).await?;
        assert!(lab.open_issues(&id).await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_was_deleted_for_good_stays_so_whatever_tiktok_shop_says() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.break_store(&json!({ "kind": "cut_before" })).await?;
        let id = placed_order(&lab).await?;
        lab.poll().await?;
        ask(&lab, &id, ActionRequest::Archive {}).await?;
        lab.sandboxes.store_control.delete("/faults").await?;
        lab.advance(TimeDelta::days(RESTORE_DAYS) + TimeDelta::hours(1)).await?;
        let txn = lab.database.begin().await?;
        let now = lab.database.clock.now();
        job_queue::enqueue(&txn, sync::jobs::purge(now), now).await?;
        txn.commit().await?;
        lab.run_due().await?;
        let order_id = OrderId(lab.order(&id).await?.id);
        assert!(lab.order(&id).await?.purged_at.is_some(), "{}", lab.database_name());

        do_to(&lab, &id, "touch", &json!({})).await?;
        lab.poll().await?;

        let database = &lab.database;
        let shown = database::order_detail::find(database.writer(), &database.vault, order_id, false).await?;
        let summary = shown.context("it is in the list of deleted orders")?.summary;
        assert!(summary.purged && summary.actions.is_empty(), "{:?}", summary.actions);
        let channel_status = summary.channel_status.clone();
        let facts = database::orders::action_facts(&lab.order(&id).await?, &channel_status);
        assert!(allowed_actions(&facts).is_empty(), "{}", lab.database_name());
        for request in [ActionRequest::Restore {}, ActionRequest::Import {}, ActionRequest::Sync {}] {
            let kind = request.kind();
            let refusal = try_to_ask(&lab, &id, request).await?.unwrap_err();
            assert!(refusal.ends_with("its data is gone."), "{kind}: {refusal}");
        }
        assert!(lab.sandboxes.store_orders_of(&id).await?.is_empty(), "{}", lab.database_name());
        assert_eq!(truth(&lab, &id).await?["id"], json!(id), "TikTok Shop has it still");
        assert!(!summary.actions.contains(&ActionKind::Restore));
    }
    Ok(())
}
