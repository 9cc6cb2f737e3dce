use chrono::TimeDelta;
use database::actions;
use database::entities::actions as actions_table;
use job_queue::NewJob;
use reqwest::RequestBuilder;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use shared::{ActionId, BulkRunId, ChannelStatus, ConnectionId, MAX_BULK_ORDERS, OrderId, Role};

use crate::app::{As, Person, TestApp, answer, app, apps, order};

fn start(app: &TestApp, person: &Person, body: &Value) -> RequestBuilder {
    with_key(app.post("/api/v1/bulk-runs").by(person)).json(body)
}

fn with_key(request: RequestBuilder) -> RequestBuilder {
    request.header("idempotency-key", uuid::Uuid::new_v4().to_string())
}

async fn run(app: &TestApp, person: &Person, id: &Value) -> Value {
    let (status, run) = answer(app.get(&format!("/api/v1/bulk-runs/{id}")).by(person)).await;
    assert_eq!(status, 200, "{run}");
    run
}

async fn orders_of(app: &TestApp, person: &Person, id: &Value, query: &str) -> Vec<Value> {
    let (status, page) = answer(app.get(&format!("/api/v1/bulk-runs/{id}/orders{query}")).by(person)).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// Some orders that can be shipped, and one that is held.
async fn some_orders(app: &TestApp, ready: usize) -> (Vec<OrderId>, OrderId) {
    let connection = app.connect("1").await;
    let mut ids = Vec::new();
    for n in 0..ready {
        ids.push(app.record(&connection, &order(&format!("5764000000000000{n:02}"), app.now())).await);
    }
    let mut held = order("576400000000000099", app.now());
    held.channel_status = ChannelStatus::OnHold;
    (ids, app.record(&connection, &held).await)
}

/// As many orders as that, as fast as can be.
async fn fill(app: &TestApp, connection: ConnectionId, count: u64) {
    let orders = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        INSERT INTO orders (connection_id, tiktok_order_id, channel_status, channel_updated_at, status, known_status,
            import_state, fulfillment_type, currency, total_micros, expected_store_total_micros, first_item, item_count,
            unit_count, placed_at, received_at, updated_at)
        SELECT {connection}, CAST(576400000000000000 + i AS TEXT), 'IN_TRANSIT', 0, 'in_transit', 'in_transit',
            'waiting', 'merchant', 'EUR', 0, 0, '', 1, 1, i, i, i FROM n"
    );
    app.database.writer().execute_unprepared(&orders).await.unwrap();
}

#[tokio::test]
async fn a_run_asks_each_order_and_reports_each() {
    for app in apps().await {
        let operator = app.sign_in_as(Role::Operator).await;
        let (ids, held) = some_orders(&app, 4).await;
        let body = json!({
            "request": { "action": "ship" }, "filter": [["connection", "1"]], "except": [ids[3].0]
        });

        let (status, started) = answer(start(&app, &operator, &body)).await;
        assert_eq!((status, &started["state"], &started["total"]), (202, &json!("running"), &json!(4)));
        assert_eq!((&started["pending"], &started["actor"]), (&json!(4), &json!("operator@example.com")));
        let id = &started["id"];
        app.work_on("run_bulk").await;
        let now = run(&app, &operator, id).await;
        assert_eq!((&now["queued"], &now["refused"], &now["pending"]), (&json!(3), &json!(1), &json!(0)));
        assert_eq!(now["state"], "running", "until its actions have ended");

        let refused = orders_of(&app, &operator, id, "?outcome=refused").await;
        assert_eq!((refused.len(), &refused[0]["order_id"]), (1, &json!(held.0)));
        assert!(refused[0]["detail"].as_str().unwrap().starts_with("TikTok Shop holds"));
        assert_eq!(refused[0]["tiktok_order_id"], "576400000000000099");
        let page = orders_of(&app, &operator, id, "?limit=2").await;
        let shown: Vec<_> = page.iter().map(|order| order["order_id"].as_i64().unwrap()).collect();
        assert_eq!(shown, [ids[0].0, ids[1].0]);
        assert_eq!(
            answer(app.get(&format!("/api/v1/bulk-runs/{id}/orders?outcome=lost")).by(&operator)).await.0,
            400
        );

        // What becomes of the actions, becomes of the run's orders.
        let action_of = async |order: OrderId| {
            let (_, page) = answer(app.get(&format!("/api/v1/orders/{order}/actions")).by(&operator)).await;
            ActionId(page["items"][0]["id"].as_i64().unwrap())
        };
        let writer = app.database.writer();
        let done = actions::Ending::done("Shipped.");
        let failed =
            actions::Ending::failed(shared::IssueCode::ShipNotAllowed, "Cannot be shipped now: why.");
        actions::end(writer, action_of(ids[0]).await, &done, app.now()).await.unwrap();
        actions::end(writer, action_of(ids[1]).await, &failed, app.now()).await.unwrap();
        actions::undo(writer, action_of(ids[2]).await, app.now()).await.unwrap();
        let now = run(&app, &operator, id).await;
        assert_eq!((&now["done"], &now["failed"], &now["left"]), (&json!(1), &json!(1), &json!(1)));
        let failed = orders_of(&app, &operator, id, "?outcome=failed,done").await;
        assert_eq!(failed[0]["detail"], Value::Null);
        assert_eq!(failed[1]["detail"], "Cannot be shipped now: why.");

        let retry = || with_key(app.post(&format!("/api/v1/bulk-runs/{id}/retry")).by(&operator));
        let (status, problem) = answer(retry()).await;
        assert_eq!((status, &problem["code"]), (409, &json!("bulk_run_running")));
        app.clock.advance(TimeDelta::seconds(5));
        app.work_on("run_bulk").await;
        let ended = run(&app, &operator, id).await;
        assert_eq!(ended["state"], "done");
        assert!(ended["finished_at"].is_string());
        let (status, retried) = answer(retry()).await;
        assert_eq!((status, &retried["total"]), (202, &json!(2)), "{retried}");
        assert_ne!(&retried["id"], id);
        let members = orders_of(&app, &operator, &retried["id"], "").await;
        let members: Vec<_> = members.iter().map(|order| order["order_id"].as_i64().unwrap()).collect();
        assert_eq!(members, [ids[1].0, held.0]);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_takes_back_what_has_not_left() {
    for app in apps().await {
        let operator = app.sign_in_as(Role::Operator).await;
        let (ids, _) = some_orders(&app, 3).await;
        let cancel = json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" });
        let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let body = json!({ "request": cancel, "order_ids": numbers });
        let stop =
            async |id: &Value| answer(app.post(&format!("/api/v1/bulk-runs/{id}/stop")).by(&operator)).await;

        let (_, started) = answer(start(&app, &operator, &body)).await;
        let (status, stopped) = stop(&started["id"]).await;
        assert_eq!((status, &stopped["state"], &stopped["left"]), (200, &json!("stopped"), &json!(3)));

        let (_, started) = answer(start(&app, &operator, &body)).await;
        app.work_on("run_bulk").await;
        let (_, page) = answer(app.get(&format!("/api/v1/orders/{}/actions", ids[0])).by(&operator)).await;
        let sent = ActionId(page["items"][0]["id"].as_i64().unwrap());
        assert!(actions::set_sent(app.database.writer(), sent, app.now()).await.unwrap());
        let (_, stopped) = stop(&started["id"]).await;
        assert_eq!(
            (&stopped["state"], &stopped["left"], &stopped["queued"]),
            (&json!("stopped"), &json!(2), &json!(1))
        );
        let (_, story) = answer(app.get(&format!("/api/v1/orders/{}/timeline", ids[1])).by(&operator)).await;
        assert_eq!(story["items"][0]["topic"], "bulk");
        assert_eq!(stop(&started["id"]).await.1, stopped, "to stop twice changes nothing");
        app.work_on("run_bulk").await;
        assert_eq!(run(&app, &operator, &started["id"]).await, stopped);
        let retry = with_key(app.post(&format!("/api/v1/bulk-runs/{}/retry", started["id"])).by(&operator));
        let (status, problem) = answer(retry).await;
        assert_eq!((status, &problem["code"]), (409, &json!("nothing_to_retry")));
        assert_eq!(stop(&json!(77)).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn two_workers_on_one_run_ask_each_order_once() {
    for app in apps().await {
        let operator = app.sign_in_as(Role::Operator).await;
        let connection = app.connect("1").await;
        fill(&app, connection.id, 250).await;
        let body = json!({ "request": { "action": "tag", "add": ["a"] }, "filter": [] });
        let (_, started) = answer(start(&app, &operator, &body)).await;
        // As after a worker that was taken for dead and goes on all the same.
        let run_id = BulkRunId(started["id"].as_i64().unwrap());
        let job = sync::jobs::run_bulk(run_id, app.now());
        let twin = NewJob { subject: "twin".to_owned(), ..job };
        job_queue::enqueue(app.database.writer(), twin, app.now()).await.unwrap();

        tokio::join!(app.work_on("run_bulk"), app.work_on("run_bulk"));

        let ended = run(&app, &operator, &started["id"]).await;
        assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(250)));
        let asked = actions_table::Entity::find().count(app.database.reader()).await.unwrap();
        assert_eq!(asked, 250);
        app.stop().await;
    }
}

#[tokio::test]
async fn runs_that_are_not_meant_are_refused() {
    for app in apps().await {
        let operator = app.sign_in_as(Role::Operator).await;
        let (ids, _) = some_orders(&app, 1).await;
        let sync = json!({ "action": "sync" });
        let note = json!({ "action": "note", "text": "Hello" });
        let cases = [
            (json!({ "request": sync }), 422, "/order_ids"),
            (json!({ "request": sync, "order_ids": [ids[0].0], "filter": [] }), 422, "/filter"),
            (json!({ "request": sync, "order_ids": [ids[0].0, 7777] }), 422, "/order_ids"),
            (json!({ "request": sync, "filter": [["q", "nothing"]] }), 422, "/filter"),
            (json!({ "request": note, "order_ids": [ids[0].0] }), 422, "/request/action"),
            (json!({ "request": sync, "filter": [["colour", "red"]] }), 400, "/filter/0"),
        ];

        for (body, expected, pointer) in &cases {
            let (status, problem) = answer(start(&app, &operator, body)).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (*expected, &json!(pointer)), "{body}");
        }
        let without_key = app.post("/api/v1/bulk-runs").by(&operator);
        let (status, problem) =
            answer(without_key.json(&json!({ "request": sync, "order_ids": [ids[0].0] }))).await;
        assert_eq!((status, &problem["code"]), (400, &json!("idempotency_key_missing")));
        assert_eq!(
            answer(app.get("/api/v1/bulk-runs/1").by(&operator)).await.0,
            404,
            "nothing was left behind"
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn a_run_over_ten_thousand_orders_comes_to_its_end() {
    let app = app().await;
    let operator = app.sign_in_as(Role::Operator).await;
    let connection = app.connect("1").await;
    fill(&app, connection.id, MAX_BULK_ORDERS + 1).await;
    let body = json!({ "request": { "action": "archive" }, "filter": [["status", "in_transit"]] });

    let (status, problem) = answer(start(&app, &operator, &body)).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/filter")));
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("narrow the filter"));
    let named: Vec<u64> = (2..=MAX_BULK_ORDERS + 1).collect();
    let body = json!({ "request": { "action": "archive" }, "order_ids": named });
    let (status, started) = answer(start(&app, &operator, &body)).await;
    assert_eq!((status, &started["total"]), (202, &json!(MAX_BULK_ORDERS)));
    // An order that changes meanwhile is asked all the same, and refuses.
    let archive = json!({ "action": "archive" });
    let one = with_key(app.post("/api/v1/orders/9000/actions").by(&operator)).json(&archive);
    assert_eq!(answer(one).await.0, 200);
    app.work().await;

    let ended = run(&app, &operator, &started["id"]).await;
    assert_eq!(ended["state"], "done");
    assert_eq!((&ended["done"], &ended["refused"]), (&json!(MAX_BULK_ORDERS - 1), &json!(1)));
    let refused = orders_of(&app, &operator, &started["id"], "?outcome=refused").await;
    assert_eq!((refused.len(), &refused[0]["order_id"]), (1, &json!(9000)));
    let (_, counts) = answer(app.get("/api/v1/orders/counts").by(&operator)).await;
    assert_eq!(counts["all"], 1);
    app.stop().await;
}
