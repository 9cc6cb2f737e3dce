//! What was tried for an order.

use chrono::TimeDelta;
use database::attempts::{self, Attempt, Call};
use database::page::{PageRequest, Start};
use serde_json::{Value, json};
use shared::{AttemptOutcome, CallSide, IssueCode, OrderId, Role};
use sync::jobs;

use crate::app::{As, TestApp, answer, app, apps, order};

fn attempt(app: &TestApp, kind: &str) -> Attempt {
    Attempt {
        kind: kind.to_owned(),
        started_at: app.now(),
        duration_ms: 1_240,
        outcome: AttemptOutcome::Succeeded,
        code: None,
        asked_by: None,
        calls: vec![Call {
            side: CallSide::Store,
            method: "POST".to_owned(),
            origin: "https://shop.example".to_owned(),
            path: "/api/orders".to_owned(),
            status: Some(201),
            duration_ms: 180,
            request_id: Some("r-1".to_owned()),
            sent: Some("<prestashop>\n  <order>\n  </order>\n</prestashop>".to_owned()),
            answered: None,
        }],
    }
}

async fn keep(app: &TestApp, id: OrderId, attempt: &Attempt) {
    attempts::record(app.database.writer(), &app.database.vault, id, attempt).await.unwrap();
}

fn kinds(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|attempt| attempt["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn attempts_are_paged_newest_first_with_their_calls() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        let other = app.record(&connection, &order("576461413038785753", app.now())).await;
        let operator = app.sign_in_as(Role::Operator).await;
        let failed = Attempt {
            outcome: AttemptOutcome::Failed,
            code: Some(IssueCode::SkuNotFound),
            asked_by: Some("operator@example.com".to_owned()),
            calls: Vec::new(),
            ..attempt(&app, "import_order")
        };
        keep(&app, id, &failed).await;
        keep(&app, id, &attempt(&app, "import_order")).await;
        keep(&app, other, &attempt(&app, "ship_packages")).await;
        keep(&app, id, &attempt(&app, "push_store_state")).await;
        let path = format!("/api/v1/orders/{id}/attempts");

        let (status, first) = answer(app.get(&format!("{path}?limit=2")).by(&operator)).await;
        let after = first["next_cursor"].as_str().unwrap();
        let (_, second) = answer(app.get(&format!("{path}?limit=2&after={after}")).by(&operator)).await;

        assert_eq!(status, 200);
        assert_eq!(kinds(&first), ["push_store_state", "import_order"]);
        assert_eq!((kinds(&second), &second["has_more"]), (vec!["import_order"], &json!(false)));
        let call = &first["items"][0]["calls"][0];
        assert_eq!(
            (&call["side"], &call["status"], &call["request_id"]),
            (&json!("store"), &json!(201), &json!("r-1"))
        );
        assert_eq!(
            call["curl"],
            "curl -g -X POST \"https://shop.example/api/orders\" -u \"$WEBSERVICE_KEY:\" -H \"content-type: \
             text/xml\" --data-binary '<prestashop>\n  <order>\n  </order>\n</prestashop>'"
        );
        let told = &second["items"][0];
        assert_eq!((&told["outcome"], &told["code"]), (&json!("failed"), &json!("SKU_NOT_FOUND")));
        assert_eq!(
            (&told["title"], &told["asked_by"]),
            (&json!("Product not found"), &json!("operator@example.com"))
        );
        let cursor_of_another = format!("/api/v1/orders/{other}/attempts?after={after}");
        assert_eq!(answer(app.get(&cursor_of_another).by(&operator)).await.0, 400);
        app.stop().await;
    }
}

#[tokio::test]
async fn attempts_are_for_operators_and_have_no_filter() {
    let app = app().await;
    let connection = app.connect("1").await;
    let id = app.record(&connection, &order("576461413038785752", app.now())).await;
    let (operator, viewer) = (app.sign_in_as(Role::Operator).await, app.sign_in_as(Role::Viewer).await);
    let path = format!("/api/v1/orders/{id}/attempts");

    assert_eq!(answer(app.get(&path).by(&viewer)).await.0, 403);
    assert_eq!(answer(app.get("/api/v1/orders/77/attempts").by(&operator)).await.0, 404);
    let (status, problem) = answer(app.get(&format!("{path}?kind=import_order")).by(&operator)).await;
    assert_eq!((status, &problem["code"]), (400, &json!("unknown_filter")));
    app.stop().await;
}

#[tokio::test]
async fn attempts_are_kept_for_thirty_days() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        keep(&app, id, &attempt(&app, "import_order")).await;
        app.clock.advance(TimeDelta::days(2));
        keep(&app, id, &attempt(&app, "ship_packages")).await;
        app.clock.advance(TimeDelta::days(29));

        job_queue::enqueue(app.database.writer(), jobs::purge(app.now()), app.now()).await.unwrap();
        app.work_on(jobs::PURGE).await;

        let request = PageRequest { limit: 10, start: Start::First };
        let left = attempts::page(app.database.reader(), &app.database.vault, id, &request).await.unwrap();
        let kinds: Vec<_> = left.items.iter().map(|(_, attempt)| attempt.kind.as_str()).collect();
        assert_eq!(kinds, ["ship_packages"]);
        app.stop().await;
    }
}
