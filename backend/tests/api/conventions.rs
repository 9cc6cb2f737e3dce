//! What holds on every route alike: versions, methods, budgets.

use database::entities::idempotency_keys;
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use shared::Role;

use crate::app::{As, answer, app, app_with, apps, apps_with, order};
use crate::rights::operations;

#[tokio::test]
async fn every_item_is_left_out_when_it_is_known() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let connection = app.connect("1").await;
        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        let post = |path: String, body: Value| {
            app.post(&path).by(&admin).header("idempotency-key", path.replace('/', "-")).json(&body)
        };
        let action =
            answer(post(format!("/api/v1/orders/{id}/actions"), json!({ "action": "sync" }))).await.1;
        let bulk = json!({ "request": { "action": "sync" }, "order_ids": [id] });
        let run = answer(post("/api/v1/bulk-runs".to_owned(), bulk)).await.1;
        let fetch =
            answer(app.post(&format!("/api/v1/connections/{}/fetch", connection.id)).by(&admin)).await.1;
        let export = json!({ "format": "csv", "filter": [] });
        let export = answer(post("/api/v1/exports".to_owned(), export)).await.1;
        let expires_at = app.now() + chrono::TimeDelta::days(1);
        let key = json!({ "name": "Tool", "scopes": ["orders:read"], "expires_at": expires_at });
        let key = answer(post("/api/v1/api-keys".to_owned(), key)).await.1;
        let webhook = json!({ "url": "https://1.1.1.1/hook", "events": [] });
        let webhook = answer(post("/api/v1/webhooks".to_owned(), webhook)).await.1;
        let items = [
            format!("/api/v1/orders/{id}"),
            format!("/api/v1/actions/{}", action["id"]),
            format!("/api/v1/bulk-runs/{}", run["id"]),
            format!("/api/v1/sync-runs/{}", fetch["id"]),
            format!("/api/v1/exports/{}", export["id"]),
            format!("/api/v1/connections/{}", connection.id),
            "/api/v1/users/1".to_owned(),
            format!("/api/v1/api-keys/{}", key["api_key"]["id"]),
            format!("/api/v1/webhooks/{}", webhook["id"]),
        ];

        for path in items {
            let first = app.get(&path).by(&admin).send().await.unwrap();
            assert_eq!(first.status(), 200, "{path}");
            let tag = first.headers()["etag"].to_str().unwrap().to_owned();
            let again = app.get(&path).by(&admin).header("if-none-match", &tag).send().await.unwrap();
            assert_eq!(again.status(), 304, "{path}");
            assert_eq!(again.headers()["etag"], tag, "{path}");
            assert_eq!(again.text().await.unwrap(), "");
            let other = app.get(&path).by(&admin).header("if-none-match", "\"other\"").send().await.unwrap();
            assert_eq!(other.status(), 200, "{path}");
        }
        // What is shown beside the version makes another tag, and is no reason to refuse a change.
        let path = format!("/api/v1/connections/{}", connection.id);
        let tag_of = async || {
            let response = app.get(&path).by(&admin).send().await.unwrap();
            response.headers()["etag"].to_str().unwrap().to_owned()
        };
        let before = tag_of().await;
        database::connections::webhook_received(app.database.writer(), connection.id, app.now())
            .await
            .unwrap();
        assert_ne!(tag_of().await, before);
        let change = app.request(Method::PATCH, &path).by(&admin).header("if-match", before);
        assert_eq!(answer(change.json(&json!({ "name": "Other" }))).await.0, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn methods_are_answered_as_they_should_be() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;

    let head = app.request(Method::HEAD, "/api/v1/orders").by(&viewer).send().await.unwrap();
    let got = app.get("/api/v1/orders").by(&viewer).send().await.unwrap();
    assert_eq!((head.status(), got.status()), (got.status(), head.status()));
    assert_eq!(head.headers()["content-type"], got.headers()["content-type"]);
    assert_eq!(head.text().await.unwrap(), "");
    assert_eq!(app.request(Method::HEAD, "/api/v1/orders").send().await.unwrap().status(), 401);

    let options = app.request(Method::OPTIONS, "/api/v1/connections/1").send().await.unwrap();
    assert_eq!(options.status(), 204);
    assert_eq!(options.headers()["allow"], "GET, PATCH, HEAD, OPTIONS");
    assert_eq!(app.request(Method::OPTIONS, "/api/v1/nope").send().await.unwrap().status(), 404);
    let wrong = app.request(Method::PUT, "/api/v1/orders/search").by(&viewer).send().await.unwrap();
    assert_eq!((wrong.status().as_u16(), wrong.headers()["allow"].to_str().unwrap()), (405, "POST, OPTIONS"));
    app.stop().await;
}

#[tokio::test]
async fn budgets_are_told_kept_and_given_back() {
    let app = app_with(&["--requests-per-minute", "4", "--connection-requests-per-minute", "2"]).await;
    let (viewer, other) = (app.sign_in_as(Role::Viewer).await, app.sign_in_as(Role::Manager).await);
    let connection = app.connect("1").await;
    let path = format!("/api/v1/connections/{}", connection.id);

    let first = app.get(&path).by(&viewer).send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["ratelimit-policy"], "\"caller\";q=4;w=60, \"connection\";q=2;w=60");
    assert_eq!(first.headers()["ratelimit"], "\"caller\";r=3;t=60, \"connection\";r=1;t=60");
    assert_eq!(app.get(&path).by(&other).send().await.unwrap().status(), 200);
    let refused = app.get(&path).by(&viewer).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().contains("\"connection\";r=0"));
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(
        (&problem["code"], &problem["violated-policies"]),
        (&json!("quota_exceeded"), &json!(["connection"]))
    );
    assert_eq!(problem["retryable"], true);

    for _ in 0..2 {
        assert_eq!(app.get("/api/v1/orders").by(&viewer).send().await.unwrap().status(), 200);
    }
    let (status, problem) = answer(app.get("/api/v1/orders").by(&viewer)).await;
    assert_eq!((status, &problem["violated-policies"]), (429, &json!(["caller"])));
    assert_eq!(app.get("/api/v1/orders").by(&other).send().await.unwrap().status(), 200, "everybody has one");
    // Without a caller nothing is counted.
    for _ in 0..6 {
        for path in ["/health/live", "/health/ready"] {
            let health = app.get(path).send().await.unwrap();
            assert_eq!(health.status(), 200, "{path}");
            assert!(!health.headers().contains_key("ratelimit"));
        }
        let webhook = app.post("/webhooks/tiktok").body("{}").send().await.unwrap();
        assert_eq!(webhook.status(), 401);
    }
    app.clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(app.get("/api/v1/orders").by(&viewer).send().await.unwrap().status(), 200);
    app.stop().await;
}

#[tokio::test]
async fn a_filter_that_says_nothing_never_means_everything() {
    let app = app_with(&["--allow-private-addresses"]).await;
    let connection = app.connect("1").await;
    app.record(&connection, &order("576400000000000001", app.now())).await;
    let admin = app.sign_in_as(Role::Admin).await;
    let with_key =
        |path: &str| app.post(path).by(&admin).header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let tag = |filter: Value| {
        let body = json!({ "request": { "action": "tag", "add": ["zz"] }, "filter": filter });
        with_key("/api/v1/bulk-runs").json(&body)
    };
    let get = |address: &str| app.get(&format!("/api/v1/{address}")).by(&admin);
    let webhook = with_key("/api/v1/webhooks").json(&json!({ "url": "http://127.0.0.1:9/" }));
    let (status, webhook) = answer(webhook).await;
    assert_eq!(status, 201, "{webhook}");
    let cases = [
        (get("orders?status="), "status"),
        (get("orders?tag=,"), "tag"),
        (get("orders?sort="), "sort"),
        (get("orders?q=status:"), "q"),
        (get("orders/counts?country=%20"), "country"),
        (get("orders/1/timeline?topic="), "topic"),
        (get("audit?event="), "event"),
        (get("audit?actor="), "actor"),
        (get("issues?code=,"), "code"),
        (get("alerts?kind="), "kind"),
        (get(&format!("webhooks/{}/deliveries?state=", webhook["id"])), "state"),
        (tag(json!([["status", ""]])), "/filter/0"),
        (tag(json!([["status", "error"], ["tag", ","]])), "/filter/1"),
        (with_key("/api/v1/exports").json(&json!({ "format": "csv", "filter": [["q", " "]] })), "/filter/0"),
        (
            app.post("/api/v1/orders/search").by(&admin).json(&json!({ "filter": { "status": "" } })),
            "/filter/status",
        ),
    ];

    for (request, pointer) in cases {
        let (status, problem) = answer(request).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_filter")), "{pointer}: {problem}");
        let error = &problem["errors"][0];
        assert_eq!(error["pointer"], pointer, "{problem}");
        assert!(error["detail"].as_str().unwrap().contains("empty; leave it out"), "{problem}");
    }
    // A run without any filter is for all orders, and says so.
    let (status, run) = answer(tag(json!([]))).await;
    assert_eq!((status, &run["total"]), (202, &json!(1)), "{run}");
    let outcome = get(&format!("bulk-runs/{}/orders?outcome=", run["id"]));
    let (status, problem) = answer(outcome).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("outcome")), "{problem}");
    app.stop().await;
}

#[tokio::test]
async fn no_address_ignores_a_parameter() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let mut refused = 0;

    for operation in operations(&app).await.iter().filter(|operation| operation.path.starts_with("/api/")) {
        let path = operation.path.replace("{id}", "999999").replace("{delivery_id}", "999999");
        let request = app.request(operation.method.clone(), &format!("{path}?colour=red")).by(&admin);
        let (status, problem) = answer(request).await;
        if status == 404 && operation.takes_query {
            // Who asks for what is not there hears of that first.
            continue;
        }
        assert_eq!((status, &problem["code"]), (400, &json!("unknown_filter")), "{}", operation.id);
        assert_eq!(problem["errors"][0]["pointer"], "colour", "{}", operation.id);
        refused += 1;
    }
    assert_eq!(refused, 89);
    assert_eq!(app.get("/health/live?colour=red").send().await.unwrap().status(), 200);
    app.stop().await;
}

#[tokio::test]
async fn whatever_is_made_or_begun_tells_its_address() {
    for app in apps_with(&["--allow-private-addresses"]).await {
        let admin = app.sign_in_as(Role::Admin).await;
        let connection = app.connect("1").await;
        let order = app.record(&connection, &order("576400000000000001", app.now())).await;
        let expires_at = app.now() + chrono::TimeDelta::days(1);
        let hook = json!({ "url": "http://127.0.0.1:9/" });
        let (_, webhook) = answer(app.post("/api/v1/webhooks").by(&admin).json(&hook)).await;
        let tag = json!({ "request": { "action": "tag", "add": ["seen"] }, "order_ids": [order] });
        let cases = [
            ("webhooks".to_owned(), hook),
            (
                "api-keys".to_owned(),
                json!({ "name": "a", "scopes": ["orders:read"], "expires_at": expires_at }),
            ),
            ("invitations".to_owned(), json!({ "email": "new@example.com", "role": "viewer" })),
            (format!("connections/{}/fetch", connection.id), json!({})),
            (format!("connections/{}/reconciliations", connection.id), json!({})),
            (format!("orders/{order}/actions"), json!({ "action": "sync" })),
            ("bulk-runs".to_owned(), tag),
            ("exports".to_owned(), json!({ "format": "csv", "order_ids": [order] })),
            (format!("webhooks/{}/test", webhook["id"]), json!({})),
        ];

        for (path, body) in cases {
            let address = format!("/api/v1/{path}");
            let send = || {
                app.post(&address).by(&admin).header("idempotency-key", path.replace('/', "-")).json(&body)
            };
            let response = send().send().await.unwrap();
            let status = response.status().as_u16();
            let location = response.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
            let made: Value = response.json().await.unwrap();
            assert!(matches!(status, 201 | 202), "{path}: {status} {made}");
            let location = location.unwrap_or_else(|| panic!("{path} tells no address"));
            let thing = made.get("invitation").or(made.get("api_key")).unwrap_or(&made);
            let (status, found) = answer(app.get(&location).by(&admin)).await;
            assert_eq!((status, &found["id"]), (200, &thing["id"]), "{path}: {location}");

            let again = send().send().await.unwrap();
            // What showed a secret is not repeated.
            if again.status() != 409 {
                assert_eq!(again.headers()["location"].to_str().unwrap(), location, "{path}");
                assert_eq!(again.headers()["idempotent-replayed"], "true", "{path}");
            }
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_made_with_a_key_is_made_once() {
    for app in apps_with(&["--allow-private-addresses"]).await {
        let admin = app.sign_in_as(Role::Admin).await;
        let expires_at = app.now() + chrono::TimeDelta::days(1);
        let cases = [
            ("webhooks", json!({ "url": "http://127.0.0.1:9/" }), "secret"),
            (
                "api-keys",
                json!({ "name": "a", "scopes": ["orders:read"], "expires_at": expires_at }),
                "secret",
            ),
            ("invitations", json!({ "email": "new@example.com", "role": "viewer" }), "link"),
        ];

        for (path, body, secret) in cases {
            let address = format!("/api/v1/{path}");
            let send = || app.post(&address).by(&admin).header("idempotency-key", path).json(&body);
            let (status, made) = answer(send()).await;
            assert_eq!(status, 201, "{path}: {made}");
            let thing = made.get("invitation").or(made.get("api_key")).unwrap_or(&made);
            let again = send().send().await.unwrap();
            assert_eq!(again.status(), 409, "{path}");
            assert_eq!(again.headers()["idempotent-replayed"], "true");
            let problem: Value = again.json().await.unwrap();
            assert_eq!(problem["code"], "already_created", "{path}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(&format!(" {}", thing["id"])), "{path}: {detail}");
            let list = answer(app.get(&address).by(&admin)).await.1;
            let items = list.get("items").unwrap_or(&list).as_array().unwrap();
            assert_eq!(items.len(), 1, "{path}: one was made");
            // What is kept of the answer holds no secret.
            let secret = made[secret].as_str().unwrap();
            let rows = idempotency_keys::Entity::find().all(app.database.reader()).await.unwrap();
            let kept = rows.iter().map(|row| String::from_utf8_lossy(row.body.as_deref().unwrap()));
            assert!(
                kept.clone().count() > 0 && kept.into_iter().all(|body| !body.contains(secret)),
                "{path}"
            );

            let without = app.post(&address).by(&admin).json(&body);
            assert_eq!(answer(without).await.0, 201, "{path}: no key is needed");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_version_and_log_alone() {
    let app = app_with(&["--allow-private-addresses"]).await;
    let admin = app.sign_in_as(Role::Admin).await;
    let key = json!({
        "name": "Tool", "scopes": ["orders:read"], "expires_at": app.now() + chrono::TimeDelta::days(1)
    });
    let webhook = json!({ "url": "http://127.0.0.1:9/", "events": ["order.received"] });
    let made = async |path: &str, body: &Value| {
        let (status, made) = answer(app.post(path).by(&admin).json(body)).await;
        assert_eq!(status, 201, "{made}");
        format!("{path}/{}", made.get("api_key").unwrap_or(&made)["id"])
    };
    let connection = format!("/api/v1/connections/{}", app.connect("1").await.id);
    let (_, shown) = answer(app.get(&connection).by(&admin)).await;
    app.create_user("viewer@example.com", Role::Viewer).await;
    let cases = [
        (made("/api/v1/api-keys", &key).await, json!({ "name": "Tool", "scopes": ["orders:read"] })),
        (made("/api/v1/webhooks", &webhook).await, webhook.clone()),
        (connection, json!({ "name": shown["name"], "settings": shown["settings"], "paused": false })),
        (
            "/api/v1/users/2".to_owned(),
            json!({ "role": "viewer", "disabled": false, "second_factor": false }),
        ),
    ];
    let log = async || answer(app.get("/api/v1/audit?limit=1").by(&admin)).await.1["items"][0]["id"].clone();

    let before = log().await;
    for (path, same) in &cases {
        let get = async || {
            let response = app.get(path).by(&admin).send().await.unwrap();
            (response.headers()["etag"].to_str().unwrap().to_owned(), response.json::<Value>().await.unwrap())
        };
        let (tag, thing) = get().await;
        let same_time = json!({ "expires_at": thing["expires_at"] });
        let is_key = thing["expires_at"].is_string();
        for body in [json!({}), same.clone()].into_iter().chain(is_key.then_some(same_time)) {
            let change = app.request(Method::PATCH, path).by(&admin).header("if-match", &tag).json(&body);
            let response = change.send().await.unwrap();
            assert_eq!(response.status(), 200, "{path} {body}");
            assert_eq!(response.headers()["etag"].to_str().unwrap(), tag, "{path} {body}");
            assert_eq!(response.json::<Value>().await.unwrap(), thing, "{path} {body}");
        }
        assert_eq!(get().await, (tag, thing), "{path}");
    }
    assert_eq!(log().await, before);
    app.stop().await;
}

#[tokio::test]
async fn any_version_and_one_of_several_may_be_named() {
    let app = app_with(&["--allow-private-addresses"]).await;
    let admin = app.sign_in_as(Role::Admin).await;
    let (_, webhook) =
        answer(app.post("/api/v1/webhooks").by(&admin).json(&json!({ "url": "http://127.0.0.1:9/" }))).await;
    let path = format!("/api/v1/webhooks/{}", webhook["id"]);
    let change = async |tags: &str, description: &str| {
        let body = json!({ "description": description });
        let request = app.request(Method::PATCH, &path).by(&admin).header("if-match", tags).json(&body);
        answer(request).await
    };

    assert_eq!(change("\"77\", \"1\"", "a").await.0, 200);
    assert_eq!(change("*", "b").await.1["version"], 3);
    assert_eq!(change("W/\"3\"", "c").await.0, 412);
    let (status, problem) = change("3", "c").await;
    assert_eq!((status, &problem["code"]), (400, &json!("if_match_invalid")));
    let delete = app.request(Method::DELETE, &path).by(&admin).header("if-match", "\"2\", \"3\"");
    assert_eq!(delete.send().await.unwrap().status(), 204);
    let missing = app.request(Method::DELETE, &path).by(&admin).header("if-match", "*");
    assert_eq!(missing.send().await.unwrap().status(), 404);
    app.stop().await;
}
