//! What attackers try, each with what becomes of it.

use std::io::Write;
use std::time::Duration;

use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use shared::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{As, TestApp, answer, app, app_configured, order};

/// Sends these bytes as they are, and reads what comes until the connection is closed or nothing comes any more.
async fn raw(app: &TestApp, request: &[u8]) -> String {
    let address = app.base.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Who refuses early closes early: then the rest cannot be written.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

/// Every operation with a JSON body, and an example of the body.
async fn operations_with_bodies(app: &TestApp) -> Vec<(String, Method, String, Value)> {
    let (_, document) = answer(app.get("/api-docs/openapi.json")).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"];
            let first = || body["examples"].as_object()?.values().next()?.get("value").cloned();
            let Some(example) = body.get("example").cloned().or_else(first) else { continue };
            if path.starts_with("/api/") && example.is_object() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                operations.push((
                    id,
                    method.to_uppercase().parse().unwrap(),
                    path.replace("{id}", "1"),
                    example,
                ));
            }
        }
    }
    operations
}

/// The places of all objects in a value.
fn objects_in(value: &Value) -> Vec<String> {
    let below = |name: String, value: &Value| {
        objects_in(value).into_iter().map(move |place| format!("/{name}{place}")).collect::<Vec<_>>()
    };
    match value {
        Value::Object(object) => {
            let nested = object.iter().flat_map(|(name, value)| below(name.clone(), value));
            std::iter::once(String::new()).chain(nested).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, value)| below(index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Objects whose names are data.
const MAPS: [&str; 5] = [
    "/filter",
    "/settings/cancel_reason_map",
    "/settings/carrier_by_country",
    "/settings/carrier_map",
    "/settings/status_mapping",
];

#[tokio::test]
async fn no_operation_takes_a_property_that_it_does_not_know() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    // The settings' maps are looked at only where there is something to change.
    app.connect("1").await;
    let operations = operations_with_bodies(&app).await;
    let count = operations.len();
    let mut objects = 0;
    for (id, method, path, example) in operations {
        for place in objects_in(&example) {
            objects += 1;
            for (name, value) in [("role", json!("admin")), ("is_admin", json!(true)), ("version", json!(99))]
            {
                let mut body = example.clone();
                let object = body.pointer_mut(&place).unwrap();
                if object.get(name).is_some() {
                    continue;
                }
                object[name] = value;
                let request = app.request(method.clone(), &path).by(&admin);
                let key = format!("{id}-{name}-{}", place.replace(' ', "-"));
                let request = request.header("idempotency-key", key).header("if-match", "*");
                let (status, problem) = answer(request.json(&body)).await;
                let code = problem["code"].as_str().unwrap();
                // A map refuses a name or a value in its own way.
                let in_its_own_way = MAPS.contains(&place.as_str())
                    && matches!((status, code), (400, "unknown_filter") | (422, "invalid_values"));
                assert!(
                    in_its_own_way || (status, code) == (400, "bad_body"),
                    "{id}{place} with {name}: {problem}"
                );
            }
        }
    }
    // Whoever adds a body, or an object in one, counts it here.
    assert_eq!((count, objects), (24, 51));
    app.stop().await;
}

#[tokio::test]
async fn a_changed_cursor_is_refused() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let connection = app.connect("700").await;
    for number in 0..3 {
        let placed_at = app.now() - TimeDelta::minutes(number);
        app.record(&connection, &order(&format!("57646141303878575{number}"), placed_at)).await;
    }
    let (_, page) = answer(app.get("/api/v1/orders?limit=1").by(&viewer)).await;
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let ask = |cursor: &str, more: &str| {
        answer(app.get(&format!("/api/v1/orders?limit=1&after={cursor}{more}")).by(&viewer))
    };

    assert_eq!(ask(&cursor, "").await.0, 200);
    for place in 0..cursor.len() {
        let other = if cursor.as_bytes()[place] == b'A' { "B" } else { "A" };
        let mut changed = cursor.clone();
        changed.replace_range(place..=place, other);
        let (status, problem) = ask(&changed, "").await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_cursor")), "{changed}");
    }
    for (cut, more) in [(&cursor[..cursor.len() / 2], ""), (&cursor, "&status=error"), (&cursor, "&sort=id")]
    {
        let (status, problem) = ask(cut, more).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_cursor")), "{cut} {more}");
    }
    app.stop().await;
}

#[tokio::test]
async fn nothing_that_is_sent_becomes_a_header_of_the_answer() {
    let app = app().await;
    let lines = [
        "GET /api/v1/orders%0d%0aX-Evil:%201 HTTP/1.1",
        "GET /api/v1/orders?q=%0d%0aX-Evil:%201 HTTP/1.1",
        "GET /orders%0d%0aX-Evil:%201 HTTP/1.1",
        "GET /swagger-ui/%0d%0aX-Evil:%201 HTTP/1.1",
        "GET /health/live%0aX-Evil:1 HTTP/1.1",
    ];

    for line in lines {
        let request = format!(
            "{line}\r\nHost: x\r\nOrigin: https://evil.example\r\nX-Request-Id: evil-id\r\n\
             X-Forwarded-Host: evil.example\r\nIdempotency-Key: a%0d%0aX-Evil:1\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(&app, request.as_bytes()).await.to_ascii_lowercase();
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {answer}"));
        assert!(head.starts_with("http/1.1 "), "{line}: {head}");
        for foreign in ["x-evil", "evil.example", "evil-id"] {
            assert!(!head.contains(foreign), "{line}: {head}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn two_lengths_of_one_request_are_refused() {
    let app = app().await;
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 4\r\nContent-Length: 44\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let smuggled = "0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer = raw(&app, format!("{head}{lengths}\r\n{smuggled}").as_bytes()).await;
        assert_eq!(status_of(&answer), "400", "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let post = |body: Vec<u8>| {
        app.post("/api/v1/orders/search").by(&admin).header("content-type", "application/json").body(body)
    };
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep_value = format!("{{\"filter\":{deep}}}");
    let parameters = vec!["status=error"; 65].join("&");
    let packed = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = packed(&vec![b' '; 40_000_000]);
    assert!(bomb.len() < 50_000, "small enough to be read whole: {}", bomb.len());
    let cases = [
        ("a large body", post(vec![b' '; 70_000]), 413, "too_large"),
        ("deep JSON", post(deep.into_bytes()), 400, "bad_body"),
        ("deep JSON below a name", post(deep_value.into_bytes()), 400, "bad_body"),
        // Packed bodies are not unpacked, whatever is in them.
        ("a packed body", post(packed(b"{}")).header("content-encoding", "gzip"), 400, "bad_body"),
        ("a packed bomb", post(bomb).header("content-encoding", "gzip"), 400, "bad_body"),
        (
            "many parameters",
            app.get(&format!("/api/v1/orders?{parameters}")).by(&admin),
            400,
            "too_many_parameters",
        ),
    ];

    for (what, request, status, code) in cases {
        let (answered, problem) = answer(request).await;
        assert_eq!((answered, &problem["code"]), (status, &json!(code)), "{what}: {problem}");
    }
    let long = format!("GET /api/v1/setup HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(300_000));
    let many = format!("GET /api/v1/setup HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: a\r\n".repeat(500));
    for (what, request) in [("a long header", long), ("many headers", many)] {
        let answered = raw(&app, request.as_bytes()).await;
        assert!(!answered.starts_with("HTTP/1.1 200"), "{what}: {answered}");
    }
    assert_eq!(app.get("/health/ready").send().await.unwrap().status(), 200);
    app.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = app_configured(|config| config.body_time_limit = Duration::from_millis(200)).await;

    for path in ["/api/v1/session", "/webhooks/tiktok"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
        );
        let answer = raw(&app, request.as_bytes()).await;
        assert_eq!(status_of(&answer), "400", "{path}: {answer}");
    }
    app.stop().await;
}
