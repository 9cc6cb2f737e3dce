use reqwest::Method;
use serde_json::{Value, json};
use shared::Role;

use crate::app::{As, app};

#[tokio::test]
async fn every_refusal_below_the_api_is_a_problem() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let post = |path: &str| app.post(path).by(&manager);
    let get = |path: &str| app.get(path).by(&manager);
    let cases = [
        (get("/api/nope"), 404, "not_found"),
        (get("/api/v1/nope"), 404, "not_found"),
        (app.get("/api/v1/nope"), 404, "not_found"),
        (get("/api/v1/orders/7"), 404, "not_found"),
        (get("/api/v1/orders/seven"), 404, "not_found"),
        (get("/api/v1/orders/99999999999999999999"), 404, "not_found"),
        (get("/api/v1/orders/-1/timeline"), 404, "not_found"),
        (app.request(Method::DELETE, "/api/v1/orders").by(&manager), 405, "method_not_allowed"),
        (app.request(Method::PUT, "/api/v1/connections/1").by(&manager), 405, "method_not_allowed"),
        (get("/api/v1/orders/search"), 405, "method_not_allowed"),
        (app.get("/api/v1/invitations/accept"), 405, "method_not_allowed"),
        (app.request(Method::DELETE, "/api/v1/invitations/accept"), 405, "method_not_allowed"),
        (get("/api/v1/orders?colour=red"), 400, "unknown_filter"),
        (get("/api/v1/orders?status=lost"), 400, "bad_filter"),
        (get("/api/v1/orders?q=ab"), 400, "bad_filter"),
        (get("/api/v1/orders?limit=0"), 400, "bad_filter"),
        (get("/api/v1/orders?after=nonsense"), 400, "bad_cursor"),
        (get("/api/v1/orders/counts?limit=5"), 400, "unknown_filter"),
        (get("/api/v1/issues?color=red"), 400, "unknown_filter"),
        (app.get("/api/v1/orders"), 401, "unauthorized"),
        (app.post("/api/v1/session").body("{}"), 415, "not_json"),
        (app.post("/api/v1/session").header("content-type", "application/json").body("{"), 400, "bad_body"),
        (app.post("/api/v1/session").json(&json!({ "email": 1 })), 400, "bad_body"),
        (
            app.post("/api/v1/session").json(&json!({ "email": "a", "password": "b", "c": 1 })),
            400,
            "bad_body",
        ),
        (
            app.post("/api/v1/session").json(&json!({ "email": "x".repeat(70_000), "password": "b" })),
            413,
            "too_large",
        ),
        (app.post("/api/v1/session/refresh"), 403, "foreign_origin"),
        (
            post("/api/v1/orders/search").json(&json!({ "filter": { "colour": "red" } })),
            400,
            "unknown_filter",
        ),
        (
            app.request(Method::PATCH, "/api/v1/connections/1").by(&manager).json(&json!({})),
            428,
            "version_missing",
        ),
    ];

    for (request, status, code) in cases {
        let response = request.send().await.unwrap();
        let what = format!("{} {}", response.url().path(), response.url().query().unwrap_or_default());
        assert_eq!(response.status().as_u16(), status, "{what}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{what}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{what}");
        let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let path = response.url().path().to_owned();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], code, "{what}");
        assert_eq!(problem["status"], status, "{what}");
        assert_eq!(problem["instance"], path, "{what}");
        assert_eq!(problem["request_id"], request_id, "{what}");
        assert_eq!(problem["type"], format!("/problems/{}", code.replace('_', "-")), "{what}");
        assert!(
            !problem["detail"].as_str().unwrap().is_empty() && !problem["title"].as_str().unwrap().is_empty()
        );
        let described = app.get(problem["type"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(described.status(), 200, "{what}");
        assert_eq!(described.headers()["content-type"], "text/plain; charset=utf-8", "{what}");
        let text = described.text().await.unwrap();
        assert!(text.starts_with(&format!("{code}\nStatus {status}\n\n")), "{what}: {text}");
    }
    let unknown = app.get("/problems/none-of-ours").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.headers()["content-type"], "application/problem+json");
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let app = app().await;

    let response = app.request(Method::PUT, "/api/v1/session").send().await.unwrap();

    let allowed = response.headers()["allow"].to_str().unwrap();
    for method in ["GET", "POST", "DELETE"] {
        assert!(allowed.contains(method), "{allowed}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_filter_is_named_and_explained() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;

    let response = app.get("/api/v1/orders?status=lost&country=FRA").by(&viewer).send().await.unwrap();

    let problem: Value = response.json().await.unwrap();
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["status", "country"]);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("awaiting_shipment"));
    app.stop().await;
}
