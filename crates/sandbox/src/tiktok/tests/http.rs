//! The server as a process would meet it: over HTTP, with faults, webhooks and the control API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::tiktok::sign::{request_signature, webhook_signature};
use crate::tiktok::{Options, Running, start};

/// A received webhook: its `authorization` header and its body.
type Received = Arc<Mutex<Vec<(String, String)>>>;

struct Client {
    http: reqwest::Client,
    running: Running,
    options: Options,
    token: String,
    cipher: String,
}

impl Client {
    async fn new(options: Options) -> Self {
        let running = start(options.clone()).unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let mut client = Self { http, running, options, token: String::new(), cipher: String::new() };
        client.token = client.post("/tokens", &json!({})).await["access_token"].as_str().unwrap().to_owned();
        client.cipher = client.get("").await["shops"][0]["cipher"].as_str().unwrap().to_owned();
        client
    }

    async fn get(&self, path: &str) -> Value {
        self.http
            .get(format!("{}{path}", self.running.control_url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.send_control(reqwest::Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: &Value) -> Value {
        self.send_control(reqwest::Method::PUT, path, body).await
    }

    async fn send_control(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.running.control_url);
        let response = self.http.request(method, url).json(body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// A signed call of the API.
    async fn api(
        &self,
        method: reqwest::Method,
        path: &str,
        query: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Result<reqwest::Response> {
        let timestamp = self.get("/clock").await["machine_time"].to_string();
        let mut all: std::collections::BTreeMap<String, String> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert("app_key".to_owned(), self.options.app_key.clone());
        all.insert("timestamp".to_owned(), timestamp);
        all.insert("shop_cipher".to_owned(), self.cipher.clone());
        let sign = request_signature(&self.options.app_secret.0, path, &all, body.as_bytes());
        all.insert("sign".to_owned(), sign);
        self.http
            .request(method, format!("{}{path}", self.running.api_url))
            .query(&all)
            .header("x-tts-access-token", &self.token)
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
    }

    async fn search(&self) -> reqwest::Result<reqwest::Response> {
        let query = [("page_size", "50"), ("sort_order", "ASC")];
        self.api(reqwest::Method::POST, "/order/202309/orders/search", &query, "{}").await
    }

    /// Waits until `ready` likes what the control API shows; fails after five seconds.
    async fn until(&self, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..250 {
            let value = self.get(path).await;
            if ready(&value) {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never became ready: {}", self.get(path).await);
    }
}

/// A target for webhooks that answers with the given statuses, the last one for ever.
async fn target(statuses: Vec<u16>) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let received = Received::default();
    let book = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let (head, body) = loop {
                let count = stream.read(&mut buffer).await.unwrap();
                bytes.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8(bytes.clone()).unwrap();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                    .map_or(0, |text| text.parse::<usize>().unwrap());
                if body.len() >= length {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let authorization = head
                .lines()
                .find_map(|line| line.strip_prefix("authorization: "))
                .unwrap_or_default()
                .to_owned();
            let status = {
                let mut book = book.lock().unwrap();
                book.push((authorization, body));
                statuses[(book.len() - 1).min(statuses.len() - 1)]
            };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, received)
}

fn bodies(received: &Received) -> Vec<Value> {
    received.lock().unwrap().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test]
async fn an_order_is_placed_searched_and_counted() {
    let client = Client::new(Options::default()).await;
    let placed = client.post("/orders", &json!({ "count": 3, "mix": "plain", "seed": 5 })).await;

    let found: Value = client.search().await.unwrap().json().await.unwrap();

    assert_eq!(found["data"]["total_count"], 3);
    assert_eq!(found["data"]["orders"][0]["id"], placed["ids"][0]);
    let calls = client.get("/calls").await;
    assert_eq!(calls["by_endpoint"]["POST /order/{version}/orders/search"]["ok"], 1);
    client.running.stop();
}

#[tokio::test]
async fn the_business_clock_moves_without_breaking_signatures() {
    let client = Client::new(Options::default()).await;
    let placed = client.post("/orders", &json!({ "shapes": ["on_hold"] })).await;
    let id = placed["ids"][0].as_str().unwrap();

    client.post("/clock", &json!({ "advance_seconds": 3_601 })).await;

    let found: Value = client.search().await.unwrap().json().await.unwrap();
    assert_eq!(found["data"]["orders"][0]["status"], "AWAITING_SHIPMENT");
    assert_eq!(client.get(&format!("/orders/{id}")).await["expected"], "import");
}

#[tokio::test]
async fn a_lost_answer_follows_a_write_that_happened() {
    let client = Client::new(Options::default()).await;
    let placed = client.post("/orders", &json!({ "shapes": ["plain"] })).await;
    let id = placed["ids"][0].as_str().unwrap();
    let fault = json!({ "path": "/packages", "method": "POST", "kind": "internal_error", "when": "after", "times": 1 });
    client.post("/faults", &fault).await;
    let path = format!("/fulfillment/202309/orders/{id}/packages");
    let body =
        json!({ "tracking_number": "JX12345", "shipping_provider_id": "6617675021119438849" }).to_string();

    let first: Value =
        client.api(reqwest::Method::POST, &path, &[], &body).await.unwrap().json().await.unwrap();
    let second: Value =
        client.api(reqwest::Method::POST, &path, &[], &body).await.unwrap().json().await.unwrap();

    assert_eq!((first["code"].clone(), second["code"].clone()), (json!(36_009_003), json!(21_011_006)));
    assert_eq!(client.get(&format!("/orders/{id}")).await["status"], "AWAITING_COLLECTION");
}

#[tokio::test]
async fn broken_connections_and_nonsense_come_on_request() {
    let client = Client::new(Options::default()).await;
    client.post("/orders", &json!({ "count": 5 })).await;
    for kind in ["cut", "truncated", "html", "empty", "overload"] {
        client.post("/faults", &json!({ "kind": kind, "times": 1 })).await;
    }
    client.post("/faults", &json!({ "kind": "rate_limited", "retry_after": 7, "times": 1 })).await;

    assert!(client.search().await.is_err());
    let truncated = client.search().await.unwrap();
    assert_eq!(truncated.status(), 200);
    assert!(truncated.bytes().await.is_err());
    assert!(client.search().await.unwrap().text().await.unwrap().starts_with("<html>"));
    assert!(client.search().await.unwrap().bytes().await.unwrap().is_empty());
    assert_eq!(client.search().await.unwrap().status(), 503);
    let limited = client.search().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(client.search().await.unwrap().status(), 200);
}

#[tokio::test]
async fn webhooks_are_signed_repeated_and_spelled_as_documented() {
    let (url, received) = target(vec![500, 200]).await;
    let client = Client::new(Options { webhook_urls: vec![url], ..Options::default() }).await;
    client.put("/switches", &json!({ "webhooks": { "retry_after_s": [1, 1] } })).await;
    let placed = client.post("/orders", &json!({ "shapes": ["plain"] })).await;
    let id = placed["ids"][0].as_str().unwrap();
    client.until("/webhooks", |box_| box_["counters"]["failed_attempts"] == 1).await;
    client.post("/clock", &json!({ "advance_seconds": 2 })).await;
    client.until("/webhooks", |box_| box_["counters"]["delivered"] == 1).await;

    client.post(&format!("/orders/{id}/cancel"), &json!({ "by": "buyer" })).await;
    client.until("/webhooks", |box_| box_["waiting"] == 0).await;

    let bodies = bodies(&received);
    assert_eq!(bodies[0]["tts_notification_id"], bodies[1]["tts_notification_id"]);
    assert_eq!(bodies[0]["data"]["order_status"], "AWAITING_SHIPMENT");
    assert!(bodies.iter().any(|body| body["type"] == 1 && body["data"]["order_status"] == "CANCEL"));
    assert!(bodies.iter().any(|body| {
        body["type"] == 11 && body["data"]["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    }));
    for (authorization, body) in received.lock().unwrap().iter() {
        let expected =
            webhook_signature(&client.options.app_key, &client.options.app_secret.0, body.as_bytes());
        assert_eq!(*authorization, expected);
    }
}

#[tokio::test]
async fn webhooks_go_wrong_on_request() {
    let (url, received) = target(vec![200]).await;
    let client = Client::new(Options { webhook_urls: vec![url], ..Options::default() }).await;
    let place = || async {
        received.lock().unwrap().clear();
        client.post("/orders", &json!({ "shapes": ["plain"] })).await;
        client.until("/webhooks", |box_| box_["waiting"] == 0).await;
    };

    client.put("/switches", &json!({ "webhooks": { "duplicate_rate": 1.0, "pretty_printed": true } })).await;
    place().await;
    let (first, second) = {
        let book = received.lock().unwrap();
        (book[0].clone(), book[1].clone())
    };
    assert!(first.1.contains("\n  \"") && first.1 == second.1);

    let odd = json!({ "duplicate_rate": 0.0, "without_notification_id": true, "wrong_signature_rate": 1.0 });
    client.put("/switches", &json!({ "webhooks": odd })).await;
    place().await;
    let (authorization, body) = received.lock().unwrap()[0].clone();
    assert!(!body.contains("tts_notification_id"));
    assert_ne!(
        authorization,
        webhook_signature(&client.options.app_key, &client.options.app_secret.0, body.as_bytes())
    );

    client.put("/switches", &json!({ "webhooks": { "loss_rate": 1.0 } })).await;
    place().await;
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_registered_url_replaces_the_one_of_the_app() {
    let (of_app, at_app) = target(vec![200]).await;
    let (of_shop, at_shop) = target(vec![200]).await;
    let client = Client::new(Options { webhook_urls: vec![of_app], ..Options::default() }).await;
    let path = "/event/202309/webhooks";
    let body = json!({ "address": of_shop, "event_type": "ORDER_STATUS_CHANGE" }).to_string();
    client.api(reqwest::Method::PUT, path, &[], &body).await.unwrap();

    let listed: Value = client.api(reqwest::Method::GET, path, &[], "").await.unwrap().json().await.unwrap();
    client.post("/orders", &json!({ "shapes": ["plain"] })).await;
    client.until("/webhooks", |box_| box_["counters"]["delivered"] == 1).await;
    let delete = json!({ "event_type": "ORDER_STATUS_CHANGE" }).to_string();
    for _ in 0..2 {
        let gone: Value =
            client.api(reqwest::Method::DELETE, path, &[], &delete).await.unwrap().json().await.unwrap();
        assert_eq!(gone["code"], 0);
    }

    assert_eq!(listed["data"]["total_count"], 1);
    assert_eq!((at_app.lock().unwrap().len(), at_shop.lock().unwrap().len()), (0, 1));
}

#[tokio::test]
async fn revoking_ends_the_tokens_and_tells_the_app() {
    let (url, received) = target(vec![200]).await;
    let client = Client::new(Options { webhook_urls: vec![url], ..Options::default() }).await;

    client.post("/tokens/revoke", &json!({})).await;
    client.until("/webhooks", |box_| box_["counters"]["delivered"] == 1).await;

    let refused: Value = client.search().await.unwrap().json().await.unwrap();
    assert_eq!(refused["code"], 36_009_004);
    assert_eq!(bodies(&received)[0]["type"], 6);
}

#[tokio::test]
async fn orders_trickle_in_until_paused() {
    let client = Client::new(Options { orders_per_minute: 600.0, ..Options::default() }).await;

    client.until("", |summary| summary["orders"].as_u64().unwrap() >= 3).await;
    client.post("/pause", &json!({})).await;
    let before = client.get("").await["orders"].clone();
    tokio::time::sleep(Duration::from_millis(300)).await;

    assert_eq!(client.get("").await["orders"], before);
}

#[tokio::test]
async fn the_ground_truth_tells_what_to_expect() {
    let client = Client::new(Options::default()).await;
    let shapes = json!([
        "plain",
        "empty_sku",
        "unknown_sku",
        "ambiguous_sku",
        "unpaid",
        "on_hold",
        "fulfilled_by_tiktok",
        "cancelled_unpaid",
        "tiktok_shipping"
    ]);
    client.post("/orders", &json!({ "shapes": shapes })).await;

    let truth = client.get("/orders").await;

    let mut told: Vec<(String, String)> = truth["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| {
            let text = |name: &str| order[name].as_str().unwrap().to_owned();
            (text("shape"), text("expected"))
        })
        .collect();
    told.sort();
    let expected = [
        ("ambiguous_sku", "blocked"),
        ("cancelled_unpaid", "skipped"),
        ("empty_sku", "blocked"),
        ("fulfilled_by_tiktok", "skipped"),
        ("on_hold", "waiting"),
        ("plain", "import"),
        ("tiktok_shipping", "import"),
        ("unknown_sku", "blocked"),
        ("unpaid", "waiting"),
    ];
    assert_eq!(told, expected.map(|(shape, expected)| (shape.to_owned(), expected.to_owned())));
}
