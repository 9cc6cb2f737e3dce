use crate::app::{app, app_with};

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_a_browser_safe() {
    let app = app().await;

    for path in ["/", "/orders", "/api/v1/setup", "/api/v1/nope", "/health/live", "/swagger-ui/"] {
        let response = app.get(path).header("accept", "text/html").send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}: plain HTTP");
        let policy = headers["content-security-policy"].to_str().unwrap();
        for directive in
            ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert_eq!(policy.contains("unsafe-inline"), path.starts_with("/swagger-ui"), "{path}: {policy}");
    }
    app.stop().await;
}

#[tokio::test]
async fn addresses_of_the_page_answer_with_it_and_missing_files_do_not() {
    let app = app().await;

    let page = app.get("/orders/7").header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(app.get("/nope.js").header("accept", "*/*").send().await.unwrap().status(), 404);
    assert_eq!(app.get("/orders").header("accept", "application/json").send().await.unwrap().status(), 404);
    assert_eq!(app.post("/orders").send().await.unwrap().status(), 405);
    app.stop().await;
}

#[tokio::test]
async fn swagger_ui_and_the_document_are_served() {
    let app = app().await;

    let page = app.get("/swagger-ui/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let redirected = app.get("/swagger-ui").send().await.unwrap();
    assert_eq!(redirected.url().path(), "/swagger-ui/");
    let script = app.get("/swagger-ui/swagger-initializer.js").send().await.unwrap().text().await.unwrap();
    assert!(script.contains("/api-docs/openapi.json"), "{script}");
    let document: serde_json::Value =
        app.get("/api-docs/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    app.stop().await;
}

#[tokio::test]
async fn only_the_named_origins_may_call_from_other_pages() {
    let app = app_with(&["--allowed-origins", "https://tools.example,https://other.example"]).await;
    let ask = |origin: &'static str| {
        app.request(reqwest::Method::OPTIONS, "/api/v1/orders")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .send()
    };

    let allowed = ask("https://tools.example").await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://tools.example");
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    let refused = ask("https://evil.example").await.unwrap();
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    app.stop().await;
}

#[tokio::test]
async fn health_checks_answer_without_a_token() {
    let app = app().await;

    assert_eq!(app.get("/health/live").send().await.unwrap().status(), 200);
    assert_eq!(app.get("/health/ready").send().await.unwrap().status(), 200);
    app.stop().await;
}
