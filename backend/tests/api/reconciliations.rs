use chrono::TimeDelta;
use database::alerts::{self, Crossed};
use database::circuit_breakers;
use database::reconciliations::{self, Findings};
use serde_json::{Value, json};
use shared::{AlertKind, ReconciliationId, Role, Side};
use sync::jobs;

use crate::app::{As, answer, app, app_with, apps};

const SHOP: &str = "7493999789368181917";

#[tokio::test]
async fn a_comparison_is_started_once_and_leaves_a_receipt() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;
        let operator = app.sign_in_as(Role::Operator).await;
        let path = format!("/api/v1/connections/{}/reconciliations", connection.id);
        let start =
            |key: &str, body: Value| app.post(&path).by(&operator).header("idempotency-key", key).json(&body);

        let (status, started) = answer(start("one", json!({ "days": 3 }))).await;
        let (again, repeated) = answer(start("one", json!({ "days": 3 }))).await;
        let (wrong, problem) = answer(start("two", json!({ "days": 0 }))).await;

        assert_eq!((status, again, wrong), (202, 202, 422), "{started} {problem}");
        assert_eq!(started, repeated);
        assert_eq!((&started["state"], &started["clean"]), (&json!("queued"), &json!(false)));
        let id = ReconciliationId(started["id"].as_i64().unwrap());
        let findings = Findings { seen_on_tiktok: 9, seen_in_store: 9, compared: 9, ..Findings::default() };
        reconciliations::begin(app.database.writer(), id, app.now()).await.unwrap();
        reconciliations::end(app.database.writer(), id, Ok(findings), app.now()).await.unwrap();
        let (status, receipt) = answer(app.get(&format!("/api/v1/reconciliations/{id}")).by(&operator)).await;
        assert_eq!((status, &receipt["clean"], &receipt["compared"]), (200, &json!(true), &json!(9)));
        let (_, page) = answer(app.get(&path).by(&operator)).await;
        assert_eq!(page["items"], json!([receipt]));
        let (status, health) = answer(app.get("/api/v1/health").by(&operator)).await;
        assert_eq!(status, 200);
        assert_eq!(health["connections"][0]["last_reconciliation"], receipt);
        app.stop().await;
    }
}

#[tokio::test]
async fn the_receipt_of_a_comparison_that_failed_says_why_and_what_was_found_until_then() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;
        let operator = app.sign_in_as(Role::Operator).await;
        let writer = app.database.writer();
        let window = (app.now() - TimeDelta::days(7), app.now());
        let actor = "ada@example.com";
        let id = reconciliations::create(writer, connection.id, actor, window, app.now()).await.unwrap();
        reconciliations::begin(writer, id, app.now()).await.unwrap();
        let findings = Findings { seen_on_tiktok: 300, missing_here: 2, ..Findings::default() };
        reconciliations::progress(writer, id, findings).await.unwrap();

        reconciliations::end(writer, id, Err("TikTok not answering"), app.now()).await.unwrap();

        let (_, receipt) = answer(app.get(&format!("/api/v1/reconciliations/{id}")).by(&operator)).await;
        assert_eq!((&receipt["state"], &receipt["clean"]), (&json!("failed"), &json!(false)), "{receipt}");
        assert_eq!((&receipt["seen_on_tiktok"], &receipt["missing_here"]), (&json!(300), &json!(2)));
        assert_eq!(receipt["error"], "TikTok not answering");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_comparison_can_be_canceled_until_it_has_ended() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;
        let operator = app.sign_in_as(Role::Operator).await;
        let start = format!("/api/v1/connections/{}/reconciliations", connection.id);
        let start = |key: &str| app.post(&start).by(&operator).header("idempotency-key", key.to_owned());
        let cancel = |id: &Value| app.post(&format!("/api/v1/reconciliations/{id}/cancel")).by(&operator);
        let (_, started) = answer(start("one")).await;

        let (status, canceled) = answer(cancel(&started["id"])).await;
        assert_eq!((status, &canceled["state"]), (200, &json!("canceled")), "{canceled}");
        assert!(canceled["ended_at"].is_string() && canceled["error"].is_null(), "{canceled}");
        assert_eq!(
            answer(cancel(&started["id"])).await,
            (200, canceled.clone()),
            "nothing is left to cancel"
        );
        app.work_on(jobs::RECONCILE).await;
        let live = job_queue::live(app.database.reader(), jobs::RECONCILE, &connection.id.to_string()).await;
        assert!(
            live.unwrap().is_none(),
            "nobody answers as the store here, so a job that asked would be tried again"
        );
        let path = format!("/api/v1/reconciliations/{}", started["id"]);
        assert_eq!(answer(app.get(&path).by(&operator)).await.1, canceled);

        let (_, other) = answer(start("two")).await;
        let id = ReconciliationId(other["id"].as_i64().unwrap());
        let writer = app.database.writer();
        reconciliations::end(writer, id, Ok(Findings::default()), app.now()).await.unwrap();
        assert_eq!(answer(cancel(&other["id"])).await.1["state"], "done");
        assert_eq!(answer(cancel(&json!(77))).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn health_tells_of_sides_that_do_not_answer() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let now = app.now();
        let next = now + TimeDelta::seconds(30);
        circuit_breakers::open(
            app.database.writer(),
            connection.id,
            Side::Store,
            "no answer came",
            next,
            now,
        )
        .await
        .unwrap();

        let (_, health) = answer(app.get("/api/v1/health").by(&viewer)).await;

        let of_connection = &health["connections"][0];
        assert_eq!(of_connection["store"]["breaker"], "open", "{health}");
        assert_eq!(of_connection["store"]["reason"], "no answer came");
        assert_eq!(of_connection["tiktok"]["breaker"], "closed");
        assert!(of_connection["problems"][0].as_str().unwrap().starts_with("The store has not answered"));
        assert!(health["clock_skew_ms"].as_i64().unwrap().abs() < 30_000, "{health}");
        app.stop().await;
    }
}

#[tokio::test]
async fn alerts_are_listed_open_and_closed() {
    for app in apps().await {
        let connection = app.connect(SHOP).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let crossed =
            |kind, sentence: &str| Crossed { kind, sentence: sentence.to_owned(), value: 7, threshold: 5 };
        let both = [crossed(AlertKind::StoreDown, "down"), crossed(AlertKind::NewErrors, "errors")];
        let writer = app.database.writer();
        let opened = alerts::set(writer, connection.id, &both, app.now()).await.unwrap();
        let closed = alerts::set(writer, connection.id, &both[1..], app.now()).await.unwrap();
        assert_eq!((opened.opened.len(), opened.degrading_before, opened.degrading_after), (2, 0, 1));
        assert_eq!((closed.closed, closed.degrading_before), (vec![AlertKind::StoreDown], 1));

        let kinds = async |query: &str| {
            let (status, page) = answer(app.get(&format!("/api/v1/alerts{query}")).by(&viewer)).await;
            assert_eq!(status, 200, "{page}");
            let kinds = page["items"].as_array().unwrap().iter().map(|alert| alert["kind"].clone());
            Value::from(kinds.collect::<Vec<_>>())
        };
        assert_eq!(kinds("").await, json!(["new_errors", "store_down"]));
        assert_eq!(kinds("?open=true").await, json!(["new_errors"]));
        assert_eq!(kinds("?open=false&kind=store_down,sync_lag").await, json!(["store_down"]));
        assert_eq!(kinds("?connection=999").await, json!([]));
        let (status, problem) = answer(app.get("/api/v1/alerts?shape=round").by(&viewer)).await;
        assert_eq!((status, &problem["code"]), (400, &json!("unknown_filter")));
        app.stop().await;
    }
}

#[tokio::test]
async fn metrics_are_for_whoever_has_their_token_and_hold_no_names() {
    let app = app().await;
    let nobody = answer(app.get("/metrics").bearer_auth("plenty-of-figures")).await;
    assert_eq!(nobody.0, 401, "for nobody unless somebody sets a token");
    app.stop().await;

    let app = app_with(&["--metrics-token", "plenty-of-figures"]).await;
    let connection = app.connect(SHOP).await;
    for token in ["", "plenty-of-figure", "plenty-of-figures-"] {
        assert_eq!(answer(app.get("/metrics").bearer_auth(token)).await.0, 401, "{token}");
    }
    let (status, text) = answer(app.get("/metrics").bearer_auth("plenty-of-figures")).await;

    let text = text.as_str().unwrap();
    assert_eq!(status, 200, "{text}");
    for line in [
        format!("orderbridge_poll_lag_seconds{{connection=\"{}\"}} 0", connection.id),
        format!("orderbridge_breaker_open{{connection=\"{}\",side=\"store\"}} 0", connection.id),
        "orderbridge_queue_jobs 0".to_owned(),
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains(SHOP), "{text}");
    app.stop().await;
}
