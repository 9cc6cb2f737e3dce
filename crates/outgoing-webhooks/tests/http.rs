//! What receivers get and what becomes of their answers; signatures are checked by the specification's own library.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clock::SystemClock;
use outgoing_webhooks::{Client, Error, Message, Secret, http_client};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Every name is this machine.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Ok(Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0)))) as Addrs) })
    }
}

async fn receiver(answer: ResponseTemplate) -> (MockServer, Url) {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let url = format!("http://receiver.example:{}/hook?token=abc", server.address().port());
    (server, url.parse().expect("the address is well-formed"))
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(http_client(Arc::new(Here)).expect("the client can be made"))
}

fn message() -> Message {
    Message { id: "msg_1".to_owned(), body: r#"{"type":"order.received","data":{"order_id":1}}"#.to_owned() }
}

async fn send(url: &Url, secrets: &[Secret]) -> Result<u16, Error> {
    let now = SystemClock::shared().now();
    client().send(url, &message(), secrets, now).await.map(|delivered| delivered.status)
}

#[tokio::test]
async fn the_reference_library_accepts_the_signature_of_either_secret() {
    let (server, url) = receiver(ResponseTemplate::new(204)).await;
    let (new, old, other) = (
        Secret::generate(&mut rand::rng()),
        Secret::generate(&mut rand::rng()),
        Secret::generate(&mut rand::rng()),
    );

    assert_eq!(send(&url, &[new.clone(), old.clone()]).await, Ok(204));

    let request = &server.received_requests().await.unwrap()[0];
    let verify = |secret: &Secret, body: &[u8]| {
        let webhook = standardwebhooks::Webhook::new(&secret.expose()).unwrap();
        webhook.verify(body, &request.headers).is_ok()
    };
    assert!(verify(&new, &request.body) && verify(&old, &request.body));
    assert!(!verify(&other, &request.body), "another secret");
    assert!(!verify(&new, b"{}"), "another body");
    assert_eq!(request.headers["content-type"], "application/json");
}

#[tokio::test]
async fn answers_say_what_is_left_to_decide() {
    let secrets = [Secret::generate(&mut rand::rng())];
    let later = ResponseTemplate::new(503).insert_header("retry-after", "120");
    let pause = Some(Duration::from_secs(120));
    let elsewhere = ResponseTemplate::new(307).insert_header("location", "http://169.254.169.254/");
    let table = [
        (ResponseTemplate::new(410), Error::Gone),
        (ResponseTemplate::new(500), Error::Refused { status: 500, retry_after: None }),
        (later, Error::Refused { status: 503, retry_after: pause }),
        (elsewhere, Error::Refused { status: 307, retry_after: None }),
    ];

    for (answer, expected) in table {
        let (_server, url) = receiver(answer).await;
        assert_eq!(send(&url, &secrets).await, Err(expected));
    }
}

#[tokio::test]
async fn an_error_names_neither_address_nor_secret() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url: Url = format!("http://receiver.example:{port}/hook?token=abc").parse().unwrap();

    let error = send(&url, &[Secret::generate(&mut rand::rng())]).await.unwrap_err();

    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(!error.to_string().contains("token=abc"), "{error}");
}
