use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{ConnectionSettings, OrderId, OrderStatus, TikTokOrderId};
use sync::jobs;
use tests::{EngineLab, LabOptions};

async fn lab_with(settings: ConnectionSettings) -> EngineLab {
    EngineLab::start(test_database::sqlite(), LabOptions { settings, ..LabOptions::default() }).await.unwrap()
}
fn base() -> ConnectionSettings {
    LabOptions::default().settings
}
async fn place_mug(lab: &EngineLab, quantity: u32) -> String {
    let placed = json!({ "order": { "country": "FR", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": quantity }] } });
    lab.sandboxes.place(&placed).await.unwrap().remove(0)
}
async fn show(lab: &EngineLab, id: &str, what: &str) {
    let order = lab.order(id).await.unwrap();
    let store: Vec<_> = lab
        .sandboxes
        .store_orders_of(id)
        .await
        .unwrap()
        .iter()
        .map(|o| format!("#{} state {} total {}", o["id"], o["current_state"], o["total_paid"]))
        .collect();
    println!(
        "{what}: channel={} status={} import={} issues={:?} store={store:?}",
        order.channel_status,
        order.status,
        order.import_state,
        lab.open_issues(id).await.unwrap()
    );
}
async fn step_day(lab: &EngineLab, minutes: &[i64]) {
    for m in minutes {
        lab.advance(TimeDelta::minutes(*m)).await.unwrap();
        lab.run_due().await.unwrap();
    }
}





#[tokio::test]
async fn e16_partial_cancellation() -> Result<()> {
    let lab = lab_with(base()).await;
    let placed = json!({ "order": { "country": "US", "shipping_fee":"4.99", "lines": [{ "seller_sku": "MUG-STONE-BLU", "quantity": 2 }] } });
    let id = lab.sandboxes.place(&placed).await?.remove(0);
    lab.poll().await?;
    show(&lab, &id, "e16 imported").await;
    let truth = lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await?;
    let line = truth["as_seen_by_the_app"]["line_items"][0]["id"].clone();
    let done = lab
        .sandboxes
        .channel_control
        .post(&format!("/orders/{id}/cancel"), &json!({"by":"seller","order_line_item_ids":[line]}))
        .await;
    println!("e16 cancel {:?}", done.is_ok());
    let truth = lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await?;
    println!("e16 after {} {}", truth["as_seen_by_the_app"]["update_time"], truth["as_seen_by_the_app"]["payment"]);
    let now = lab.database.clock.now();
    job_queue::enqueue(lab.database.writer(), jobs::refresh_order(lab.connection_id, &TikTokOrderId(id.clone()), now), now).await?;
    lab.advance(TimeDelta::seconds(61)).await?;
    lab.poll().await?;
    show(&lab, &id, "e16 one of two cancelled after import").await;
    let order = lab.order(&id).await?;
    println!(
        "e16 store total {:?} expected now {}",
        order.store_total_micros, order.expected_store_total_micros
    );
    Ok(())
}

#[tokio::test]
async fn e03_clock_skew() -> Result<()> {
    for ahead in [0, 200] {
        let test_database = test_database::postgres().await.unwrap_or_else(test_database::sqlite);
        let url = test_database.url.clone();
        let lab = EngineLab::start(test_database, LabOptions::default()).await?;
        let id = place_mug(&lab, 1).await;
        // everything but the import
        lab.sandboxes.store_control.patch("/settings", &json!({"order_post_ms": 5000})).await?;
        let clock = std::sync::Arc::new(clock::ShiftedClock::default());
        clock.advance(TimeDelta::seconds(ahead));
        let vault = database::Vault::new(&database::MasterKey::new([7; 32]));
        let database = database::Database::connect(&url, vault, clock).await?;
        let b = sync::Engine::new(
            database,
            sync::EngineSettings {
                tiktok_api_url: lab.sandboxes.channel.api_url.parse()?,
                tiktok_auth_url: lab.sandboxes.channel.api_url.parse()?,
                instance: "b".to_owned(),
                store_observer: None,
            },
        )?;
        let a = lab.engine.clone();
        {
            let txn = lab.database.begin().await?;
            jobs::enqueue_periodic(&txn, lab.connection_id, lab.database.clock.now()).await?;
            txn.commit().await?;
        }
        let first = tokio::spawn(async move { a.run_due().await });
        let order = loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let Ok(order) = lab.order(&id).await else { continue };
            let intent = database::import_intents::find(lab.database.writer(), OrderId(order.id)).await?;
            if intent.is_some_and(|i| i.step == database::import_intents::Step::Posting) { break order; }
        };
        println!("e03 posting {:?}", job_queue::live(lab.database.writer(), jobs::IMPORT_ORDER, &order.id.to_string()).await?);
        println!("e03 b ran {}", b.run_due().await?);
        println!("e03 after b {:?}", job_queue::live(lab.database.writer(), jobs::IMPORT_ORDER, &order.id.to_string()).await?);
        first.await??;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        b.run_due().await?;
        lab.run_due().await?;
        show(&lab, &id, &format!("e03 other process {ahead} s ahead")).await;
    }
    Ok(())
}






#[tokio::test]
async fn e24_two_connections_one_store() -> Result<()> {
    let lab = lab_with(base()).await;
    let first = lab.connection().await?;
    let now = lab.database.clock.now();
    let second = database::connections::NewConnection {
        name: "Other market".to_owned(), app_key: first.app_key.clone(), app_secret: first.app_secret.clone(),
        shop_id: "999".to_owned(), shop_name: None, shop_cipher: first.shop_cipher.clone(), region: None,
        tokens: first.tokens.clone(), store_url: first.store_url.clone(), webservice_key: first.webservice_key.clone(),
        settings: first.settings.clone() };
    let second = database::connections::create(lab.database.writer(), &lab.database.vault, "second", second, now).await?;
    let second = database::connections::find(lab.database.writer(), &lab.database.vault, second).await?.unwrap();
    for connection in [&first, &second] {
        let id = place_mug(&lab, 1).await;
        let raw = lab.sandboxes.channel_control.get(&format!("/orders/{id}")).await?["as_seen_by_the_app"].clone();
        let snapshot = sync::mapping::snapshot_of(&tiktok_shop::ReadOrder::from_raw(raw)?, connection.settings.money_basis);
        let txn = lab.database.begin().await?;
        let recorded = database::orders::record_snapshot(&txn, &lab.database.vault, connection, &snapshot, now).await?;
        database::orders::set_import_state(&txn, recorded.id, shared::ImportState::Pending, now).await?;
        job_queue::enqueue(&txn, jobs::import_order(connection.id, recorded.id, now), now).await?;
        txn.commit().await?;
    }
    lab.sandboxes.store_control.patch("/settings", &json!({"order_post_ms": 2000})).await?;
    let (a, b) = (lab.engine.clone(), lab.another_engine("b").await?);
    let (x, y) = tokio::join!(a.run_due(), b.run_due());
    x?; y?;
    println!("e24 {}", lab.sandboxes.store_control.get("/counters").await?);
    Ok(())
}
