//! A key that is limited to one connection: the other one is not there, route by route.

use std::time::Duration;

use database::issues::{self, Found, Retry};
use database::{connections, store_states};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use shared::{ConnectionId, FetchOrders, IssueCode, OrderId, Role, Scope};

use crate::app::{As, Person, TestApp, answer, app, apps, order};
use crate::rights::{Operation, operations};

/// Everything that there can be of one connection, by the first part of its address.
struct Things {
    connection: ConnectionId,
    order: OrderId,
    ids: Vec<(&'static str, i64)>,
    /// What tells that an answer speaks of it.
    marks: Vec<String>,
}

async fn things(app: &TestApp, person: &Person, shop: &str) -> Things {
    let connection = app.connect(shop).await;
    let tiktok_order_id = format!("57640000000000{shop}");
    let order = app.record(&connection, &order(&tiktok_order_id, app.now())).await;
    let txn = app.database.begin().await.unwrap();
    let found = Found::new(IssueCode::SkuNotFound).with("sku", format!("SKU-{shop}"));
    issues::open(&txn, connection.id, order, &found, Retry::default(), app.now()).await.unwrap();
    let range = FetchOrders::default();
    let sync_run = database::sync_runs::create(&txn, connection.id, &range, app.now()).await.unwrap();
    let night = (app.now() - chrono::TimeDelta::days(7), app.now());
    let reconciliation =
        database::reconciliations::create(&txn, connection.id, "orderbridge", night, app.now())
            .await
            .unwrap();
    let state = database::entities::store_states::Model {
        connection_id: connection.id.0,
        state_id: connection.id.0 + 1000,
        name: format!("State {shop}"),
        color: None,
        paid: false,
        shipped: false,
        delivered: false,
    };
    store_states::save(&txn, vec![state]).await.unwrap();
    txn.commit().await.unwrap();
    let note = json!({ "action": "note", "text": "Hello" });
    let (status, action) = answer(once(app, person, &format!("/orders/{order}/actions")).json(&note)).await;
    assert_eq!(status, 200, "{action}");
    let bulk = json!({ "request": { "action": "tag", "add": ["seen"] }, "order_ids": [order] });
    let (status, bulk_run) = answer(once(app, person, "/bulk-runs").json(&bulk)).await;
    assert_eq!(status, 202, "{bulk_run}");
    Things {
        ids: vec![
            ("connections", connection.id.0),
            ("orders", order.0),
            ("actions", action["id"].as_i64().unwrap()),
            ("bulk-runs", bulk_run["id"].as_i64().unwrap()),
            ("sync-runs", sync_run.0),
            ("reconciliations", reconciliation.0),
        ],
        marks: vec![tiktok_order_id, format!("Shop {shop}"), format!("SKU-{shop}"), format!("State {shop}")],
        connection: connection.id,
        order,
    }
}

fn once(app: &TestApp, person: &Person, path: &str) -> RequestBuilder {
    app.post(&format!("/api/v1{path}")).by(person).header("idempotency-key", uuid::Uuid::new_v4().to_string())
}

/// A request that is understood, so that only the reach is left to decide.
fn request(app: &TestApp, key: &Person, operation: &Operation, things: &Things) -> Option<RequestBuilder> {
    let rest = operation.path.strip_prefix("/api/v1/")?;
    let path = if rest.contains("{id}") {
        let kind = rest.split('/').next()?;
        let (_, id) = things.ids.iter().find(|(known, _)| *known == kind)?;
        operation.path.replace("{id}", &id.to_string())
    } else {
        operation.path.clone()
    };
    let request = app
        .request(operation.method.clone(), &path)
        .by(key)
        .header("idempotency-key", uuid::Uuid::new_v4().to_string())
        .header("if-match", "*");
    Some(match operation.id.as_str() {
        "requestAction" => request.json(&json!({ "action": "sync" })),
        "updateConnection" | "searchOrders" => request.json(&json!({})),
        "startBulkRun" => request.json(&json!({ "request": { "action": "sync" }, "filter": [] })),
        _ => request,
    })
}

/// They ask the outside while the caller waits.
const ASKING: [&str; 3] = ["previewImport", "testConnection", "testNewConnection"];

/// What the state of these things does not allow, though they are in reach.
const NOT_NOW: [(&str, &str); 3] = [
    ("eraseBuyer", "order_not_over"),
    ("retryBulkRun", "bulk_run_running"),
    ("undoAction", "action_has_left"),
];

#[tokio::test]
async fn nothing_of_another_connection_is_there_on_any_route() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let own = things(&app, &admin, "1001").await;
    let other = things(&app, &admin, "2002").await;
    let scopes: Vec<_> = Scope::ALL.iter().copied().filter(|scope| scope.is_of_connections()).collect();
    let key = app.key(&admin, &scopes, Some(&[own.connection])).await;
    let (mut named, mut passed) = (0, 0);
    let mut listed = 0;

    for operation in operations(&app).await {
        // Streams have a test of their own.
        if operation.id == "streamEvents" || !operation.path.starts_with("/api/v1/") {
            continue;
        }
        let id = &operation.id;
        if !operation.path.contains("{id}") {
            let Some(request) = request(&app, &key, &operation, &other) else { continue };
            let (status, text) = text_of(request).await;
            for mark in &other.marks {
                assert!(!text.contains(mark), "{id} answers {status} and tells of {mark}: {text}");
            }
            listed += usize::from((200..300).contains(&status));
            continue;
        }
        let Some(request_of_other) = request(&app, &key, &operation, &other) else {
            // Things of the installation: a limited key carries no scope for them. Exports are those of who asked for them.
            let path = operation.path.replace("{id}", "1");
            let (status, _) = text_of(app.request(operation.method.clone(), &path).by(&key)).await;
            let expected = if operation.path.starts_with("/api/v1/exports/") { 404 } else { 403 };
            assert_eq!(status, expected, "{id}");
            continue;
        };
        let (status, text) = text_of(request_of_other).await;
        assert_eq!(status, 404, "{id}: {text}");
        named += 1;
        if !ASKING.contains(&id.as_str()) {
            let (status, text) = text_of(request(&app, &key, &operation, &own).unwrap()).await;
            let refused = NOT_NOW.iter().find(|(known, _)| known == id);
            match refused {
                Some((_, code)) => assert!(status == 409 && text.contains(code), "{id}: {status} {text}"),
                None => assert!((200..300).contains(&status), "{id} of the own connection: {status} {text}"),
            }
            passed += usize::from(refused.is_none());
        }
    }

    // Whoever adds an operation counts it here.
    assert_eq!((named, passed, listed), (28, 23, 13));
    app.stop().await;
}

#[tokio::test]
async fn lists_of_a_limited_key_are_those_of_its_connection() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let own = things(&app, &admin, "1001").await;
        let other = things(&app, &admin, "2002").await;
        let scopes = [Scope::OrdersRead, Scope::OrdersWrite, Scope::ConnectionsRead];
        let key = app.key(&admin, &scopes, Some(&[own.connection])).await;
        let lists = ["/orders", "/issues", "/connections", "/store-states", "/health"];

        for list in lists {
            let path = format!("/api/v1{list}");
            let (_, limited) = text_of(app.get(&path).by(&key)).await;
            let (_, whole) = text_of(app.get(&path).by(&admin)).await;
            let tells = |text: &str, things: &Things| things.marks.iter().any(|mark| text.contains(mark));
            assert!(tells(&limited, &own) && !tells(&limited, &other), "{list}: {limited}");
            assert!(tells(&whole, &own) && tells(&whole, &other), "{list}: {whole}");
        }
        let counts = async |query: &str| {
            answer(app.get(&format!("/api/v1/orders/counts{query}")).by(&key)).await.1["all"].clone()
        };
        assert_eq!(counts("").await, 1);
        assert_eq!(counts(&format!("?connection={}", other.connection)).await, 0);
        assert_eq!(counts("?country=FR").await, 1, "also where counters do not help");
        let of_other = format!("/api/v1/orders?id={}", other.order);
        assert_eq!(answer(app.get(&of_other).by(&key)).await.1["items"], json!([]));
        let of_other = format!("/api/v1/issues?order={}", other.order);
        assert_eq!(answer(app.get(&of_other).by(&key)).await.1["items"], json!([]));

        let sync = json!({ "action": "sync" });
        let both = json!({ "request": sync, "order_ids": [own.order, other.order] });
        let (status, problem) = answer(once(&app, &key, "/bulk-runs").json(&both)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/order_ids")));
        let all = json!({ "request": sync, "filter": [] });
        let (status, run) = answer(once(&app, &key, "/bulk-runs").json(&all)).await;
        assert_eq!((status, &run["total"]), (202, &json!(1)));
        let (_, whole) = answer(once(&app, &admin, "/bulk-runs").json(&all)).await;
        assert_eq!(whole["total"], 2);
        let mixed = format!("/api/v1/bulk-runs/{}", whole["id"]);
        assert_eq!(answer(app.get(&mixed).by(&key)).await.0, 404, "a run over both");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_limited_key_hears_of_its_connection_only() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let own = things(&app, &admin, "1001").await;
    let other = things(&app, &admin, "2002").await;
    let key = app.key(&admin, &[Scope::OrdersRead], Some(&[own.connection])).await;

    let mut response = app.get("/api/v1/events").by(&key).header("last-event-id", 0).send().await.unwrap();
    let mut text = String::new();
    let record = async |connection, tiktok_order_id| {
        let vault = &app.database.vault;
        let record = connections::find(app.database.reader(), vault, connection).await.unwrap().unwrap();
        app.record(&record, &order(tiktok_order_id, app.now())).await
    };
    record(other.connection, "576400000000002003").await;
    let last = record(own.connection, "576400000000001002").await;
    while !text.contains(&format!("\"order_id\":{last}")) {
        let chunk = tokio::time::timeout(Duration::from_secs(10), response.chunk()).await;
        let chunk = chunk.expect("an event within ten seconds").unwrap().expect("the stream is open");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }

    assert!(text.contains(&format!("\"connection_id\":{}", own.connection)), "{text}");
    assert!(!text.contains(&format!("\"connection_id\":{}", other.connection)), "{text}");
    drop(response);
    app.stop().await;
}

async fn text_of(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_key_of_a_connection_that_is_gone_reaches_nothing() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let own = things(&app, &admin, "1001").await;
    let key = app.key(&admin, &[Scope::OrdersRead, Scope::ConnectionsRead], Some(&[own.connection])).await;
    use sea_orm::EntityTrait;
    let gone = database::entities::connections::Entity::delete_by_id(own.connection.0);
    gone.exec(app.database.writer()).await.unwrap();
    things(&app, &admin, "2002").await;

    let (_, orders) = answer(app.get("/api/v1/orders").by(&key)).await;
    let (_, connections) = answer(app.get("/api/v1/connections").by(&key)).await;

    assert_eq!((&orders["items"], &connections), (&json!([]), &Value::Array(vec![])));
    app.stop().await;
}
