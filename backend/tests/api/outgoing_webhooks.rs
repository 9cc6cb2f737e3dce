//! What receivers of webhooks get, judged by the specification's own library.

use chrono::TimeDelta;
use database::compared_amounts::StoreAmounts;
use database::connections::{self, ConnectionRecord};
use database::issues::{self, Found, Retry};
use database::orders::{self, StoreOrderRecord};
use database::webhook_deliveries::{self, Attempted, Due, Next};
use database::webhooks;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{ChannelStatus, ConnectionState, CreateWebhook, IssueCode, OrderId, Role, WebhookId};
use sync::jobs::{DELIVER_WEBHOOK, TELL_WEBHOOK};
use tokio_util::sync::CancellationToken;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{As, PASSWORD, Person, TestApp, answer, app, app_with, apps_with, order};

const PRIVATE_TOO: &[&str] = &["--allow-private-addresses"];

async fn receiver(status: u16) -> MockServer {
    let server = MockServer::start().await;
    answer_with(&server, status).await;
    server
}

async fn answer_with(server: &MockServer, status: u16) {
    server.reset().await;
    let body = "the receiver's own words";
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).set_body_string(body))
        .mount(server)
        .await;
}

/// The types and data of what arrived, in order.
async fn received(server: &MockServer) -> Vec<(String, Value)> {
    let requests = server.received_requests().await.unwrap();
    let message = |request: &wiremock::Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        (body["type"].as_str().unwrap().to_owned(), body["data"].clone())
    };
    requests.iter().map(message).collect()
}

async fn create(app: &TestApp, manager: &Person, body: Value) -> Value {
    let (status, created) = answer(app.post("/api/v1/webhooks").by(manager).json(&body)).await;
    assert_eq!(status, 201, "{created}");
    created
}

/// Sends what is due to every receiver.
async fn send_all(app: &TestApp) {
    app.work_on(TELL_WEBHOOK).await;
    app.work_on(DELIVER_WEBHOOK).await;
}

async fn deliveries(app: &TestApp, manager: &Person, id: &Value) -> Vec<Value> {
    let (status, page) = answer(app.get(&format!("/api/v1/webhooks/{id}/deliveries")).by(manager)).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

fn verifies(secret: &Value, request: &wiremock::Request) -> bool {
    let webhook = standardwebhooks::Webhook::new(secret.as_str().unwrap()).unwrap();
    webhook.verify(&request.body, &request.headers).is_ok()
}

#[tokio::test]
async fn a_new_order_is_told_of_once_signed_and_without_its_buyer() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let tool = receiver(204).await;
        let webhook = create(&app, &manager, json!({ "url": tool.uri() })).await;

        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        send_all(&app).await;

        let data = json!({ "connection_id": connection.id, "order_id": id });
        assert_eq!(received(&tool).await, [("order.received".to_owned(), data)]);
        let request = &tool.received_requests().await.unwrap()[0];
        assert!(verifies(&webhook["secret"], request));
        let text = String::from_utf8(request.body.clone()).unwrap();
        assert!(!text.contains("Camille") && !text.contains("576461413038785752"), "{text}");
        let log = deliveries(&app, &manager, &webhook["id"]).await;
        let delivery = &log[0];
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)));
        assert_eq!((&delivery["response_status"], &delivery["next_try_at"]), (&json!(204), &Value::Null));
        assert_eq!(delivery["message_id"], request.headers["webhook-id"].to_str().unwrap());
        assert!(delivery["duration_ms"].is_i64());
        app.stop().await;
    }
}

/// Records what TikTok Shop says of the order a moment later.
async fn moves_to(app: &TestApp, connection: &ConnectionRecord, status: ChannelStatus) -> OrderId {
    app.clock.advance(TimeDelta::seconds(1));
    let mut snapshot = order("576461413038785752", app.now());
    snapshot.raw = json!({ "status": status.as_str() });
    snapshot.channel_status = status;
    app.record(connection, &snapshot).await
}

#[tokio::test]
async fn every_event_is_told_by_the_change_that_causes_it() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let id = moves_to(&app, &connection, ChannelStatus::AwaitingShipment).await;
        let tool = receiver(200).await;
        create(&app, &manager, json!({ "url": tool.uri() })).await;
        let writer = app.database.writer();
        let now = app.now();

        let store_order = StoreOrderRecord {
            id: 7,
            reference: Some("ABCDEFGHI".to_owned()),
            state_id: Some(2),
            total: "46.89".parse().unwrap(),
            amounts: StoreAmounts::default(),
        };
        for _ in 0..2 {
            orders::set_imported(writer, id, &store_order, now).await.unwrap();
        }
        let found = Found::new(IssueCode::SkuNotFound).about("CANDLE-FIG").with("sku", "CANDLE-FIG");
        for _ in 0..2 {
            issues::open(writer, connection.id, id, &found, Retry::default(), now).await.unwrap();
        }
        issues::resolve(writer, id, &[IssueCode::SkuNotFound], now).await.unwrap();
        let (active, unauthorized) = (ConnectionState::Active, ConnectionState::Unauthorized);
        for (from, to) in [(active, unauthorized), (active, unauthorized), (unauthorized, active)] {
            connections::set_state(writer, connection.id, from, to, now).await.unwrap();
        }
        send_all(&app).await;
        moves_to(&app, &connection, ChannelStatus::InTransit).await;
        send_all(&app).await;
        moves_to(&app, &connection, ChannelStatus::Cancelled).await;
        send_all(&app).await;

        let mut kinds: Vec<_> = received(&tool).await.into_iter().map(|(kind, _)| kind).collect();
        kinds.sort();
        let expected = [
            "connection.degraded",
            "connection.restored",
            "issue.opened",
            "issue.resolved",
            "order.canceled",
            "order.imported",
            "order.shipped",
            "order.updated",
            "order.updated",
        ];
        assert_eq!(kinds, expected);
        let opened = received(&tool).await.into_iter().find(|(kind, _)| kind == "issue.opened").unwrap().1;
        assert_eq!((&opened["code"], &opened["order_id"]), (&json!("SKU_NOT_FOUND"), &json!(id)));
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_committed_is_not_told() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let tool = receiver(200).await;
        create(&app, &manager, json!({ "url": tool.uri() })).await;

        let txn = app.database.begin().await.unwrap();
        let snapshot = order("576461413038785752", app.now());
        orders::record_snapshot(&txn, &app.database.vault, &connection, &snapshot, app.now()).await.unwrap();
        txn.rollback().await.unwrap();
        send_all(&app).await;

        assert!(received(&tool).await.is_empty());
        app.stop().await;
    }
}

#[tokio::test]
async fn each_webhook_hears_of_its_events_and_connections_only() {
    let app = app_with(PRIVATE_TOO).await;
    let manager = app.sign_in_as(Role::Manager).await;
    let (one, other) = (app.connect("1").await, app.connect("2").await);
    let (events, connections, off) = (receiver(200).await, receiver(200).await, receiver(200).await);
    create(&app, &manager, json!({ "url": events.uri(), "events": ["order.canceled"] })).await;
    create(&app, &manager, json!({ "url": connections.uri(), "connection_ids": [other.id] })).await;
    create(&app, &manager, json!({ "url": off.uri(), "enabled": false })).await;

    app.record(&one, &order("576461413038785752", app.now())).await;
    app.record(&other, &order("576461413038785753", app.now())).await;
    send_all(&app).await;

    assert!(received(&events).await.is_empty() && received(&off).await.is_empty());
    let heard = received(&connections).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].1["connection_id"], json!(other.id));
    app.stop().await;
}

#[tokio::test]
async fn a_message_that_fails_is_sent_again_with_the_same_id() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let tool = receiver(500).await;
        let webhook = create(&app, &manager, json!({ "url": tool.uri() })).await;
        app.record(&connection, &order("576461413038785752", app.now())).await;

        send_all(&app).await;
        let failed = deliveries(&app, &manager, &webhook["id"]).await.remove(0);
        assert_eq!((&failed["state"], &failed["response_status"]), (&json!("pending"), &json!(500)));
        assert!(!failed.to_string().contains("own words"), "nothing of the answer's body is kept");
        let first = tool.received_requests().await.unwrap().remove(0);
        let (_, shown) = answer(app.get(&format!("/api/v1/webhooks/{}", webhook["id"])).by(&manager)).await;
        assert!(shown["failing_since"].is_string() && shown["enabled"] == true, "{shown}");
        send_all(&app).await;
        assert_eq!(tool.received_requests().await.unwrap().len(), 1, "not before its time");

        answer_with(&tool, 200).await;
        app.clock.advance(TimeDelta::seconds(6));
        send_all(&app).await;
        let second = tool.received_requests().await.unwrap().remove(0);
        assert_eq!(second.headers["webhook-id"], first.headers["webhook-id"]);
        assert_ne!(second.headers["webhook-signature"], first.headers["webhook-signature"], "a new time");
        let delivered = deliveries(&app, &manager, &webhook["id"]).await.remove(0);
        assert_eq!((&delivered["state"], &delivered["attempts"]), (&json!("delivered"), &json!(2)));
        let (_, shown) = answer(app.get(&format!("/api/v1/webhooks/{}", webhook["id"])).by(&manager)).await;
        assert_eq!(shown["failing_since"], Value::Null);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_fails_for_days_is_told_nothing_more() {
    for (status, reason) in [(410, "gone"), (503, "failing")] {
        for app in apps_with(PRIVATE_TOO).await {
            let manager = app.sign_in_as(Role::Manager).await;
            let connection = app.connect("1").await;
            let tool = receiver(status).await;
            let webhook = create(&app, &manager, json!({ "url": tool.uri() })).await;
            app.record(&connection, &order("576461413038785752", app.now())).await;

            for _ in 0..10 {
                send_all(&app).await;
                app.clock.advance(TimeDelta::hours(27));
            }

            // The session has ended long ago.
            let manager = Person::of(app.sign_in("manager@example.com", PASSWORD).await).await;
            let path = format!("/api/v1/webhooks/{}", webhook["id"]);
            let response = app.get(&path).by(&manager).send().await.unwrap();
            let tag = response.headers()["etag"].to_str().unwrap().to_owned();
            let shown: Value = response.json().await.unwrap();
            assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!(reason)));
            assert_eq!(deliveries(&app, &manager, &webhook["id"]).await[0]["state"], "failed");
            let before = tool.received_requests().await.unwrap().len();
            app.record(&connection, &order("576461413038785753", app.now())).await;
            send_all(&app).await;
            assert_eq!(tool.received_requests().await.unwrap().len(), before);

            let change = app.request(Method::PATCH, &path).by(&manager).header("if-match", tag);
            let (_, enabled) = answer(change.json(&json!({ "enabled": true }))).await;
            assert_eq!((&enabled["enabled"], &enabled["disabled_reason"]), (&json!(true), &Value::Null));
            app.stop().await;
        }
    }
}

#[tokio::test]
async fn what_was_given_up_while_it_was_sent_does_not_come_back_to_life() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let webhook = create(&app, &manager, json!({ "url": "http://127.0.0.1:9/" })).await;
        let id = WebhookId(webhook["id"].as_i64().unwrap());
        for number in ["576461413038785752", "576461413038785753"] {
            app.record(&connection, &order(number, app.now())).await;
        }
        let writer = app.database.writer();
        let taken = webhook_deliveries::take_due(writer, id, 10, app.now()).await.unwrap();
        assert_eq!(taken.len(), 2);
        webhook_deliveries::give_up_all(writer, id, "it was switched off").await.unwrap();

        let later = app.now() + TimeDelta::minutes(5);
        for (due, next) in taken.iter().zip([Next::TryAgain(later), Next::Nothing]) {
            let attempted = Attempted { next, response_status: None, duration_ms: 7, error: None };
            webhook_deliveries::note(writer, due, &attempted).await.unwrap();
        }

        assert_eq!(webhook_deliveries::next_due(writer, id).await.unwrap(), None);
        let log = deliveries(&app, &manager, &webhook["id"]).await;
        let state_of = |due: &Due| {
            let row = log.iter().find(|row| row["id"] == json!(due.id)).unwrap();
            (row["state"].clone(), row["error"].clone())
        };
        assert_eq!(state_of(&taken[0]), (json!("failed"), json!("it was switched off")));
        assert_eq!(state_of(&taken[1]), (json!("delivered"), Value::Null), "it arrived all the same");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_keeps_no_other_waiting() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent_url = format!("http://{}/", silent.local_addr().unwrap());
        let tool = receiver(200).await;
        create(&app, &manager, json!({ "url": silent_url })).await;
        create(&app, &manager, json!({ "url": tool.uri() })).await;
        // More than the silent one is sent at the same time.
        for n in 0..20 {
            app.record(&connection, &order(&format!("57646141303878{n:04}"), app.now())).await;
        }

        let shutdown = CancellationToken::new();
        let running = tokio::spawn({
            let (engine, shutdown) = (app.engine(), shutdown.clone());
            async move { engine.run(shutdown).await }
        });
        let caller = silent.accept().await.unwrap();
        let told = async {
            while received(&tool).await.len() < 20 {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), told).await;

        assert!(in_time.is_ok(), "{} of 20 arrived", received(&tool).await.len());
        drop((caller, silent));
        shutdown.cancel();
        running.await.unwrap().unwrap();
        app.stop().await;
    }
}

#[tokio::test]
async fn two_secrets_sign_while_one_replaces_the_other() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let connection = app.connect("1").await;
        let tool = receiver(200).await;
        let old = create(&app, &manager, json!({ "url": tool.uri() })).await;
        let rotate = |version: &str, body: Value| {
            let path = format!("/api/v1/webhooks/{}/rotate-secret", old["id"]);
            app.post(&path).by(&manager).header("if-match", version).json(&body)
        };

        let (status, new) = answer(rotate("\"1\"", json!({ "overlap_hours": 1 }))).await;
        assert_eq!(status, 200, "{new}");
        let again = answer(rotate("\"1\"", json!({ "overlap_hours": 1 }))).await;
        assert_eq!(again.0, 412, "a repeat does not replace the secret that was made");
        app.record(&connection, &order("576461413038785752", app.now())).await;
        send_all(&app).await;
        let both = tool.received_requests().await.unwrap().remove(0);
        assert!(verifies(&old["secret"], &both) && verifies(&new["secret"], &both));

        // The library compares the time of a message with its own, so the overlap ends at once rather than in an hour.
        let (_, newest) = answer(rotate("\"2\"", json!({ "overlap_hours": 0 }))).await;
        app.record(&connection, &order("576461413038785753", app.now())).await;
        send_all(&app).await;
        let one = tool.received_requests().await.unwrap().remove(1);
        assert!(verifies(&newest["secret"], &one));
        assert!(!verifies(&new["secret"], &one) && !verifies(&old["secret"], &one));
        let (status, problem) = answer(rotate("\"3\"", json!({ "overlap_hours": 169 }))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/overlap_hours")));
        app.stop().await;
    }
}

#[tokio::test]
async fn the_test_button_and_a_replay_send_at_once_and_once() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let tool = receiver(200).await;
        let webhook =
            create(&app, &manager, json!({ "url": tool.uri(), "events": ["order.canceled"] })).await;
        let path = format!("/api/v1/webhooks/{}", webhook["id"]);
        let post =
            |path: String, key: &'static str| app.post(&path).by(&manager).header("idempotency-key", key);

        for _ in 0..2 {
            let (status, delivery) = answer(post(format!("{path}/test"), "one")).await;
            assert_eq!((status, &delivery["event"]), (202, &json!("webhook.test")), "{delivery}");
        }
        send_all(&app).await;
        assert_eq!(received(&tool).await, [("webhook.test".to_owned(), json!({}))]);

        let sent = deliveries(&app, &manager, &webhook["id"]).await.remove(0);
        let replay = format!("{path}/deliveries/{}/replay", sent["id"]);
        let (status, pending) = answer(post(replay, "two")).await;
        assert_eq!((status, &pending["state"]), (202, &json!("pending")), "{pending}");
        send_all(&app).await;
        let requests = tool.received_requests().await.unwrap();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].headers["webhook-id"], requests[1].headers["webhook-id"]);
        assert_eq!(deliveries(&app, &manager, &webhook["id"]).await[0]["attempts"], 2);
        for nothing in ["77", "x"] {
            let replay = format!("{path}/deliveries/{nothing}/replay");
            assert_eq!(
                answer(app.post(&replay).by(&manager).header("idempotency-key", nothing)).await.0,
                404
            );
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_it_changes() {
    for app in apps_with(PRIVATE_TOO).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let tool = receiver(200).await;
        let response = app
            .post("/api/v1/webhooks")
            .by(&manager)
            .json(&json!({ "url": tool.uri(), "description": "Warehouse" }))
            .send()
            .await
            .unwrap();
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let webhook: Value = response.json().await.unwrap();
        let path = format!("/api/v1/webhooks/{}", webhook["id"]);
        let with =
            |method: Method, tag: &str| app.request(method, &path).by(&manager).header("if-match", tag);

        let known = app.get(&path).by(&manager).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
        let (status, changed) =
            answer(with(Method::PATCH, &tag).json(&json!({ "events": ["order.shipped"] }))).await;
        assert_eq!((status, &changed["events"]), (200, &json!(["order.shipped"])));
        assert_eq!(changed["description"], "Warehouse", "what is left out stays");
        assert!(changed.get("secret").is_none(), "shown once");
        assert_eq!(answer(with(Method::PATCH, &tag).json(&json!({}))).await.0, 412);
        assert_eq!(answer(app.request(Method::DELETE, &path).by(&manager)).await.0, 428);
        assert_eq!(answer(with(Method::DELETE, &tag)).await.0, 412);
        let current = format!("\"{}\"", changed["version"]);
        assert_eq!(answer(with(Method::DELETE, &current)).await.0, 204);
        assert_eq!(answer(app.get(&path).by(&manager)).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn wrong_values_are_named() {
    let app = app_with(PRIVATE_TOO).await;
    let manager = app.sign_in_as(Role::Manager).await;
    let url = "http://127.0.0.1:1/";
    let cases = [
        (json!({ "url": "ftp://tool.example/" }), "/url"),
        (json!({ "url": url, "description": "x".repeat(201) }), "/description"),
        (json!({ "url": url, "events": ["webhook.test"] }), "/events"),
        (json!({ "url": url, "connection_ids": [7] }), "/connection_ids/0"),
    ];

    for (body, pointer) in cases {
        let (status, problem) = answer(app.post("/api/v1/webhooks").by(&manager).json(&body)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    let unknown = json!({ "url": url, "events": ["order.lost"] });
    assert_eq!(answer(app.post("/api/v1/webhooks").by(&manager).json(&unknown)).await.0, 400);
    for _ in 0..50 {
        create(&app, &manager, json!({ "url": url })).await;
    }
    let (status, problem) =
        answer(app.post("/api/v1/webhooks").by(&manager).json(&json!({ "url": url }))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("too_many_webhooks")));
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_must_be_a_public_web_server() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let addresses = [
        "http://tool.example/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[::1]/",
        "https://user:secret@tool.example/",
        "https://tool.example:8443/",
        "https://localhost/",
        "https://tool.example/#part",
    ];

    for address in addresses {
        let (status, problem) =
            answer(app.post("/api/v1/webhooks").by(&manager).json(&json!({ "url": address }))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/url")), "{address}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_leads_into_a_private_network_is_not_sent_whoever_stored_it() {
    let app = app().await;
    let connection = app.connect("1").await;
    let manager = app.sign_in_as(Role::Manager).await;
    let inside = receiver(200).await;
    let by_name = format!("http://localhost:{}/", inside.address().port());
    for (uid, url) in [("a", inside.uri()), ("b", by_name)] {
        let new = CreateWebhook {
            url,
            description: String::new(),
            events: Vec::new(),
            connection_ids: Vec::new(),
            enabled: true,
        };
        let secret = outgoing_secret();
        webhooks::create(app.database.writer(), &app.database.vault, uid, &new, &secret, app.now())
            .await
            .unwrap();
    }

    app.record(&connection, &order("576461413038785752", app.now())).await;
    send_all(&app).await;

    assert!(received(&inside).await.is_empty());
    for id in [1, 2] {
        let log = deliveries(&app, &manager, &json!(id)).await;
        let error = log[0]["error"].as_str().unwrap();
        assert!(error.contains("private network"), "{error}");
    }
    app.stop().await;
}

fn outgoing_secret() -> String {
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let app = app_with(PRIVATE_TOO).await;
    let manager = app.sign_in_as(Role::Manager).await;
    let connection = app.connect("1").await;
    let (tool, elsewhere) = (MockServer::start().await, receiver(200).await);
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    Mock::given(method("POST")).respond_with(redirect).mount(&tool).await;
    let webhook = create(&app, &manager, json!({ "url": tool.uri() })).await;

    app.record(&connection, &order("576461413038785752", app.now())).await;
    send_all(&app).await;

    assert!(received(&elsewhere).await.is_empty());
    assert_eq!(deliveries(&app, &manager, &webhook["id"]).await[0]["response_status"], 307);
    app.stop().await;
}
