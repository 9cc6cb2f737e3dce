use chrono::TimeDelta;
use database::users;
use reqwest::Method;
use serde_json::json;
use shared::Role;

use crate::app::{As, PASSWORD, Person, answer, app, app_with, apps, cookie_of};

#[tokio::test]
async fn signing_in_gives_a_token_that_opens_the_api() {
    for app in apps().await {
        app.create_user("Camille@example.com", Role::Operator).await;

        let response = app.sign_in(" camille@EXAMPLE.com", PASSWORD).await;

        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let set_cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/session", "Max-Age="] {
            assert!(set_cookie.contains(attribute), "{set_cookie}");
        }
        let camille = Person::of(response).await;
        let (status, user) = answer(app.get("/api/v1/session").by(&camille)).await;
        assert_eq!(
            (status, &user["role"], &user["email"]),
            (200, &json!("operator"), &json!("camille@example.com"))
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn the_cookie_is_secure_where_people_come_over_https() {
    let app = app_with(&["--public-url", "https://orders.example"]).await;
    app.create_user("a@example.com", Role::Viewer).await;

    let response = app.sign_in("a@example.com", PASSWORD).await;

    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Secure"));
    assert!(response.headers().contains_key("strict-transport-security"));
    app.stop().await;
}

#[tokio::test]
async fn unknown_people_and_wrong_passwords_get_the_same_answer() {
    let app = app().await;
    app.create_user("a@example.com", Role::Viewer).await;

    let mut answers = Vec::new();
    for (email, password) in [("a@example.com", "violet tram nine"), ("nobody@example.com", PASSWORD)] {
        let (status, mut problem) =
            answer(app.post("/api/v1/session").json(&json!({ "email": email, "password": password }))).await;
        problem["request_id"].take();
        answers.push((status, problem));
    }

    assert_eq!(answers[0].0, 401);
    assert_eq!(answers[0], answers[1]);
    app.stop().await;
}

#[tokio::test]
async fn an_address_that_guesses_on_is_refused_in_the_end() {
    let app = app_with(&["--trust-proxy"]).await;
    let guess = |n: u32, from: &'static str| {
        let body = json!({ "email": format!("user{n}@example.com"), "password": "" });
        app.post("/api/v1/session").header("x-forwarded-for", from).json(&body)
    };

    for n in 0..100 {
        // An empty password is hashed like any other, so a few stand for all.
        if n < 3 {
            assert_eq!(answer(guess(n, "192.0.2.1")).await.0, 401);
        } else {
            drop(
                answer(app.post("/api/v1/setup").header("x-forwarded-for", "192.0.2.1").json(&json!({
                    "token": "", "email": "", "password": ""
                })))
                .await,
            );
        }
    }

    // What stands before the proxy's own entry was written by the guesser.
    let response = guess(100, "203.0.113.9, 192.0.2.1").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "900");
    assert_eq!(answer(guess(101, "192.0.2.2")).await.0, 401, "another address is not affected");
    assert_eq!(
        answer(guess(101, "192.0.2.1, 192.0.2.3:4711")).await.0,
        401,
        "with the port that some proxies add"
    );
    app.clock.advance(TimeDelta::minutes(16));
    assert_eq!(answer(guess(102, "192.0.2.1")).await.0, 401, "it is forgiven");
    app.stop().await;
}

#[tokio::test]
async fn a_refresh_uses_up_its_cookie_and_reuse_ends_the_session() {
    for app in apps().await {
        let camille = app.sign_in_as(Role::Viewer).await;

        let refreshed = app.post("/api/v1/session/refresh").refreshing(&camille.cookie).send().await.unwrap();
        assert_eq!(refreshed.status(), 200);
        let newer = Person::of(refreshed).await;
        assert_ne!(newer.cookie, camille.cookie);

        app.clock.advance(TimeDelta::seconds(11));
        let reused = app.post("/api/v1/session/refresh").refreshing(&camille.cookie).send().await.unwrap();
        assert_eq!(reused.status(), 401);
        let after = app.post("/api/v1/session/refresh").refreshing(&newer.cookie).send().await.unwrap();
        assert_eq!(after.status(), 401, "the whole family has ended");
        assert_eq!(answer(app.get("/api/v1/session").by(&newer)).await.0, 401, "access tokens too");
        app.stop().await;
    }
}

#[tokio::test]
async fn two_tabs_may_refresh_at_once() {
    let app = app().await;
    let camille = app.sign_in_as(Role::Viewer).await;

    let first = app.post("/api/v1/session/refresh").refreshing(&camille.cookie).send().await.unwrap();
    let second = app.post("/api/v1/session/refresh").refreshing(&camille.cookie).send().await.unwrap();

    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    assert!(cookie_of(&second).is_none(), "the first tab's cookie stays");
    let newer = Person::of(first).await;
    assert_eq!(
        app.post("/api/v1/session/refresh").refreshing(&newer.cookie).send().await.unwrap().status(),
        200
    );
    app.stop().await;
}

#[tokio::test]
async fn sessions_end_when_they_are_idle_and_when_they_are_old() {
    let app = app().await;
    let mut cookie = app.sign_in_as(Role::Viewer).await.cookie;

    for _ in 0..4 {
        app.clock.advance(TimeDelta::days(6));
        let response = app.post("/api/v1/session/refresh").refreshing(&cookie).send().await.unwrap();
        assert_eq!(response.status(), 200);
        cookie = cookie_of(&response).unwrap();
    }
    app.clock.advance(TimeDelta::days(6) + TimeDelta::minutes(1));
    assert_eq!(answer(app.post("/api/v1/session/refresh").refreshing(&cookie)).await.0, 401, "30 days");

    app.create_user("other@example.com", Role::Viewer).await;
    let idle = Person::of(app.sign_in("other@example.com", PASSWORD).await).await;
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(answer(app.post("/api/v1/session/refresh").refreshing(&idle.cookie)).await.0, 401, "7 days");
    app.stop().await;
}

#[tokio::test]
async fn other_pages_cannot_use_the_cookie() {
    let app = app_with(&["--public-url", "https://orders.example"]).await;
    let camille = app.sign_in_as(Role::Viewer).await;
    let bare = || app.post("/api/v1/session/refresh").header("cookie", &camille.cookie);
    let with_header = || bare().header("x-orderbridge", "1");

    assert_eq!(answer(bare()).await.0, 403, "a form cannot send the header");
    assert_eq!(answer(with_header().header("origin", "https://evil.example")).await.0, 403);
    assert_eq!(answer(with_header().header("origin", "null")).await.0, 403);
    assert_eq!(answer(with_header().header("sec-fetch-site", "cross-site")).await.0, 403);
    let (_, problem) = answer(with_header().header("origin", "https://evil.example")).await;
    assert_eq!(problem["code"], "foreign_origin");
    assert_eq!(answer(with_header().header("origin", "https://orders.example")).await.0, 200);
    app.stop().await;
}

#[tokio::test]
async fn signing_out_ends_every_token_of_the_session() {
    let app = app().await;
    let camille = app.sign_in_as(Role::Viewer).await;
    assert_eq!(answer(app.get("/api/v1/session").by(&camille)).await.0, 200);

    let response =
        app.request(Method::DELETE, "/api/v1/session").refreshing(&camille.cookie).send().await.unwrap();

    assert_eq!(response.status(), 204);
    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(answer(app.get("/api/v1/session").by(&camille)).await.0, 401);
    assert_eq!(answer(app.post("/api/v1/session/refresh").refreshing(&camille.cookie)).await.0, 401);
    app.stop().await;
}

#[tokio::test]
async fn access_tokens_end_after_ten_minutes() {
    let app = app().await;
    let camille = app.sign_in_as(Role::Viewer).await;

    app.clock.advance(TimeDelta::minutes(10));

    let (status, problem) = answer(app.get("/api/v1/orders").by(&camille)).await;
    assert_eq!((status, &problem["code"]), (401, &json!("unauthorized")));
    app.stop().await;
}

#[tokio::test]
async fn the_setup_link_works_once_and_only_while_there_is_nobody() {
    for app in apps().await {
        let token = "setup-token-for-this-test";
        let digest = backend::auth::token_hash(token);
        database::installation::put(app.database.writer(), backend::auth::SETUP_TOKEN, &digest)
            .await
            .unwrap();
        let set_up = |token: &str, password: &str| {
            let body = json!({ "token": token, "email": "admin@example.com", "password": password });
            app.post("/api/v1/setup").json(&body)
        };

        let (_, state) = answer(app.get("/api/v1/setup")).await;
        assert_eq!(state["needed"], true);
        assert_eq!(answer(set_up("another-token", PASSWORD)).await.0, 403);
        let (status, problem) = answer(set_up(token, "password1234")).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/password")));

        let admin = Person::of(set_up(token, PASSWORD).send().await.unwrap()).await;
        let (_, user) = answer(app.get("/api/v1/session").by(&admin)).await;
        assert_eq!(user["role"], "admin");
        assert_eq!(answer(set_up(token, PASSWORD)).await.0, 403);
        let (_, state) = answer(app.get("/api/v1/setup")).await;
        assert_eq!(state["needed"], false);
        assert!(users::any(app.database.reader()).await.unwrap());
        app.stop().await;
    }
}
