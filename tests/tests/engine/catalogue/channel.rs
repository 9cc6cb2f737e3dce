//! TikTok Shop away, closed to us, slow, or saying what nobody expects of it.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use database::connections;
use serde_json::{Value, json};
use shared::{ActionRequest, IssueCode, OrderStatus};
use sync::jobs;
use tests::EngineLab;

use super::shown::{cleared, shown};
use crate::asking::{ask, do_to, imported_order, let_time_pass};
use crate::store_side::look_again;

/// Where single orders are read.
const READS: &str = "/202507/orders";

/// Somebody asks for the order's status while `broken` holds: a first failure that passes is not worth an alarm, so there
/// are two.
async fn fail_to_read(lab: &EngineLab, id: &str, broken: impl AsyncFn() -> Result<()>) -> Result<()> {
    broken().await?;
    ask(lab, id, ActionRequest::Sync {}).await?;
    lab.run_due().await?;
    let open = lab.open_issues(id).await?;
    ensure!(open.is_empty(), "an alarm after one failure: {open:?}");
    lab.advance(TimeDelta::seconds(5)).await?;
    broken().await?;
    lab.run_due().await
}

async fn fail_with(lab: &EngineLab, id: &str, kind: &str) -> Result<()> {
    fail_to_read(lab, id, async || lab.sandboxes.break_channel(&json!({ "path": READS, "kind": kind })).await)
        .await
}

async fn mend(lab: &EngineLab) -> Result<()> {
    lab.sandboxes.channel_control.delete("/faults").await?;
    let_time_pass(lab, &[1, 3]).await
}

pub async fn unreachable(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    fail_with(lab, &id, "overload").await?;
    let issue = shown(lab, &id, IssueCode::ChannelUnreachable).await?;
    ensure!(issue.next_retry_at.is_some(), "the next try is shown: {issue:?}");

    mend(lab).await?;
    cleared(lab, &id, IssueCode::ChannelUnreachable, OrderStatus::AwaitingShipment).await
}

/// A limit of a moment is no news; one that lasts is told as a warning, and waits are no failures, however many there are.
pub async fn rate_limited(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let fault = json!({ "path": READS, "kind": "rate_limited", "retry_after": 2 });
    lab.sandboxes.break_channel(&fault).await?;
    do_to(lab, &id, "ship", &json!({})).await?;
    let asked = ask(lab, &id, ActionRequest::Sync {}).await?;
    lab.run_due().await?;
    let open = lab.open_issues(&id).await?;
    ensure!(open.is_empty(), "{open:?}");
    let_time_pass(lab, &[2, 10]).await?;
    let issue = shown(lab, &id, IssueCode::ChannelRateLimited).await?;
    ensure!(issue.next_retry_at.is_some(), "the next try is shown: {issue:?}");
    mend(lab).await?;
    crate::asking::assert_done(lab, asked).await?;
    cleared(lab, &id, IssueCode::ChannelRateLimited, OrderStatus::AwaitingCollection).await?;

    // A long one is told at once.
    let id = imported_order(lab).await?;
    lab.sandboxes.break_channel(&json!({ "path": READS, "kind": "rate_limited", "retry_after": 90 })).await?;
    let asked = ask(lab, &id, ActionRequest::Sync {}).await?;
    lab.run_due().await?;
    shown(lab, &id, IssueCode::ChannelRateLimited).await?;
    mend(lab).await?;
    crate::asking::assert_done(lab, asked).await?;
    cleared(lab, &id, IssueCode::ChannelRateLimited, OrderStatus::AwaitingShipment).await
}

/// The seller takes the permission back; a refresh is refused, and a new authorization lets everything follow.
pub async fn access_ended(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    lab.sandboxes.channel_control.post("/tokens/revoke", &Value::Null).await?;
    let failed = fail_to_read(lab, &id, async || Ok(())).await;
    let issue = match failed {
        Ok(()) => shown(lab, &id, IssueCode::ChannelAuthExpired).await,
        Err(error) => Err(error),
    };

    authorize(lab).await?;
    issue?;
    let_time_pass(lab, &[1, 3]).await?;
    cleared(lab, &id, IssueCode::ChannelAuthExpired, OrderStatus::AwaitingShipment).await
}

/// The seller removes the app, and TikTok Shop tells us.
pub async fn deauthorized(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    lab.sandboxes.channel_control.post("/tokens/revoke", &Value::Null).await?;
    let now = lab.database.clock.now();
    connections::set_deauthorized(lab.database.writer(), lab.connection_id, Some(now)).await?;
    let failed = fail_to_read(lab, &id, async || Ok(())).await;
    let issue = match failed {
        Ok(()) => shown(lab, &id, IssueCode::ChannelDeauthorized).await,
        Err(error) => Err(error),
    };

    authorize(lab).await?;
    issue?;
    let_time_pass(lab, &[1, 3]).await?;
    ensure!(lab.connection().await?.deauthorized_at.is_none(), "the connection still counts as left");
    cleared(lab, &id, IssueCode::ChannelDeauthorized, OrderStatus::AwaitingShipment).await
}

/// Authorizes the connection again, as its page does.
async fn authorize(lab: &EngineLab) -> Result<()> {
    let grant = lab.sandboxes.channel_control.post("/tokens", &Value::Null).await?;
    let token = |name: &str| grant[name].as_str().map(str::to_owned).context("no token");
    let stale = lab.connection().await?;
    let mut tokens = stale.tokens.clone();
    tokens.access_token = token("access_token")?;
    tokens.refresh_token = token("refresh_token")?;
    let txn = lab.database.begin().await?;
    connections::replace_tokens(&txn, &lab.database.vault, &stale, &tokens).await?;
    jobs::connection_changed(&txn, stale.id, lab.database.clock.now()).await?;
    txn.commit().await?;
    lab.run_due().await
}

pub async fn scope_missing(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let scopes = async |change: &str| {
        let change = json!({ change: ["seller.order.info"] });
        lab.sandboxes.channel_control.post("/scopes", &change).await.map(drop)
    };
    let failed = fail_to_read(lab, &id, async || scopes("remove").await).await;
    let issue = match failed {
        Ok(()) => shown(lab, &id, IssueCode::ChannelScopeMissing).await,
        Err(error) => Err(error),
    };
    scopes("add").await?;
    assert_eq!(issue?.sentence, "TikTok has not granted: seller.order.info.");

    let_time_pass(lab, &[1, 3]).await?;
    cleared(lab, &id, IssueCode::ChannelScopeMissing, OrderStatus::AwaitingShipment).await
}

pub async fn clock_skew(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let behind = async || {
        let switches = lab.sandboxes.channel_control.get("/switches").await?;
        let ahead = switches["gateway_clock_ahead_s"].as_i64().context("no clock")?;
        let clock = json!({ "gateway_ahead_seconds": ahead + 400 });
        lab.sandboxes.channel_control.post("/clock", &clock).await.map(drop)
    };
    fail_to_read(lab, &id, behind).await?;
    shown(lab, &id, IssueCode::ChannelClockSkew).await?;

    // The lab sets all clocks alike.
    let_time_pass(lab, &[1, 3]).await?;
    cleared(lab, &id, IssueCode::ChannelClockSkew, OrderStatus::AwaitingShipment).await
}

pub async fn status_unknown(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    do_to(lab, &id, "status", &json!({ "status": "AWAITING_INSPECTION" })).await?;
    look_again(lab).await?;
    let issue = shown(lab, &id, IssueCode::ChannelStatusUnknown).await?;
    ensure!(issue.sentence.contains("(AWAITING_INSPECTION)"), "{}", issue.sentence);
    ensure!(lab.order(&id).await?.status == "awaiting_shipment", "the last known status is kept");

    do_to(lab, &id, "status", &json!({ "status": "AWAITING_SHIPMENT" })).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::ChannelStatusUnknown, OrderStatus::AwaitingShipment).await
}

/// The order goes back, and then forward again.
pub async fn status_regressed(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    do_to(lab, &id, "ship", &json!({})).await?;
    look_again(lab).await?;
    do_to(lab, &id, "status", &json!({ "status": "AWAITING_SHIPMENT" })).await?;
    look_again(lab).await?;
    let issue = shown(lab, &id, IssueCode::ChannelStatusRegressed).await?;
    ensure!(issue.sentence.contains("from AWAITING_COLLECTION to AWAITING_SHIPMENT"), "{}", issue.sentence);

    do_to(lab, &id, "status", &json!({ "status": "AWAITING_COLLECTION" })).await?;
    look_again(lab).await?;
    cleared(lab, &id, IssueCode::ChannelStatusRegressed, OrderStatus::AwaitingCollection).await
}

/// TikTok Shop refuses the app itself: nothing that could be mended in an order, so the setting is named.
pub async fn misconfigured(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    fail_with(lab, &id, "ip_refused").await?;
    let issue = shown(lab, &id, IssueCode::ChannelMisconfigured).await?;
    ensure!(issue.sentence.contains("IP allow list") && issue.remedy.contains("Partner Center"), "{issue:?}");
    mend(lab).await?;
    cleared(lab, &id, IssueCode::ChannelMisconfigured, OrderStatus::AwaitingShipment).await?;

    let id = imported_order(lab).await?;
    let secret = async |app_secret: String| {
        let mut connection = lab.connection().await?;
        connection.app_secret = app_secret;
        let now = lab.database.clock.now();
        let txn = lab.database.begin().await?;
        ensure!(connections::update(&txn, &lab.database.vault, &connection, now).await?, "changed meanwhile");
        jobs::connection_changed(&txn, connection.id, now).await?;
        txn.commit().await?;
        lab.run_due().await
    };
    let right = lab.connection().await?.app_secret;
    fail_to_read(lab, &id, async || secret("of another app".to_owned()).await).await?;
    let issue = shown(lab, &id, IssueCode::ChannelMisconfigured).await;
    secret(right).await?;
    ensure!(issue?.sentence.contains("app secret"), "the secret is not named");
    let_time_pass(lab, &[1, 3]).await?;
    cleared(lab, &id, IssueCode::ChannelMisconfigured, OrderStatus::AwaitingShipment).await
}

/// TikTok Shop does not know what we ask for: a defect of ours.
pub async fn internal(lab: &EngineLab) -> Result<()> {
    let id = imported_order(lab).await?;
    let unknown = json!({ "path": READS, "kind": "html", "status": 404 });
    fail_to_read(lab, &id, async || lab.sandboxes.break_channel(&unknown).await).await?;
    shown(lab, &id, IssueCode::Internal).await?;

    mend(lab).await?;
    cleared(lab, &id, IssueCode::Internal, OrderStatus::AwaitingShipment).await
}
