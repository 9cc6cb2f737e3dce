use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{Role, Scope};

use crate::app::{As, Person, TestApp, answer, app, apps};

async fn create(app: &TestApp, person: &Person, body: Value) -> (u16, Value) {
    answer(app.post("/api/v1/api-keys").by(person).json(&body)).await
}

fn key(new: &Value) -> Person {
    Person { token: new["secret"].as_str().unwrap().to_owned(), cookie: String::new() }
}

#[tokio::test]
async fn a_key_is_shown_once_works_as_long_as_it_is_meant_to_and_is_kept_as_a_digest() {
    for app in apps().await {
        let manager = app.sign_in_as(Role::Manager).await;
        let ends = app.now() + TimeDelta::hours(2);
        let body =
            json!({ "name": " Packing ", "scopes": ["orders:write", "orders:read"], "expires_at": ends });

        let response = app.post("/api/v1/api-keys").by(&manager).json(&body).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (201, &"no-store".parse().unwrap())
        );
        let new: Value = response.json().await.unwrap();
        let shown = &new["api_key"];
        let tool = key(&new);

        assert_eq!((&shown["name"], &shown["owner"]), (&json!("Packing"), &json!("manager@example.com")));
        assert_eq!(shown["scopes"], json!(["orders:read", "orders:write"]));
        assert!(tool.token.starts_with(shown["prefix"].as_str().unwrap()));
        let (_, listed) = answer(app.get("/api/v1/api-keys").by(&manager)).await;
        let secret = &tool.token[shown["prefix"].as_str().unwrap().len()..];
        assert!(!listed.to_string().contains(secret) && listed[0]["last_used_at"].is_null());
        use sea_orm::EntityTrait;
        let stored =
            database::entities::api_keys::Entity::find().one(app.database.reader()).await.unwrap().unwrap();
        assert!(!format!("{stored:?}").contains(secret));

        assert_eq!(answer(app.get("/api/v1/orders").by(&tool)).await.0, 200);
        let (_, used) = answer(app.get(&format!("/api/v1/api-keys/{}", shown["id"])).by(&manager)).await;
        assert!(used["last_used_at"].is_string());
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(answer(app.get("/api/v1/orders").by(&tool)).await.0, 401, "it has ended");
        app.stop().await;
    }
}

#[tokio::test]
async fn the_last_use_is_written_once_a_minute() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let tool = app.key(&manager, &[Scope::OrdersRead, Scope::KeysRead], None).await;
    let last_use = async || {
        let (status, keys) = answer(app.get("/api/v1/api-keys").by(&tool)).await;
        assert_eq!(status, 200, "{keys}");
        keys[0]["last_used_at"].clone()
    };

    let first = last_use().await;
    app.clock.advance(TimeDelta::seconds(50));
    assert_eq!(last_use().await, first);
    app.clock.advance(TimeDelta::seconds(15));
    assert_ne!(last_use().await, first);
    app.stop().await;
}

#[tokio::test]
async fn a_key_carries_what_its_maker_has_and_no_more() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let connection = app.connect("1").await.id;
    let ends = app.now() + TimeDelta::days(1);
    let cases = [
        (json!({ "name": "a", "scopes": ["orders:read", "users:write"], "expires_at": ends }), "/scopes/1"),
        (json!({ "name": "a", "scopes": [], "expires_at": ends }), "/scopes"),
        (json!({ "name": " ", "scopes": ["orders:read"], "expires_at": ends }), "/name"),
        (json!({ "name": "a", "scopes": ["orders:read"], "expires_at": app.now() }), "/expires_at"),
        (
            json!({ "name": "a", "scopes": ["orders:read"], "expires_at": app.now() + TimeDelta::days(400) }),
            "/expires_at",
        ),
        (
            json!({ "name": "a", "scopes": ["orders:read"], "connections": [], "expires_at": ends }),
            "/connections",
        ),
        (
            json!({ "name": "a", "scopes": ["orders:read"], "connections": [9], "expires_at": ends }),
            "/connections/0",
        ),
        (
            json!({ "name": "a", "scopes": ["keys:read"], "connections": [connection], "expires_at": ends }),
            "/scopes/0",
        ),
    ];
    for (body, pointer) in cases {
        let (status, problem) = create(&app, &manager, body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }

    // A key makes keys within its own limits.
    let maker = app.key(&manager, &[Scope::KeysWrite, Scope::OrdersRead], None).await;
    let within = json!({ "name": "a", "scopes": ["orders:read"], "expires_at": ends });
    assert_eq!(create(&app, &maker, within).await.0, 201);
    let beyond = json!({ "name": "a", "scopes": ["orders:write"], "expires_at": ends });
    assert_eq!(create(&app, &maker, beyond).await.0, 422);
    let outliving =
        json!({ "name": "a", "scopes": ["orders:read"], "expires_at": app.now() + TimeDelta::days(60) });
    assert_eq!(create(&app, &maker, outliving).await.0, 422);
    app.stop().await;
}

#[tokio::test]
async fn a_key_loses_what_its_owner_loses() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let manager = app.sign_in_as(Role::Manager).await;
        let tool = app.key(&manager, &[Scope::OrdersRead, Scope::ConnectionsWrite], None).await;
        let (_, people) = answer(app.get("/api/v1/users").by(&admin)).await;
        let owner = people.as_array().unwrap().iter().find(|person| person["role"] == "manager").unwrap();
        let path = format!("/api/v1/users/{}", owner["id"]);
        let change = async |version: i64, body: Value| {
            let request =
                app.request(Method::PATCH, &path).by(&admin).header("if-match", format!("\"{version}\""));
            assert_eq!(answer(request.json(&body)).await.0, 200);
        };
        let write = || app.post("/api/v1/connections").by(&tool).json(&json!({}));
        assert_eq!(answer(write()).await.0, 400, "it may");

        change(1, json!({ "role": "viewer" })).await;
        assert_eq!(answer(write()).await.0, 403);
        assert_eq!(answer(app.get("/api/v1/orders").by(&tool)).await.0, 200);
        change(2, json!({ "disabled": true })).await;
        assert_eq!(answer(app.get("/api/v1/orders").by(&tool)).await.0, 401);
        assert_eq!(answer(app.get("/api/v1/session").by(&manager)).await.0, 401, "the session has ended too");
        let remove = app.request(Method::DELETE, &path).by(&admin).header("if-match", "*");
        assert_eq!(answer(remove).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/api-keys").by(&admin)).await.1, json!([]), "the key is gone");
        app.stop().await;
    }
}

#[tokio::test]
async fn keys_are_changed_by_version_and_revoked_at_once() {
    for app in apps().await {
        let manager = app.sign_in_as(Role::Manager).await;
        let tool = app.key(&manager, &[Scope::OrdersRead], None).await;
        let (_, keys) = answer(app.get("/api/v1/api-keys").by(&manager)).await;
        let path = format!("/api/v1/api-keys/{}", keys[0]["id"]);
        let patch = |tag: Option<&str>, body: Value| {
            let request = app.request(Method::PATCH, &path).by(&manager).json(&body);
            match tag {
                Some(tag) => request.header("if-match", tag.to_owned()),
                None => request,
            }
        };
        let tag =
            app.get(&path).by(&manager).send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();

        assert_eq!(answer(patch(None, json!({ "name": "b" }))).await.0, 428);
        let (status, changed) =
            answer(patch(Some(&tag), json!({ "name": "b", "scopes": ["connections:read"] }))).await;
        assert_eq!((status, &changed["name"]), (200, &json!("b")));
        assert_eq!(answer(patch(Some(&tag), json!({ "name": "c" }))).await.0, 412);
        let unknown = patch(Some("\"2\""), json!({ "owner": "somebody@example.com" }));
        assert_eq!(answer(unknown).await.0, 400, "no other field is taken");
        assert_eq!(answer(app.get("/api/v1/orders").by(&tool)).await.0, 403, "the change counts at once");
        assert_eq!(answer(app.get("/api/v1/connections").by(&tool)).await.0, 200);

        let revoke = |tag: &str| app.request(Method::DELETE, &path).by(&manager).header("if-match", tag);
        assert_eq!(answer(app.request(Method::DELETE, &path).by(&manager)).await.0, 428);
        assert_eq!(answer(revoke(&tag)).await.0, 412);
        assert_eq!(answer(app.get("/api/v1/connections").by(&tool)).await.0, 200, "it goes on");
        assert_eq!(answer(revoke("\"2\"")).await.0, 204);
        assert_eq!(answer(app.get("/api/v1/connections").by(&tool)).await.0, 401);
        assert_eq!(answer(revoke("*")).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn people_see_their_own_keys_and_admins_all() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let manager = app.sign_in_as(Role::Manager).await;
    app.key(&admin, &[Scope::UsersRead], None).await;
    let (_, of_admin) = answer(app.get("/api/v1/api-keys").by(&admin)).await;
    let path = format!("/api/v1/api-keys/{}", of_admin[0]["id"]);

    assert_eq!(answer(app.get(&path).by(&manager)).await.0, 404);
    let revoke = app.request(Method::DELETE, &path).by(&manager).header("if-match", "*");
    assert_eq!(answer(revoke).await.0, 404);
    let patch = app
        .request(Method::PATCH, &path)
        .by(&manager)
        .header("if-match", "\"1\"")
        .json(&json!({ "name": "x" }));
    assert_eq!(answer(patch).await.0, 404);
    app.key(&manager, &[Scope::OrdersRead], None).await;
    assert_eq!(answer(app.get("/api/v1/api-keys").by(&manager)).await.1.as_array().unwrap().len(), 1);
    assert_eq!(answer(app.get("/api/v1/api-keys").by(&admin)).await.1.as_array().unwrap().len(), 2);
    app.stop().await;
}

#[tokio::test]
async fn a_key_in_an_address_is_refused_and_nowhere_else_is_it_read() {
    let app = app().await;
    let manager = app.sign_in_as(Role::Manager).await;
    let tool = app.key(&manager, &[Scope::OrdersRead], None).await;

    for name in ["api_key", "access_token", "key", "q"] {
        let path = format!("/api/v1/orders?{name}={}", tool.token);
        for request in [app.get(&path), app.get(&path).by(&tool)] {
            let (status, problem) = answer(request).await;
            assert_eq!((status, &problem["code"]), (400, &json!("key_in_address")));
        }
    }
    let secret = tool.token.split('_').nth(2).unwrap();
    for path in [format!("/api/v1/orders/{}", tool.token), format!("/api/v1/{}/timeline", tool.token)] {
        for request in [app.get(&path), app.get(&path).by(&tool)] {
            let (status, problem) = answer(request).await;
            assert_eq!((status, &problem["code"]), (400, &json!("key_in_address")));
            assert!(problem["instance"].as_str().unwrap().contains("/[redacted]"), "{problem}");
            assert!(!problem.to_string().contains(secret), "{problem}");
        }
    }
    let (status, problem) = answer(app.get(&format!("/api/v1/orders/{}", manager.token)).by(&manager)).await;
    assert_eq!((status, &problem["instance"]), (404, &json!("/api/v1/orders/[redacted]")));
    let elsewhere = [
        app.get("/api/v1/orders").header("x-api-key", &tool.token),
        app.get("/api/v1/orders").header("cookie", format!("api_key={}", tool.token)),
        app.get("/api/v1/orders").header("authorization", format!("Basic {}", tool.token)),
        app.get("/api/v1/orders").header("authorization", &tool.token),
    ];
    for request in elsewhere {
        assert_eq!(answer(request).await.0, 401);
    }
    app.stop().await;
}
