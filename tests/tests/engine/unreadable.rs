//! Orders that TikTok Shop tells of in a way that cannot be read: the merchant sees them, and they hold up nothing.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::EngineLab;

use crate::asking::{do_to, imported_order, let_time_pass, placed_order};
use crate::channel::until;
use crate::labs::labs;

/// In the grid with a problem, and not in the store.
async fn assert_only_shown(lab: &EngineLab, id: &str, channel_status: &str, case: &str) -> Result<()> {
    let order = lab.order(id).await?;
    assert_eq!(lab.open_issues(id).await?, ["INTERNAL"], "{case}");
    assert_eq!((order.status.as_str(), order.channel_status.as_str()), ("error", channel_status), "{case}");
    assert_eq!(order.import_state, "waiting", "{case}");
    let age = lab.database.clock.now().timestamp_millis() - order.placed_at;
    assert!(age < TimeDelta::days(1).num_milliseconds(), "{case}: it stands where nobody looks");
    assert_eq!(lab.sandboxes.store_orders_of(id).await?, Vec::<Value>::new(), "{case}");
    Ok(())
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_shown_and_imported_as_soon_as_it_can() -> Result<()> {
    let unreadable = [
        (json!({ "payment": "gone" }), "AWAITING_SHIPMENT"),
        (json!({ "line_items": { "count": 2 }, "create_time": "yesterday" }), "AWAITING_SHIPMENT"),
        (json!({ "status": { "code": 111 }, "update_time": "now" }), ""),
    ];
    for lab in labs().await {
        for (fields, channel_status) in &unreadable {
            let case = format!("{} {fields}", lab.database_name());
            let id = placed_order(&lab).await?;
            do_to(&lab, &id, "overwrite", fields).await?;
            // Those beside it are read all the same.
            imported_order(&lab).await?;
            lab.advance(TimeDelta::seconds(5)).await?;
            lab.run_due().await?;
            assert_only_shown(&lab, &id, channel_status, &case).await?;
            let_time_pass(&lab, &[1, 5, 15]).await?;
            assert_only_shown(&lab, &id, channel_status, &case).await?;

            do_to(&lab, &id, "overwrite", &json!({})).await?;
            until(&lab, &id, "imported").await?;

            assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
            assert_eq!(lab.order(&id).await?.status, "awaiting_shipment", "{case}");
            assert_eq!(lab.sandboxes.store_orders_of(&id).await?.len(), 1, "{case}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_can_no_longer_be_read_says_so_until_it_can() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let id = imported_order(&lab).await?;
        let before = lab.order(&id).await?;
        do_to(&lab, &id, "overwrite", &json!({ "payment": "gone" })).await?;
        do_to(&lab, &id, "touch", &json!({})).await?;
        lab.advance(TimeDelta::minutes(1)).await?;
        lab.poll().await?;
        lab.advance(TimeDelta::seconds(5)).await?;
        lab.run_due().await?;

        assert_eq!(lab.open_issues(&id).await?, ["INTERNAL"], "{case}");
        let order = lab.order(&id).await?;
        assert_eq!(
            (order.total_micros, order.unit_count),
            (before.total_micros, before.unit_count),
            "{case}"
        );

        do_to(&lab, &id, "overwrite", &json!({})).await?;
        let_time_pass(&lab, &[1, 5]).await?;
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new(), "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_no_answer_of_tiktok_shops_makes_no_order() -> Result<()> {
    for lab in labs().await {
        let id = placed_order(&lab).await?;
        let fault = json!({ "path": "/202507/orders", "kind": "html" });
        lab.sandboxes.break_channel(&fault).await?;

        lab.poll().await?;
        let_time_pass(&lab, &[1, 5]).await?;

        assert!(lab.order(&id).await.is_err(), "{}", lab.database_name());
        lab.sandboxes.channel_control.delete("/faults").await?;
        until(&lab, &id, "imported").await?;
    }
    Ok(())
}
