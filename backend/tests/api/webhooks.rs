use chrono::TimeDelta;
use database::entities::inbox;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use shared::{ConnectionState, Role};
use tiktok_shop::{Secret, webhook};

use crate::app::{APP_KEY, APP_SECRET, As, TestApp, answer, app, apps};

const SHOP: &str = "7493999789368181917";

fn notification(app: &TestApp) -> Value {
    json!({
        "type": 1,
        "tts_notification_id": "7392922053974394642",
        "shop_id": SHOP,
        "timestamp": app.now().timestamp(),
        "data": {
            "is_on_hold_order": false,
            "order_id": "577042645727872816",
            "order_status": "AWAITING_SHIPMENT",
            "update_time": app.now().timestamp()
        }
    })
}

/// Sends a body with a signature, and returns the status; the answer has no body.
async fn send(app: &TestApp, body: Vec<u8>, signature: &str) -> u16 {
    let response =
        app.post("/webhooks/tiktok").header("authorization", signature).body(body).send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.text().await.unwrap(), "");
    status
}

async fn send_signed(app: &TestApp, body: &Value) -> u16 {
    let body = serde_json::to_vec(body).unwrap();
    let signature = webhook::sign(APP_KEY, &Secret::new(APP_SECRET), &body);
    send(app, body, &signature).await
}

async fn stored(app: &TestApp) -> u64 {
    inbox::Entity::find().count(app.database.reader()).await.unwrap()
}

async fn jobs(app: &TestApp) -> u64 {
    job_queue::depth(app.database.reader(), app.now() + TimeDelta::seconds(1)).await.unwrap().due
}

#[tokio::test]
async fn a_notification_is_stored_with_the_job_that_follows() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;

        assert_eq!(send_signed(&app, &notification(&app)).await, 200);

        assert_eq!((stored(&app).await, jobs(&app).await), (1, 1));
        let vault = &app.database.vault;
        let after =
            database::connections::find(app.database.reader(), vault, connection.id).await.unwrap().unwrap();
        assert!(after.last_webhook_at.is_some());
        app.stop().await;
    }
}

#[tokio::test]
async fn a_replayed_notification_is_acknowledged_and_changes_nothing() {
    for app in apps().await {
        app.connect(SHOP).await;
        let body = notification(&app);

        for _ in 0..3 {
            assert_eq!(send_signed(&app, &body).await, 200);
        }

        assert_eq!((stored(&app).await, jobs(&app).await), (1, 1));
        app.stop().await;
    }
}

#[tokio::test]
async fn forged_notifications_are_refused_and_leave_nothing() {
    let app = app().await;
    app.connect(SHOP).await;
    let body = serde_json::to_vec(&notification(&app)).unwrap();
    let good = webhook::sign(APP_KEY, &Secret::new(APP_SECRET), &body);
    let mut other_shop = notification(&app);
    other_shop["shop_id"] = "1".into();
    let mut changed = body.clone();
    *changed.last_mut().unwrap() = b' ';
    changed.push(b'}');

    assert_eq!(send(&app, body.clone(), "").await, 401);
    assert_eq!(send(&app, body.clone(), &"0".repeat(64)).await, 401);
    assert_eq!(send(&app, body.clone(), &webhook::sign(APP_KEY, &Secret::new("other"), &body)).await, 401);
    assert_eq!(send(&app, changed, &good).await, 401, "the same JSON in other bytes");
    assert_eq!(send_signed(&app, &other_shop).await, 401, "a shop that is not connected");
    assert_eq!((stored(&app).await, jobs(&app).await), (0, 0));
    assert_eq!(send(&app, body, &good).await, 200);
    app.stop().await;
}

#[tokio::test]
async fn only_notifications_that_tiktok_may_still_repeat_are_taken() {
    let app = app().await;
    app.connect(SHOP).await;

    for (seconds, status) in [(-16 * 3600, 200), (-25 * 3600, 401), (240, 200), (400, 401)] {
        let mut body = notification(&app);
        body["tts_notification_id"] = format!("7392922053974{:06}", seconds + 100_000).into();
        body["timestamp"] = (app.now().timestamp() + seconds).into();
        assert_eq!(send_signed(&app, &body).await, status, "{seconds}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_what_is_new_is_kept() {
    let app = app().await;
    app.connect(SHOP).await;
    let signed_nonsense = b"{\"type\":".to_vec();
    let signature = webhook::sign(APP_KEY, &Secret::new(APP_SECRET), &signed_nonsense);
    let mut new_kind = notification(&app);
    new_kind["type"] = 4711.into();
    new_kind["data"] = json!(["something", "else"]);
    let mut without_id = notification(&app);
    without_id.as_object_mut().unwrap().remove("tts_notification_id");

    assert_eq!(send(&app, signed_nonsense, &signature).await, 401, "it names no shop, so no key fits");
    assert_eq!(send_signed(&app, &new_kind).await, 200);
    assert_eq!((stored(&app).await, jobs(&app).await), (1, 0));
    assert_eq!(send_signed(&app, &without_id).await, 200);
    assert_eq!(send_signed(&app, &without_id).await, 200);
    assert_eq!((stored(&app).await, jobs(&app).await), (2, 1));
    let large = vec![b' '; 300 * 1024];
    assert_eq!(send(&app, large, "").await, 413);
    app.stop().await;
}

#[tokio::test]
async fn a_package_notification_asks_for_all_its_orders() {
    let app = app().await;
    app.connect(SHOP).await;
    let mut body = notification(&app);
    body["type"] = 4.into();
    body["data"] = json!({ "sc_type": "SPLIT", "package_list": [
        { "package_id": "1", "order_id_list": ["576400000000000001", "576400000000000002"] },
        { "package_id": "2", "order_id_list": ["576400000000000002", "not an id"] }
    ]});

    assert_eq!(send_signed(&app, &body).await, 200);

    assert_eq!((stored(&app).await, jobs(&app).await), (1, 2));
    app.stop().await;
}

#[tokio::test]
async fn a_shop_that_removes_the_app_is_noted_at_once() {
    let app = app().await;
    let connection = app.connect(SHOP).await;
    let mut body = notification(&app);
    body["type"] = 6.into();
    body["data"] = json!({ "message": "The seller has deauthorized your app." });

    assert_eq!(send_signed(&app, &body).await, 200);

    let vault = &app.database.vault;
    let after =
        database::connections::find(app.database.reader(), vault, connection.id).await.unwrap().unwrap();
    assert_eq!(after.state, ConnectionState::Unauthorized);
    assert_eq!(after.deauthorized_at.map(|at| at.timestamp()), Some(app.now().timestamp()));
    let manager = app.sign_in_as(Role::Manager).await;
    let path = format!("/api/v1/connections/{}", connection.id);
    let (status, shown) = answer(app.get(&path).by(&manager)).await;
    assert_eq!((status, shown["deauthorized_at"].is_string()), (200, true), "{shown}");
    app.stop().await;
}

#[tokio::test]
async fn a_notification_that_the_database_cannot_take_is_refused_and_taken_when_it_is_sent_again() {
    for app in apps().await {
        app.connect(SHOP).await;
        // Somebody holds the one writer of SQLite, or the table, for longer than TikTok Shop waits.
        let held = app.database.begin().await.unwrap();
        if app.database.backend() == DbBackend::Postgres {
            held.execute_unprepared("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE").await.unwrap();
        }

        let refused = send_signed(&app, &notification(&app)).await;
        held.rollback().await.unwrap();
        let stored_before = stored(&app).await;
        let taken = send_signed(&app, &notification(&app)).await;

        assert_eq!((refused, stored_before, taken), (503, 0, 200), "{}", app.base);
        assert_eq!((stored(&app).await, jobs(&app).await), (1, 1));
        app.stop().await;
    }
}
