//! Who sees Swagger UI and the API document.

use shared::Role;

use crate::app::{As, app, app_configured};

const PAGES: [&str; 3] =
    ["/swagger-ui/swagger-initializer.js", "/swagger-ui/swagger-ui-bundle.js", "/api-docs/openapi.json"];

#[tokio::test]
async fn in_production_the_api_is_described_to_admins_alone() {
    let app = app_configured(|_| {}).await;
    let admin = app.sign_in_as(Role::Admin).await;
    let manager = app.sign_in_as(Role::Manager).await;

    let gate = app.get("/swagger-ui/").send().await.unwrap();
    assert_eq!(gate.status(), 401);
    let gate = gate.text().await.unwrap();
    assert!(gate.contains("gate.js") && !gate.contains("swagger-ui-bundle"), "{gate}");
    for page in PAGES {
        let refused =
            [app.get(page), app.get(page).by(&manager), app.get(page).header("cookie", &manager.cookie)];
        for request in refused {
            let status = request.send().await.unwrap().status();
            assert!(matches!(status.as_u16(), 401 | 404), "{page}: {status}");
        }
        assert_eq!(app.get(page).by(&admin).send().await.unwrap().status(), 200, "{page}");
    }
    app.stop().await;
}

#[tokio::test]
async fn an_admins_browser_gets_a_pass_that_ends_with_the_access_token() {
    let app = app_configured(|_| {}).await;
    let admin = app.sign_in_as(Role::Admin).await;
    let manager = app.sign_in_as(Role::Manager).await;
    let ask = |person| app.post("/api/v1/session/api-docs").by(person).send();

    assert_eq!(ask(&manager).await.unwrap().status(), 403);
    let admitted = ask(&admin).await.unwrap();
    assert_eq!(admitted.status(), 204);
    let set = admitted.headers()["set-cookie"].to_str().unwrap().to_owned();
    // A second of the ten minutes may be over.
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(set.contains(attribute), "{set}");
    }
    let pass = set.split(';').next().unwrap();
    let with_pass = |path: &str| app.get(path).header("cookie", pass).send();

    for page in PAGES.iter().chain(&["/swagger-ui/"]) {
        assert_eq!(with_pass(page).await.unwrap().status(), 200, "{page}");
    }
    // It opens nothing else.
    assert_eq!(with_pass("/api/v1/orders").await.unwrap().status(), 401);
    app.clock.advance(chrono::TimeDelta::minutes(10));
    assert_eq!(with_pass("/api-docs/openapi.json").await.unwrap().status(), 401);
    app.stop().await;
}

#[tokio::test]
async fn for_development_everybody_may_read_it() {
    let app = app().await;

    let redirected = app.get("/swagger-ui").send().await.unwrap();
    assert_eq!((redirected.url().path(), redirected.status().as_u16()), ("/swagger-ui/", 200));
    assert!(redirected.text().await.unwrap().contains("swagger-ui-bundle"));
    let script = app.get("/swagger-ui/swagger-initializer.js").send().await.unwrap().text().await.unwrap();
    assert!(script.contains("/api-docs/openapi.json"), "{script}");
    let document: serde_json::Value =
        app.get("/api-docs/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(app.get("/swagger-ui/nope.js").send().await.unwrap().status(), 404);
    app.stop().await;
}
