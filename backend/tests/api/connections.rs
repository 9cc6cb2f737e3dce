use database::{channel_lists, sync_runs};
use reqwest::Method;
use serde_json::{Value, json};
use shared::{Role, SyncRunId, SyncRunState};
use sync::jobs;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::app::{As, answer, app, apps, apps_with};

fn new_connection(url: &str) -> Value {
    json!({
        "name": "Maison Lumière",
        "tiktok": { "app_key": "key", "app_secret": "secret", "access_token": "a", "refresh_token": "r" },
        "store": { "url": url, "webservice_key": "A1B2C3D4E5F6G7H8A1B2C3D4E5F6G7H8" }
    })
}

#[tokio::test]
async fn secrets_are_never_shown() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;

        for path in ["/api/v1/connections".to_owned(), format!("/api/v1/connections/{}", connection.id)] {
            let text = app.get(&path).by(&viewer).send().await.unwrap().text().await.unwrap();
            assert!(text.contains("\"webservice_key_hint\":\"3456\""), "{text}");
            for secret in ["app-secret", "access-token", "refresh-token", "WEBSERVICEKEY", "cipher"] {
                assert!(!text.contains(secret), "{secret}");
            }
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn a_store_must_be_a_public_web_server() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let addresses = [
        "http://shop.example/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/",
        "https://[::ffff:10.0.0.1]/",
        "https://me:secret@shop.example/",
        "https://shop.example:8443/",
        "https://shop.example/?id=1",
        "https://localhost/",
        "nonsense",
    ];

    for address in addresses {
        for path in ["/api/v1/connections", "/api/v1/connections/test"] {
            let (status, problem) = answer(app.post(path).by(&manager).json(&new_connection(address))).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/store/url")), "{address}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let mut body = new_connection("https://shop.example/");
    body["name"] = " ".into();
    body["tiktok"]["refresh_token"] = Value::Null;
    body["store"]["webservice_key"] = "short".into();
    body["settings"] =
        json!({ "poll_interval_s": 1, "alerts": { "queue_depth": 100_001, "order_waiting_min": 1441 } });

    let (status, problem) = answer(app.post("/api/v1/connections").by(&manager).json(&body)).await;

    assert_eq!((status, &problem["code"]), (422, &json!("invalid_values")));
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    let expected = [
        "/name",
        "/tiktok/refresh_token",
        "/store/webservice_key",
        "/settings/poll_interval_s",
        "/settings/alerts/queue_depth",
        "/settings/alerts/order_waiting_min",
    ];
    assert_eq!(pointers, expected);
    assert!(!problem.to_string().contains("secret"));
    app.stop().await;
}

#[tokio::test]
async fn a_change_names_the_version_that_it_changes() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let manager = app.sign_in_as(Role::Manager).await;
        let path = format!("/api/v1/connections/{}", connection.id);
        let change = |tag: &str, body: Value| {
            app.request(Method::PATCH, &path).by(&manager).header("if-match", tag).json(&body)
        };
        let response = app.get(&path).by(&manager).send().await.unwrap();
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();

        let response = change(&tag, json!({ "name": "Other", "paused": true })).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let newer = response.headers()["etag"].to_str().unwrap().to_owned();
        let changed: Value = response.json().await.unwrap();
        assert_eq!((&changed["name"], &changed["state"]), (&json!("Other"), &json!("paused")));
        assert_eq!(changed["store"]["webservice_key_hint"], "3456", "what is left out stays");

        assert_eq!(answer(change(&tag, json!({ "name": "Late" }))).await.0, 412);
        assert_eq!(answer(app.request(Method::PATCH, &path).by(&manager).json(&json!({}))).await.0, 428);
        let (status, resumed) = answer(change(&newer, json!({ "paused": false }))).await;
        assert_eq!((status, &resumed["state"]), (200, &json!("active")));
        let missing =
            app.request(Method::PATCH, "/api/v1/connections/77").by(&manager).header("if-match", "\"1\"");
        assert_eq!(answer(missing.json(&json!({}))).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn the_settings_choose_from_what_was_read() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let path = format!("/api/v1/connections/{}/choices", connection.id);
        let nothing = json!({ "store_states": [], "store_carriers": [], "channel_carriers": [] });
        assert_eq!(answer(app.get(&path).by(&viewer)).await, (200, nothing));

        let writer = app.database.writer();
        let carrier = |id: &str, name: &str| json!({ "id": id, "name": name });
        for (name, list) in [
            ("carriers:7:FR:FR", json!([carrier("2", "DHL"), carrier("1", "Colissimo")])),
            ("carriers:7:FR:DE", json!([carrier("2", "DHL")])),
            ("store_carriers", json!([{ "reference": 3, "name": "My carrier" }])),
        ] {
            channel_lists::save(writer, connection.id, name, &list, app.now()).await.unwrap();
        }
        let (_, choices) = answer(app.get(&path).by(&viewer)).await;
        assert_eq!(choices["store_carriers"], json!([{ "reference": 3, "name": "My carrier" }]));
        assert_eq!(choices["channel_carriers"], json!([carrier("1", "Colissimo"), carrier("2", "DHL")]));
        assert_eq!(answer(app.get("/api/v1/connections/77/choices").by(&viewer)).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_fetch_that_is_repeated_with_its_key_is_one_run() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let path = format!("/api/v1/connections/{}/fetch", connection.id);
        let fetch = || app.post(&path).by(&operator).header("idempotency-key", "key");

        let (status, first) = answer(fetch()).await;
        assert_eq!(status, 202, "{first}");
        assert_eq!(answer(fetch()).await, (202, first.clone()));
        assert_ne!(answer(app.post(&path).by(&operator)).await.1["id"], first["id"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn orders_are_fetched_in_a_run_that_can_be_followed() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let path = format!("/api/v1/connections/{}/fetch", connection.id);

        let (status, run) = answer(app.post(&path).by(&operator)).await;
        assert_eq!((status, &run["state"]), (202, &json!("queued")), "{run}");
        let (status, same) = answer(app.get(&format!("/api/v1/sync-runs/{}", run["id"])).by(&operator)).await;
        assert_eq!((status, &same), (200, &run));
        let too_far = json!({ "updated_since": app.now() - chrono::TimeDelta::days(91) });
        let (status, problem) = answer(app.post(&path).by(&operator).json(&too_far)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/updated_since")));
        app.stop().await;
    }
}

#[tokio::test]
async fn a_run_can_be_canceled_until_it_has_ended() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let fetch = format!("/api/v1/connections/{}/fetch", connection.id);
        let (_, run) = answer(app.post(&fetch).by(&operator)).await;
        let cancel = |id: &Value| app.post(&format!("/api/v1/sync-runs/{id}/cancel")).by(&operator);

        let (status, canceled) = answer(cancel(&run["id"])).await;
        assert_eq!((status, &canceled["state"]), (200, &json!("canceled")), "{canceled}");
        assert!(canceled["finished_at"].is_string() && canceled["error"].is_null(), "{canceled}");
        assert_eq!(answer(cancel(&run["id"])).await, (200, canceled.clone()), "nothing is left to cancel");
        app.work_on(jobs::FETCH_ORDERS).await;
        let live = job_queue::live(app.database.reader(), jobs::FETCH_ORDERS, &run["id"].to_string()).await;
        assert!(
            live.unwrap().is_none(),
            "nobody answers as TikTok Shop here, so a job that asked would be tried again"
        );
        let path = format!("/api/v1/sync-runs/{}", run["id"]);
        assert_eq!(answer(app.get(&path).by(&operator)).await.1, canceled);

        let (_, other) = answer(app.post(&fetch).by(&operator)).await;
        let id = SyncRunId(other["id"].as_i64().unwrap());
        sync_runs::set_state(app.database.writer(), id, SyncRunState::Done, None, app.now()).await.unwrap();
        assert_eq!(answer(cancel(&other["id"])).await.1["state"], "done");
        assert_eq!(answer(cancel(&json!(77))).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn health_says_how_each_connection_is_doing() {
    for app in apps().await {
        app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        app.clock.advance(chrono::TimeDelta::minutes(9));

        let (status, health) = answer(app.get("/api/v1/health").by(&viewer)).await;

        assert_eq!(status, 200, "{health}");
        assert_eq!(health["queue_depth"], 0);
        assert_eq!(health["connections"][0]["waiting_for_import"], 0);
        assert_eq!(health["connections"][0]["problems"], json!([]));
        app.stop().await;
    }
}

/// TikTok Shop, where every access is for the one shop 7.
async fn one_shop() -> MockServer {
    let tiktok = MockServer::start().await;
    let shops = json!({
        "code": 0, "message": "Success", "request_id": "1",
        "data": { "shops": [{ "id": "7", "name": "Maison", "region": "FR", "cipher": "c", "code": "FR7" }] }
    });
    let shops = ResponseTemplate::new(200).set_body_json(shops);
    Mock::given(method("GET")).respond_with(shops).mount(&tiktok).await;
    tiktok
}

#[tokio::test]
async fn a_shop_is_bound_to_a_store_once() {
    let tiktok = one_shop().await;
    let arguments = ["--allow-private-addresses", "--tiktok-api-url", &tiktok.uri()];
    for app in apps_with(&arguments).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let by_app = |key: &str, url: &str| {
            let mut body = new_connection(url);
            body["tiktok"]["app_key"] = key.into();
            app.post("/api/v1/connections").by(&manager).json(&body)
        };
        assert_eq!(answer(by_app("one", "http://127.0.0.1:9/")).await.0, 201);

        let (status, problem) = answer(by_app("two", "http://127.0.0.1:9")).await;

        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/store/url")), "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("Maison Lumière"), "{problem}");
        let other_store = by_app("two", "http://127.0.0.1:9/other/").send().await.unwrap();
        assert_eq!(other_store.status(), 201, "another store may have the orders too");
        let tag = other_store.headers()["etag"].to_str().unwrap().to_owned();
        let location = other_store.headers()["location"].to_str().unwrap().to_owned();
        let change = |url: &str| {
            let store = json!({ "url": url, "webservice_key": "A1B2C3D4E5F6G7H8A1B2C3D4E5F6G7H8" });
            app.request(Method::PATCH, &location)
                .by(&manager)
                .header("if-match", &tag)
                .json(&json!({ "store": store }))
        };
        assert_eq!(answer(change("http://127.0.0.1:9/")).await.0, 422);
        assert_eq!(answer(change("http://127.0.0.1:9/third/")).await.0, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_connection_is_made_once_for_each_key() {
    let tiktok = one_shop().await;
    let arguments = ["--allow-private-addresses", "--tiktok-api-url", &tiktok.uri()];
    for app in apps_with(&arguments).await {
        let manager = app.sign_in_as(Role::Manager).await;
        let body = new_connection("http://127.0.0.1:9/");
        let create =
            || app.post("/api/v1/connections").by(&manager).header("idempotency-key", "k").json(&body);

        let first = create().send().await.unwrap();
        assert_eq!(first.status(), 201);
        let location = first.headers()["location"].to_str().unwrap().to_owned();
        let made: Value = first.json().await.unwrap();
        assert_eq!(answer(app.get(&location).by(&manager)).await.1["id"], made["id"]);
        let again = create().send().await.unwrap();
        assert_eq!(
            (again.status().as_u16(), again.headers()["idempotent-replayed"].as_bytes()),
            (201, &b"true"[..])
        );
        assert_eq!(again.headers()["location"].to_str().unwrap(), location);
        assert_eq!(again.json::<Value>().await.unwrap(), made);
        let other =
            app.post("/api/v1/connections").by(&manager).header("idempotency-key", "other").json(&body);
        let (status, problem) = answer(other).await;
        assert_eq!((status, &problem["code"]), (409, &json!("already_connected")));
        app.stop().await;
    }
}
