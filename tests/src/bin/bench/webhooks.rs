//! How fast webhooks are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clock::{Clock, SystemClock};
use futures::future::try_join_all;
use reqwest::header::AUTHORIZATION;
use serde_json::json;
use tests::{Run, RunOptions};
use tiktok_shop::{Secret, webhook};
use tokio::time::Instant;

use crate::Scale;
use crate::report::{Samples, Table, ms, print_section, verdict};

const CONNECTIONS: usize = 8;
const RATE_PER_SECOND: u32 = 500;
const MOST_TIME: Duration = Duration::from_millis(50);
/// Notifications about each order that is there.
const PER_ORDER: usize = 10;

/// A notification, ready to be sent.
struct Signed {
    body: String,
    signature: String,
}

/// What a number of webhooks brought.
struct Answered {
    latency: Samples,
    took: Duration,
}

pub async fn measure(scale: &Scale) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = RunOptions { poll_interval_s: 3_600, ..RunOptions::new(folder.path(), scale.seed) };
    let run = Run::start(&options).await?;
    // The sandbox keeps its own notifications to itself; the orders are first heard of by those that are measured.
    run.sandboxes.channel_control.put("/webhooks/targets", &json!({ "targets": [] })).await?;
    let count = u32::try_from(scale.webhooks.div_ceil(PER_ORDER)).context("too many webhooks")?;
    let placing = json!({ "count": count, "seed": scale.seed, "mix": "plain", "start": "shippable" });
    let orders = run.sandboxes.place(&placing).await?;
    let unknown: Vec<_> =
        (0..scale.webhooks).map(|number| (576_470_000_000_000_000 + number).to_string()).collect();
    let connections = run.api.connections().await?;
    let shop_id = &connections.first().context("no connection")?.tiktok.shop_id;
    let url = format!("{}/webhooks/tiktok", run.processes[0].url());

    print_section(&format!(
        "Webhooks on SQLite: {} signed notifications of type 1 for each line, {CONNECTIONS} connections",
        scale.webhooks
    ));
    let mut table = Table::new(&["", "answered per second", "p50 ms", "p99 ms", "target ms", ""]);
    let mut show = |name: &str, answered: Answered, target: Option<Duration>| {
        let per_second = answered.latency.len() as f64 / answered.took.as_secs_f64();
        let p99 = answered.latency.percentile(99);
        table.row([
            name.to_owned(),
            format!("{per_second:.0}"),
            ms(answered.latency.percentile(50)),
            ms(p99),
            target.map_or_else(String::new, |target| format!("<= {}", ms(target))),
            verdict(target.is_none_or(|target| p99 <= target)).to_owned(),
        ]);
    };

    let rush = signed(&run, shop_id, scale.webhooks, &orders, 1)?;
    show("at full speed, while the orders are imported", send(&url, rush, None).await?, None);
    // From here on the worker rests, so that the answers are measured and not the sandboxes beside it.
    run.api.pause_connections().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let alone = signed(&run, shop_id, scale.webhooks, &unknown, 2)?;
    show("at full speed, with the worker at rest", send(&url, alone, None).await?, None);
    let paced = signed(&run, shop_id, scale.webhooks, &unknown, 3)?;
    show(
        &format!("{RATE_PER_SECOND} per second, from when each was due"),
        send(&url, paced, Some(RATE_PER_SECOND)).await?,
        Some(MOST_TIME),
    );
    print!("{table}");
    Ok(())
}

/// Notifications about these orders in turn, signed by the app.
fn signed(run: &Run, shop_id: &str, count: usize, orders: &[String], batch: usize) -> Result<Vec<Signed>> {
    let options = &run.sandboxes.tiktok_options;
    let secret = Secret::new(&options.app_secret.0);
    let now = SystemClock.now().timestamp();
    (0..count)
        .map(|number| {
            let body = json!({
                "type": 1,
                "tts_notification_id": format!("{batch}{number:018}"),
                "shop_id": shop_id,
                "timestamp": now,
                "data": {
                    "is_on_hold_order": false,
                    "order_id": orders.get(number % orders.len()).context("no orders")?,
                    "order_status": "AWAITING_SHIPMENT",
                    "update_time": now,
                },
            })
            .to_string();
            let signature = webhook::sign(&options.app_key, &secret, body.as_bytes());
            Ok(Signed { body, signature })
        })
        .collect()
}

/// Sends each once; at a rate, or one after the other on every connection.
///
/// At a rate, an answer's time counts from when its notification was due, so that waiting for a free connection counts.
async fn send(url: &str, notifications: Vec<Signed>, rate: Option<u32>) -> Result<Answered> {
    let notifications = Arc::new(notifications);
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let connections = (0..CONNECTIONS).map(|_| {
        let (notifications, next, url) = (notifications.clone(), next.clone(), url.to_owned());
        let http = reqwest::Client::new();
        tokio::spawn(async move {
            let mut latency = Samples::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(signed) = notifications.get(number) else { return Ok(latency) };
                let due = match rate {
                    Some(rate) => begun + Duration::from_secs(1) * u32::try_from(number)? / rate,
                    None => Instant::now(),
                };
                tokio::time::sleep_until(due).await;
                let request = http.post(&url).header(AUTHORIZATION, &signed.signature);
                let status = request.body(signed.body.clone()).send().await?.status();
                ensure!(status.is_success(), "a webhook was answered with {status}");
                latency.push(due.elapsed());
            }
        })
    });
    let mut latency = Samples::default();
    for answered in try_join_all(connections).await? {
        latency.extend(answered?);
    }
    Ok(Answered { latency, took: begun.elapsed() })
}
