use chrono::TimeDelta;
use database::audit::{Verified, verify};
use reqwest::Method;
use serde_json::{Value, json};
use shared::{Role, Scope};

use crate::app::{As, PASSWORD, Person, TestApp, answer, app, apps, order};

async fn events(app: &TestApp, admin: &Person, query: &str) -> Vec<Value> {
    let (status, page) = answer(app.get(&format!("/api/v1/audit{query}")).by(admin)).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_matters_for_security_is_told_and_the_chain_holds() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let connection = app.connect("1").await;
        let order = app.record(&connection, &order("576400000000000001", app.now())).await;
        assert_eq!(app.sign_in("admin@example.com", "violet tram six").await.status(), 401);
        assert_eq!(app.sign_in("my-password-by-mistake", "x").await.status(), 401);
        let reveal = app.post(&format!("/api/v1/orders/{order}/recipient")).by(&admin);
        assert_eq!(answer(reveal).await.0, 200);
        let search = app.post("/api/v1/orders/search").by(&admin);
        assert_eq!(answer(search.json(&json!({ "buyer": { "name": "Camille Durand" } }))).await.0, 200);
        let tool = app.key(&admin, &[Scope::OrdersRead], None).await;
        for _ in 0..3 {
            assert_eq!(answer(app.get("/api/v1/users").by(&tool)).await.0, 403);
        }
        let body = json!({ "email": "ana@example.com", "role": "viewer" });
        let (_, invited) = answer(app.post("/api/v1/invitations").by(&admin).json(&body)).await;
        let token = invited["link"].as_str().unwrap().split_once("#token=").unwrap().1;
        let accept = json!({ "token": token, "password": PASSWORD });
        let ana =
            Person::of(app.post("/api/v1/invitations/accept").json(&accept).send().await.unwrap()).await;
        let (_, people) = answer(app.get("/api/v1/users").by(&admin)).await;
        let joined = people.as_array().unwrap().iter().find(|person| person["role"] == "viewer").unwrap();
        let change = app
            .request(Method::PATCH, &format!("/api/v1/users/{}", joined["id"]))
            .by(&admin)
            .header("if-match", "\"1\"")
            .json(&json!({ "role": "operator" }));
        assert_eq!(answer(change).await.0, 200);
        let sign_out = app.request(Method::DELETE, "/api/v1/session").refreshing(&ana.cookie);
        assert_eq!(sign_out.send().await.unwrap().status(), 204);

        let told = events(&app, &admin, "?limit=100").await;

        assert_eq!(
            names(&told),
            [
                "session.ended",
                "user.changed",
                "user.joined",
                "user.invited",
                "access.refused",
                "key.created",
                "order.buyer_searched",
                "order.recipient_revealed",
                "session.sign_in_refused",
                "session.sign_in_refused",
                "session.signed_in",
            ]
        );
        assert_eq!(
            (&told[1]["facts"]["role"], &told[1]["actor"]),
            (&json!("viewer → operator"), &json!("admin@example.com"))
        );
        assert_eq!(told[4]["actor"], "admin@example.com (key Tool)");
        assert_eq!((&told[8]["actor"], &told[9]["actor"]), (&json!(""), &json!("admin@example.com")));
        let whole = Value::from(told.clone()).to_string();
        for secret in ["my-password", "Camille", "Durand", token, &tool.token] {
            assert!(!whole.contains(secret), "{secret}: {whole}");
        }
        let of_order = format!("?subject=order:{order}");
        assert_eq!(names(&events(&app, &admin, &of_order).await), ["order.recipient_revealed"]);
        assert_eq!(
            events(&app, &admin, "?event=key.created,user.invited&actor=admin@example.com").await.len(),
            2
        );
        let verified = verify(app.database.reader(), &app.database.vault).await.unwrap();
        assert!(matches!(verified, Verified::Whole { entries: 11, .. }), "{verified:?}");
        app.stop().await;
    }
}

#[tokio::test]
async fn the_log_is_read_by_pages_and_unknown_filters_are_refused() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    for _ in 0..3 {
        app.key(&admin, &[Scope::OrdersRead], None).await;
        app.clock.advance(TimeDelta::minutes(1));
    }

    let (_, first) = answer(app.get("/api/v1/audit?limit=2").by(&admin)).await;
    let after = first["next_cursor"].as_str().unwrap();
    let (_, second) = answer(app.get(&format!("/api/v1/audit?limit=2&after={after}")).by(&admin)).await;

    let ids = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&first), ids(&second)), (vec![json!(4), json!(3)], vec![json!(2), json!(1)]));
    let (status, problem) = answer(app.get("/api/v1/audit?who=me").by(&admin)).await;
    assert_eq!((status, &problem["code"]), (400, &json!("unknown_filter")));
    assert_eq!(answer(app.get("/api/v1/audit?event=nonsense").by(&admin)).await.0, 400);
    app.stop().await;
}
