use std::sync::Arc;

use chrono::{DateTime, Utc};
use clock::Clock;
use serde_json::{Value, json};
use tiktok_shop::{AppCredentials, Client, Secret, Shop, ShopAccess, TokenClient};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const APP_SECRET: &str = "e59af819cc";
pub const ACCESS_TOKEN: &str = "GCP_access";
pub const SHOP_CIPHER: &str = "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3";

/// The time at which the published vectors were signed.
#[derive(Debug)]
struct TimeOfTheVectors;

impl Clock for TimeOfTheVectors {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_623_812_664, 0).expect("a time")
    }
}

pub fn app() -> AppCredentials {
    AppCredentials { app_key: "29a39d".to_owned(), app_secret: Secret::new(APP_SECRET) }
}

pub fn http() -> reqwest::Client {
    // Installing it a second time fails, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tiktok_shop::http_client().expect("TLS is set up")
}

pub fn client_with(http: reqwest::Client, url: &str) -> Client {
    Client::new(http, url.parse().expect("the server's address"), app(), Arc::new(TimeOfTheVectors))
}

pub fn client(url: &str) -> Client {
    client_with(http(), url)
}

pub fn access() -> ShopAccess {
    ShopAccess { access_token: Secret::new(ACCESS_TOKEN), shop_cipher: SHOP_CIPHER.to_owned() }
}

pub fn shop(server: &MockServer) -> Shop {
    client(&server.uri()).shop(access())
}

pub fn tokens(server: &MockServer) -> TokenClient {
    TokenClient::new(http(), server.uri().parse().expect("the server's address"), app())
}

pub fn success(data: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"code": 0, "message": "Success", "request_id": "r1", "data": data}))
}

/// A server that gives the same answer to everything.
pub async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A server that gives one answer after the other.
pub async fn server_of(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(any()).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    server
}

pub async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("the server records")
}

pub async fn only_request(server: &MockServer) -> Request {
    let mut requests = requests(server).await;
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}
