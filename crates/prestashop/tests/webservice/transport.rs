//! Addresses, headers and limits, against servers that behave and servers that do not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use prestashop::{
    CallRecord, Client, ConnectionFailure, Error, Exchange, Method, OrderId, OrderStateId, RefusalKind,
    Resource, ShopId, Timeouts, UnknownReason, Verdict, WebserviceKey, http_client,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::recording::{KEY, Recording, client_at, client_of};

async fn server_answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

/// A server that reads one request and hangs up after writing this.
async fn server_cutting_after(written: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _ = connection.read(&mut [0; 4096]).await;
        connection.write_all(written.as_bytes()).await.unwrap();
    });
    url
}

fn reason(error: Error) -> UnknownReason {
    match error {
        Error::OutcomeUnknown(unknown) => unknown.reason,
        Error::Refused(refusal) => panic!("{refusal}"),
    }
}

fn kind(error: Error) -> RefusalKind {
    match error {
        Error::Refused(refusal) => refusal.kind,
        Error::OutcomeUnknown(unknown) => panic!("{unknown}"),
    }
}

async fn move_state(client: &Client) -> Result<(), Error> {
    client.add_order_history(OrderId(6), OrderStateId(3)).await.map(|_| ())
}

#[tokio::test]
async fn the_key_travels_in_the_basic_header_alone() {
    let server = Recording::find("9.1.4", "010-").serve().await;

    client_of(&server).api_root().await.unwrap();

    let requests = server.received_requests().await.unwrap();
    // base64 of the key, a colon and no password.
    assert_eq!(requests[0].headers["authorization"], "Basic VEVTVEtFWVRFU1RLRVlURVNUS0VZVEVTVEtFWTEyMzQ6");
    assert!(!requests[0].url.as_str().contains(KEY));
    assert!(!format!("{:?}", client_of(&server)).contains(KEY));
}

#[tokio::test]
async fn a_shop_may_live_under_a_path_and_be_one_of_several() {
    let server = Recording::find("9.1.4", "516-").serve().await;
    for base in ["/shop", "/shop/", "/shop/?utm=1#top"] {
        let _ = client_of(&server);
        let url = format!("{}{base}", server.uri()).parse().unwrap();
        let client = Client::new(http_client(), url, WebserviceKey::new(KEY), Some(ShopId(2)));

        client.order(OrderId(6)).await.unwrap();
    }

    for request in server.received_requests().await.unwrap() {
        assert_eq!((request.url.path(), request.url.query()), ("/shop/api/orders/6", Some("id_shop=2")));
    }
}

#[tokio::test]
async fn a_redirect_is_a_wrong_address_and_is_not_followed() {
    let elsewhere = MockServer::start().await;
    for status in [301, 302, 307, 308] {
        let response =
            ResponseTemplate::new(status).insert_header("Location", format!("{}/x", elsewhere.uri()));
        let server = server_answering(response).await;

        let error = move_state(&client_of(&server)).await.unwrap_err();

        assert_eq!(kind(error), RefusalKind::WrongAddress { location_host: Some("127.0.0.1".to_owned()) });
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_listener_means_nothing_was_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);

    let error = move_state(&client_at(&url)).await.unwrap_err();

    assert_eq!(kind(error), RefusalKind::NotReached { failure: ConnectionFailure::Refused });
}

#[tokio::test]
async fn a_failed_handshake_means_nothing_was_done() {
    for written in ["", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let url = server_cutting_after(written).await.replace("http:", "https:");

        let error = move_state(&client_at(&url)).await.unwrap_err();

        assert_eq!(kind(error), RefusalKind::NotReached { failure: ConnectionFailure::Tls }, "{written:?}");
    }
}

#[tokio::test]
async fn no_answer_in_time_means_the_outcome_is_unknown() {
    let server = server_answering(ResponseTemplate::new(201).set_delay(Duration::from_secs(60))).await;
    let short = Duration::from_millis(500);
    let client = client_of(&server).with_timeouts(Timeouts { order_creation: short, other: short });

    let error = move_state(&client).await.unwrap_err();

    assert_eq!(reason(error), UnknownReason::Timeout);
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "one attempt");
}

#[tokio::test]
async fn a_cut_connection_means_the_outcome_is_unknown() {
    for written in
        ["", "HTTP/1.1 201 Created\r\n", "HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n<prestashop>"]
    {
        let url = server_cutting_after(written).await;

        let error = move_state(&client_at(&url)).await.unwrap_err();

        assert_eq!(reason(error), UnknownReason::ConnectionCut, "{written:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let body = "x".repeat(17 * 1024 * 1024);
    let server = server_answering(ResponseTemplate::new(200).set_body_raw(body, "text/xml")).await;

    let error = client_of(&server).order(OrderId(1)).await.unwrap_err();

    assert_eq!(reason(error), UnknownReason::TooLarge);
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    let deep = format!("<prestashop>{}", "<a>".repeat(10_000));
    for (content_type, body, expected) in [
        ("text/html", "<html><body>Welcome</body></html>", UnknownReason::Html),
        ("text/html", "Everything fine", UnknownReason::PlainText),
        ("text/xml", "", UnknownReason::Empty),
        ("text/xml", "<prestashop><order><id>1</id>", UnknownReason::Unparsable),
        ("text/xml", deep.as_str(), UnknownReason::Unparsable),
        ("text/xml", "<html/>", UnknownReason::Unparsable),
        ("text/xml", "<prestashop/>", UnknownReason::Undecodable { field: "prestashop/order".to_owned() }),
        (
            "text/xml",
            "<prestashop><order><id>x</id></order></prestashop>",
            UnknownReason::Undecodable { field: "order/id".to_owned() },
        ),
    ] {
        let server = server_answering(ResponseTemplate::new(200).set_body_raw(body, content_type)).await;

        let error = client_of(&server).order(OrderId(1)).await.unwrap_err();

        assert_eq!(reason(error), expected);
    }
}

#[tokio::test]
async fn filters_are_percent_encoded() {
    let server = Recording::find("9.1.4", "500-").serve().await;
    let client = client_of(&server);

    client.orders_by_gift_message("tiktok:1 & more=é").await.unwrap();
    let refused = client.orders_by_gift_message("a]b").await.unwrap_err();

    let requests = server.received_requests().await.unwrap();
    assert_eq!(
        requests[0].url.query(),
        Some(
            "display=%5Bid%2Cid_cart%2Creference%2Ccurrent_state%2Ctotal_paid%5D\
             &filter%5Bgift_message%5D=tiktok%3A1%20%26%20more%3D%C3%A9&sort=%5Bid_ASC%5D"
        )
    );
    assert_eq!(kind(refused), RefusalKind::FieldInvalid { field: "gift_message".to_owned() });
    assert_eq!(requests.len(), 1, "what cannot be asked is not asked");
}

#[tokio::test]
async fn every_call_is_told_to_the_observer() {
    let records = Arc::new(Mutex::new(Vec::<CallRecord>::new()));
    let kept = Arc::clone(&records);
    let watch = move |client: Client| {
        let kept = Arc::clone(&kept);
        client.with_observer(Arc::new(move |exchange: &Exchange<'_>| {
            assert!(!exchange.url.as_str().contains(KEY), "{}", exchange.url);
            assert_eq!(exchange.sent.is_some(), exchange.record.method == Method::Post);
            kept.lock().unwrap().push(exchange.record.clone());
        }))
    };
    let answering = |name| Recording::find("9.1.4", name);

    let found = answering("516-").serve().await;
    watch(client_of(&found)).order(OrderId(6)).await.unwrap();
    let disabled = answering("800-").serve().await;
    let _ = watch(client_of(&disabled)).order_states().await;
    let broken = answering("438-").serve().await;
    let _ = move_state(&watch(client_of(&broken))).await;
    let _ = move_state(&watch(client_at("http://127.0.0.1:1/"))).await;

    let seen: Vec<_> =
        records.lock().unwrap().iter().map(|r| (r.method, r.resource, r.status, r.verdict)).collect();
    assert_eq!(
        seen,
        [
            (Method::Get, Resource::Orders, Some(200), Verdict::Success),
            (Method::Get, Resource::OrderStates, Some(503), Verdict::Refused),
            (Method::Post, Resource::OrderHistories, Some(500), Verdict::OutcomeUnknown),
            (Method::Post, Resource::OrderHistories, None, Verdict::Refused),
        ]
    );
}
