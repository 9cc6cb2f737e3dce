use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{Role, Scope};
use sync::jobs::{EXPORT, PURGE};

use crate::app::{As, PASSWORD, Person, TestApp, answer, app, apps, line, order};

async fn start(app: &TestApp, person: &Person, body: Value) -> (u16, Value) {
    let key = uuid::Uuid::new_v4().to_string();
    answer(app.post("/api/v1/exports").by(person).header("idempotency-key", key).json(&body)).await
}

async fn file(app: &TestApp, person: &Person, id: &Value) -> String {
    let path = format!("/api/v1/exports/{id}/file");
    let response = app.get(&path).by(person).send().await.unwrap();
    assert_eq!(response.status(), 200, "{id}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=\"orders-"), "{name}");
    response.text().await.unwrap()
}

#[tokio::test]
async fn a_file_holds_what_the_filter_meant_when_it_was_asked_for() {
    for app in apps().await {
        let (one, other) = (app.connect("1").await, app.connect("2").await);
        let viewer = app.sign_in_as(Role::Viewer).await;
        // More than one part.
        for n in 0..1_203 {
            app.record(&one, &order(&format!("5764614130{n:08}"), app.now())).await;
        }
        app.record(&other, &order("576461413099999999", app.now())).await;
        let filter = json!([["connection", one.id.to_string()]]);
        let columns = json!(["id", "tiktok_order_id", "status", "total", "currency", "skus", "created_at"]);

        let (status, export) =
            start(&app, &viewer, json!({ "format": "csv", "columns": columns, "filter": filter })).await;
        assert_eq!(
            (status, &export["state"], &export["total"]),
            (202, &json!("running"), &json!(1_203)),
            "{export}"
        );
        let path = format!("/api/v1/exports/{}", export["id"]);
        let (status, problem) = answer(app.get(&format!("{path}/file")).by(&viewer)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("export_not_ready")));
        app.record(&one, &order("576461413088888888", app.now())).await;
        app.work_on(EXPORT).await;

        let (_, done) = answer(app.get(&path).by(&viewer)).await;
        assert_eq!((&done["state"], &done["written"]), (&json!("done"), &json!(1_203)), "{done}");
        let text = file(&app, &viewer, &export["id"]).await;
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 1_204);
        assert_eq!(lines[0], "id,tiktok_order_id,status,total,currency,skus,created_at");
        let ids: std::collections::BTreeSet<_> =
            lines[1..].iter().map(|line| line.split(',').next()).collect();
        assert_eq!(ids.len(), 1_203, "each once");
        assert!(lines[1].contains(",awaiting_shipment,46.89,EUR,CANDLE-FIG,20"), "{}", lines[1]);
        assert!(!text.contains("576461413088888888"), "it came later");
        app.stop().await;
    }
}

#[tokio::test]
async fn named_orders_are_written_as_lines_of_json() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let first = app.record(&connection, &order("576461413038785752", app.now())).await;
        app.record(&connection, &order("576461413038785753", app.now())).await;
        let columns = json!(["tiktok_order_id", "total", "skus", "store_order_id"]);

        let ids = json!([first, 77]);
        let (_, export) =
            start(&app, &viewer, json!({ "format": "jsonl", "columns": columns, "order_ids": ids })).await;
        app.work_on(EXPORT).await;

        let text = file(&app, &viewer, &export["id"]).await;
        let line: Value = serde_json::from_str(text.trim_end()).unwrap();
        let expected = json!({
            "tiktok_order_id": "576461413038785752", "total": "46.89", "skus": ["CANDLE-FIG"], "store_order_id": null
        });
        assert_eq!(line, expected);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_title_is_no_formula() {
    let app = app().await;
    let connection = app.connect("1").await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let mut snapshot = order("576461413038785752", app.now());
    snapshot.lines = vec![line("line-1", "+SUM(A1)", "=HYPERLINK(\"https://evil.example\",\"Click\")")];
    app.record(&connection, &snapshot).await;

    let body = json!({ "format": "csv", "columns": ["first_item", "skus"], "filter": [] });
    let (_, export) = start(&app, &viewer, body).await;
    app.work_on(EXPORT).await;

    let text = file(&app, &viewer, &export["id"]).await;
    let row = text.lines().nth(1).unwrap();
    assert_eq!(row, "\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"Click\"\")\",'+SUM(A1)");
    app.stop().await;
}

#[tokio::test]
async fn what_names_a_person_needs_the_right_and_is_audited() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let (viewer, manager) = (app.sign_in_as(Role::Viewer).await, app.sign_in_as(Role::Manager).await);
        app.record(&connection, &order("576461413038785752", app.now())).await;
        let body =
            json!({ "format": "csv", "columns": ["id", "recipient_name", "recipient_phone"], "filter": [] });

        assert_eq!(start(&app, &viewer, body.clone()).await.0, 403);
        let (status, export) = start(&app, &manager, body).await;
        assert_eq!(status, 202, "{export}");
        app.work_on(EXPORT).await;
        let text = file(&app, &manager, &export["id"]).await;
        assert!(text.contains("Camille Durand,'+33612345678"), "{text}");
        let (_, standard) = start(&app, &manager, json!({ "format": "csv", "filter": [] })).await;
        app.work_on(EXPORT).await;
        assert!(!file(&app, &manager, &standard["id"]).await.contains("Camille"));

        use database::entities::{audit_log, export_chunks};
        use sea_orm::EntityTrait;
        let log = audit_log::Entity::find().all(app.database.reader()).await.unwrap();
        let exported = log.iter().filter(|row| row.event == "orders.exported").count();
        assert_eq!(exported, 3, "asked for twice, fetched once with names");
        assert!(log.iter().all(|row| !row.facts.contains("Camille")));
        let chunks = export_chunks::Entity::find().all(app.database.reader()).await.unwrap();
        let holds = |chunk: &export_chunks::Model| chunk.sealed.windows(7).any(|part| part == b"Camille");
        assert!(!chunks.is_empty() && !chunks.iter().any(holds), "sealed at rest");
        app.stop().await;
    }
}

#[tokio::test]
async fn an_export_is_its_owners_own() {
    let app = app().await;
    let (viewer, admin) = (app.sign_in_as(Role::Viewer).await, app.sign_in_as(Role::Admin).await);
    let (_, export) = start(&app, &viewer, json!({ "format": "csv", "filter": [] })).await;
    let path = format!("/api/v1/exports/{}", export["id"]);

    assert_eq!(answer(app.get(&path).by(&admin)).await.0, 404);
    assert_eq!(answer(app.get(&format!("{path}/file")).by(&admin)).await.0, 404);
    assert_eq!(answer(app.post(&format!("{path}/cancel")).by(&admin)).await.0, 404);
    assert_eq!(answer(app.get("/api/v1/exports").by(&admin)).await.1["items"], json!([]));
    assert_eq!(answer(app.get("/api/v1/exports").by(&viewer)).await.1["items"][0]["id"], export["id"]);
    app.stop().await;
}

#[tokio::test]
async fn a_key_of_one_connection_exports_its_orders_only() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let (own, other) = (app.connect("1").await, app.connect("2").await);
        app.record(&own, &order("576461413038785752", app.now())).await;
        let foreign = app.record(&other, &order("576461413038785753", app.now())).await;
        let key = app.key(&admin, &[Scope::OrdersRead], Some(&[own.id])).await;

        for members in [json!({ "filter": [] }), json!({ "order_ids": [1, foreign] })] {
            let mut body = members;
            body["format"] = "csv".into();
            let (_, export) = start(&app, &key, body).await;
            app.work_on(EXPORT).await;
            let text = file(&app, &key, &export["id"]).await;
            assert!(text.contains("576461413038785752") && !text.contains("576461413038785753"), "{text}");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn a_canceled_export_leaves_nothing_and_a_file_is_gone_after_a_day() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        app.record(&connection, &order("576461413038785752", app.now())).await;
        let (_, canceled) = start(&app, &viewer, json!({ "format": "csv", "filter": [] })).await;
        let (_, kept) = start(&app, &viewer, json!({ "format": "csv", "filter": [] })).await;
        let path = |export: &Value, end: &str| format!("/api/v1/exports/{}{end}", export["id"]);

        let (status, answered) = answer(app.post(&path(&canceled, "/cancel")).by(&viewer)).await;
        assert_eq!((status, &answered["state"]), (200, &json!("canceled")));
        app.work_on(EXPORT).await;
        let (status, problem) = answer(app.get(&path(&canceled, "/file")).by(&viewer)).await;
        assert_eq!((status, &problem["code"]), (409, &json!("export_canceled")));
        assert!(file(&app, &viewer, &kept["id"]).await.contains("576461413038785752"));

        app.clock.advance(TimeDelta::hours(25));
        app.engine().ensure_periodic_jobs().await.unwrap();
        app.work_on(PURGE).await;
        let viewer = Person::of(app.sign_in("viewer@example.com", PASSWORD).await).await;
        let (status, problem) = answer(app.get(&path(&kept, "/file")).by(&viewer)).await;
        assert_eq!((status, &problem["code"]), (410, &json!("export_expired")), "{problem}");
        use sea_orm::{EntityTrait, PaginatorTrait};
        let chunks = database::entities::export_chunks::Entity::find();
        assert_eq!(chunks.count(app.database.reader()).await.unwrap(), 0);
        app.stop().await;
    }
}

#[tokio::test]
async fn an_export_that_cannot_be_written_says_why() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        app.record(&connection, &order("576461413038785752", app.now())).await;
        let writer = app.database.writer();
        let (_, strange) = start(&app, &viewer, json!({ "format": "csv", "filter": [] })).await;
        let filter = r#"UPDATE exports SET criteria = '{"members":{"Matching":[["shape","round"]]}}'"#;
        writer.execute_unprepared(filter).await.unwrap();
        let (_, unlucky) = start(&app, &viewer, json!({ "format": "csv", "filter": [] })).await;
        writer.execute_unprepared("ALTER TABLE order_lines RENAME TO hidden_lines").await.unwrap();

        for _ in 0..5 {
            app.work_on(EXPORT).await;
            app.clock.advance(TimeDelta::minutes(34));
        }

        let viewer = Person::of(app.sign_in("viewer@example.com", PASSWORD).await).await;
        for (export, words) in [(&strange, "filter is not understood"), (&unlucky, "could not be written")] {
            let path = format!("/api/v1/exports/{}", export["id"]);
            let (_, failed) = answer(app.get(&path).by(&viewer)).await;
            assert_eq!(failed["state"], "failed", "{failed}");
            assert!(failed["error"].as_str().unwrap().contains(words), "{failed}");
            assert!(failed["finished_at"].is_string(), "{failed}");
            let (status, problem) = answer(app.get(&format!("{path}/file")).by(&viewer)).await;
            assert_eq!((status, &problem["code"]), (409, &json!("export_failed")), "{problem}");
            assert_eq!(problem["detail"], failed["error"]);
        }
        writer.execute_unprepared("ALTER TABLE hidden_lines RENAME TO order_lines").await.unwrap();
        app.stop().await;
    }
}

#[tokio::test]
async fn wrong_requests_are_named() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let cases = [
        (json!({ "format": "csv" }), 422, "/order_ids"),
        (json!({ "format": "csv", "filter": [], "order_ids": [1] }), 422, "/filter"),
        (json!({ "format": "csv", "filter": [], "columns": ["id", "id"] }), 422, "/columns"),
        (json!({ "format": "csv", "filter": [["colour", "red"]] }), 400, "/filter/0"),
        (json!({ "format": "csv", "filter": [], "columns": ["colour"] }), 400, "/columns/0"),
        (json!({ "format": "xlsx", "filter": [] }), 400, "/format"),
    ];

    for (body, status, pointer) in cases {
        let (answered, problem) = start(&app, &viewer, body).await;
        assert_eq!((answered, &problem["errors"][0]["pointer"]), (status, &json!(pointer)), "{problem}");
    }
    let without_key = app.post("/api/v1/exports").by(&viewer).json(&json!({ "format": "csv", "filter": [] }));
    assert_eq!(answer(without_key).await.1["code"], "idempotency_key_missing");
    app.stop().await;
}
