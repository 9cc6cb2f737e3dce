//! Whole runs of the real program: killed at random, several at once, without webhooks; then the three sides are compared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clock::{Clock, SystemClock};
use serde_json::{Value, json};
use shared::ConnectionState;
use tests::{Api, Duties, Run, RunOptions};
use tiktok_shop::{Secret, webhook};
use tokio_util::task::AbortOnDropHandle;

fn options(folder: &tempfile::TempDir) -> RunOptions {
    RunOptions { hold_seconds: 3, ..RunOptions::new(folder.path(), 4_711) }
}

/// Places the orders over some seconds, kills now and then, and says what is wrong in the end.
async fn complaints(options: &RunOptions, orders: u32, kills: u32, webhooks: bool) -> Result<Vec<String>> {
    let mut run = Run::start(options).await?;
    if !webhooks {
        let lost = json!({ "webhooks": { "loss_rate": 1.0 } });
        run.sandboxes.channel_control.put("/switches", &lost).await?;
    }
    let placing = json!({ "count": orders, "seed": options.seed, "mix": "all", "over_seconds": 5 });
    run.sandboxes.place(&placing).await?;
    run.kill_at_random(kills, Duration::from_secs(8), options.seed).await?;
    let comparison = run.settle(orders, Duration::from_secs(240)).await?;
    println!("{comparison}");
    assert_eq!(comparison.placed, orders as usize);
    assert!(comparison.imported > 0);
    Ok(comparison.complaints)
}

#[tokio::test]
async fn a_process_that_is_killed_again_and_again_loses_and_doubles_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let complaints = complaints(&options(&folder), 90, 4, true).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn three_processes_on_one_postgresql_share_the_work_and_double_nothing() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let several = RunOptions {
        database_url: Some(database.url.clone()),
        processes: vec![Duties::All; 3],
        ..options(&folder)
    };

    let complaints = complaints(&several, 90, 3, true).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn one_process_that_serves_and_one_that_works_do_together_what_one_does_alone() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let two = RunOptions {
        database_url: Some(database.url.clone()),
        processes: vec![Duties::Serve, Duties::Work],
        ..options(&folder)
    };

    let complaints = complaints(&two, 40, 2, true).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn without_a_single_webhook_every_order_arrives_by_polling() -> Result<()> {
    let folder = tempfile::tempdir()?;

    let complaints = complaints(&options(&folder), 80, 0, false).await?;

    assert_eq!(complaints, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn what_one_process_does_reaches_the_pages_that_listen_to_another() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let two = RunOptions {
        database_url: Some(database.url.clone()),
        processes: vec![Duties::All; 2],
        ..options(&folder)
    };
    let run = Run::start(&two).await?;
    let mut stream = Api::new(&run.processes[1].url()).listen().await?;

    let connections = run.api.connections().await?;
    run.api.change_connection(&connections[0], &json!({ "name": "Renamed" })).await?;

    let heard = tokio::time::timeout(Duration::from_secs(10), async {
        let mut heard = String::new();
        while let Some(chunk) = stream.chunk().await? {
            heard.push_str(&String::from_utf8_lossy(&chunk));
            if heard.contains("event: connection.updated") {
                return Ok::<_, anyhow::Error>(true);
            }
        }
        Ok(false)
    });
    assert!(heard.await??, "the stream ended");
    Ok(())
}

#[tokio::test]
async fn a_seller_with_several_shops_authorizes_each_and_all_go_on_with_the_newest_tokens() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let two_shops = RunOptions { markets: vec!["FR", "ES"], ..options(&folder) };
    let run = Run::start(&two_shops).await?;
    let control = &run.sandboxes.channel_control;
    let shop_ids = run.sandboxes.shop_ids().await?;
    let tiktok = &run.sandboxes.tiktok_options;
    control.put("/switches", &json!({ "authorization_invalidates_old": true })).await?;
    let consent = control.post("/authorize", &json!({})).await?;
    let mut request = json!({
        "name": "Casa Luz",
        "tiktok": {
            "app_key": tiktok.app_key, "app_secret": tiktok.app_secret.0, "auth_code": consent["auth_code"],
        },
        "store": { "url": run.sandboxes.store.shop_url, "webservice_key": run.sandboxes.store.key },
        "settings": { "import_placed_since": "2020-01-01T00:00:00Z", "poll_interval_s": 10 },
    });

    let refused = run.api.post::<Value>("/connections", &request).await;
    assert!(format!("{refused:?}").contains("for several shops"), "{refused:?}");
    // TikTok Shop takes a code once; the merchant sends it twice.
    request["tiktok"]["shop_id"] = json!(shop_ids[1]);
    let second: Value = run.api.post("/connections", &request).await?;
    assert_eq!(second["tiktok"]["shop_id"], shop_ids[1].as_str());

    // Each renewal ends the pair before it, for all shops of the seller.
    for round in 0..2 {
        control.post("/tokens/expire", &json!({})).await?;
        let mut placed = Vec::new();
        for shop_id in &shop_ids {
            let order = json!({ "count": 1, "seed": 60 + round, "mix": "plain", "shop_id": shop_id });
            placed.extend(run.sandboxes.place(&order).await?);
        }
        let begun = Instant::now();
        while run.api.all_orders("import_state=imported").await?.len() < 2 * (round + 1) {
            let connections = run.api.connections().await?;
            assert!(begun.elapsed() < Duration::from_secs(60), "{placed:?} {connections:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    // Whoever authorizes a connection once more need not say which shop it has.
    let consent = control.post("/authorize", &json!({})).await?;
    let again = json!({ "tiktok": {
        "app_key": tiktok.app_key, "app_secret": tiktok.app_secret.0, "auth_code": consent["auth_code"],
    } });
    run.api.change_connection(&run.api.connections().await?[0], &again).await?;
    let states: Vec<_> = run.api.connections().await?.iter().map(|connection| connection.state).collect();
    assert_eq!(states, [ConnectionState::Active; 2]);
    Ok(())
}

/// Sends notifications through a balancer that asks every process now and then whether it is ready.
async fn send_all(urls: &[String], notifications: Vec<(String, String)>, pause: Duration) -> Result<u32> {
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build()?;
    let ready: Vec<_> = urls.iter().map(|_| Arc::new(AtomicBool::new(true))).collect();
    let asking: Vec<_> = urls
        .iter()
        .zip(&ready)
        .map(|(url, ready)| {
            let (http, url, ready) = (http.clone(), format!("{url}/health/ready"), Arc::clone(ready));
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    let answer = http.get(&url).timeout(Duration::from_secs(2)).send().await;
                    let is_ready = answer.is_ok_and(|answer| answer.status().is_success());
                    ready.store(is_ready, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }))
        })
        .collect();
    let mut taken = 0;
    for (number, (body, signature)) in notifications.into_iter().enumerate() {
        let turn = (0..urls.len()).map(|step| (number + step) % urls.len());
        let place = turn.into_iter().find(|place| ready[*place].load(Ordering::Relaxed));
        let url = &urls[place.context("no process is ready")?];
        let request = http.post(format!("{url}/webhooks/tiktok")).header("authorization", signature);
        let answer = request.body(body).send().await.context("a request was lost")?;
        anyhow::ensure!(answer.status().is_success(), "a notification was answered with {}", answer.status());
        taken += 1;
        tokio::time::sleep(pause).await;
    }
    drop(asking);
    Ok(taken)
}

#[tokio::test]
async fn a_rolling_restart_under_load_loses_no_request_and_no_order() -> Result<()> {
    let Some(database) = test_database::postgres().await else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let three = RunOptions {
        database_url: Some(database.url.clone()),
        processes: vec![Duties::All; 3],
        environment: BTreeMap::from([("ORDERBRIDGE_DRAIN_SECONDS", "1".to_owned())]),
        poll_interval_s: 3_600,
        ..options(&folder)
    };
    let mut run = Run::start(&three).await?;
    // Nobody else tells of the orders.
    run.sandboxes.channel_control.put("/webhooks/targets", &json!({ "targets": [] })).await?;
    let placing = json!({ "count": 60, "seed": 8, "mix": "plain", "start": "shippable" });
    let orders = run.sandboxes.place(&placing).await?;
    let shop_id = run.api.connections().await?[0].tiktok.shop_id.clone();
    let options = &run.sandboxes.tiktok_options;
    let secret = Secret::new(&options.app_secret.0);
    let now = SystemClock.now().timestamp();
    let notifications: Vec<_> = orders
        .iter()
        .cycle()
        .take(300)
        .enumerate()
        .map(|(number, order)| {
            let body = json!({
                "type": 1,
                "tts_notification_id": format!("{number:019}"),
                "shop_id": shop_id,
                "timestamp": now,
                "data": { "order_id": order, "order_status": "AWAITING_SHIPMENT", "update_time": now },
            })
            .to_string();
            let signature = webhook::sign(&options.app_key, &secret, body.as_bytes());
            (body, signature)
        })
        .collect();
    let urls: Vec<_> = run.processes.iter().map(tests::Orderbridge::url).collect();
    let load = tokio::spawn(async move { send_all(&urls, notifications, Duration::from_millis(40)).await });

    for process in &mut run.processes {
        let took = process.end().await?;
        println!("ended within {took:?}");
        process.start_again().await?;
    }

    assert_eq!(load.await??, 300, "every request was answered");
    let comparison = run.settle(60, Duration::from_secs(120)).await?;
    println!("{comparison}");
    assert_eq!((comparison.complaints, comparison.imported), (Vec::<String>::new(), 60));
    Ok(())
}
