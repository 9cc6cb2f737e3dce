use crate::app::{app, app_with};

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_a_browser_safe() {
    let app = app().await;

    let paths = [
        "/",
        "/orders",
        "/health",
        "/webhooks",
        "/nope.js",
        "/api/v1/setup",
        "/api/v1/nope",
        "/api-docs/openapi.json",
        "/health/live",
        "/swagger-ui/",
        "/swagger-ui/gate.js",
    ];
    for path in paths {
        let response = app.get(path).header("accept", "text/html").send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}: plain HTTP");
        let policy = headers["content-security-policy"].to_str().unwrap();
        for directive in ["default-src", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        let scripts = policy.split(';').find(|directive| directive.trim().starts_with("script-src "));
        assert!(!scripts.unwrap_or_default().contains("unsafe-inline"), "{path}: {policy}");
        assert!(!policy.contains("'unsafe-eval'"), "{path}: {policy}");
        let is_for_programs = ["/api", "/health/"].iter().any(|area| path.starts_with(area));
        assert_eq!(policy.contains("default-src 'none'"), is_for_programs, "{path}: {policy}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"), "{path}");
        if path.starts_with("/api") {
            assert_eq!(headers["cache-control"], "no-store", "{path}");
        }
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
async fn browsers_come_back_over_https_alone() {
    let app = app_with(&["--public-url", "https://orders.example"]).await;

    for path in ["/", "/api/v1/setup", "/swagger-ui/"] {
        let response = app.get(path).send().await.unwrap();
        let always = response.headers()["strict-transport-security"].to_str().unwrap();
        assert!(always.starts_with("max-age=31536000"), "{path}: {always}");
    }
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
