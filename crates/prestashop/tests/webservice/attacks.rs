//! A store that answers to do harm: each call ends soon, with little memory, and with nothing of the answer believed.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use prestashop::{Error, OrderId, UnknownReason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::recording::{client_at, client_of};

/// What becomes of reading an order from a store that answers so.
async fn reason_for(answer: ResponseTemplate) -> UnknownReason {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    reason(client_of(&server).order(OrderId(1)).await.unwrap_err())
}

fn reason(error: Error) -> UnknownReason {
    match error {
        Error::OutcomeUnknown(unknown) => unknown.reason,
        Error::Refused(refusal) => panic!("{refusal}"),
    }
}

fn xml(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/xml")
}

#[tokio::test]
async fn entities_are_neither_expanded_nor_fetched() {
    let laughs: String = (1..10)
        .map(|number| format!("<!ENTITY l{number} \"{}\">", format!("&l{};", number - 1).repeat(10)))
        .collect();
    let documents = [
        format!("<!DOCTYPE p [<!ENTITY l0 \"lol\">{laughs}]><prestashop><order><id>&l9;</id></order></prestashop>"),
        "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><prestashop><order><id>&x;</id></order></prestashop>"
            .to_owned(),
        "<!DOCTYPE p SYSTEM \"http://127.0.0.1:9/evil.dtd\"><prestashop><order><id>1</id></order></prestashop>"
            .to_owned(),
        "<!DOCTYPE p [<!ENTITY % x SYSTEM \"http://127.0.0.1:9/\"> %x;]><prestashop/>".to_owned(),
        "<prestashop><order><id>&undeclared;</id></order></prestashop>".to_owned(),
    ];

    for document in documents {
        assert_eq!(reason_for(xml(document.clone())).await, UnknownReason::Unparsable, "{document}");
    }
}

#[tokio::test]
async fn trees_that_would_fill_the_memory_are_refused() {
    let deep = format!("<prestashop>{}", "<a>".repeat(10_000));
    let closed = format!("{deep}{}</prestashop>", "</a>".repeat(10_000));
    let wide = format!("<prestashop>{}</prestashop>", "<a/>".repeat(1_000_000));

    for (what, document) in [("deep", deep), ("deep and closed", closed), ("wide", wide)] {
        assert_eq!(reason_for(xml(document)).await, UnknownReason::Unparsable, "{what}");
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_not_unpacked() {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let megabyte = vec![b' '; 1 << 20];
    for _ in 0..256 {
        packer.write_all(&megabyte).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());

    let reason = reason_for(xml(bomb).insert_header("content-encoding", "gzip")).await;

    assert!(!matches!(reason, UnknownReason::Timeout | UnknownReason::TooLarge), "{reason:?}");
}

#[tokio::test]
async fn a_body_without_an_end_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let store = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let _ = connection.read(&mut [0; 4096]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        let mut written = 0_usize;
        while connection.write_all(chunk.as_bytes()).await.is_ok() {
            written += chunk.len();
        }
        written
    });

    let error = client_at(&url).order(OrderId(1)).await.unwrap_err();

    assert_eq!(reason(error), UnknownReason::TooLarge);
    let written = store.await.unwrap();
    assert!(written < 64 << 20, "{written} bytes were taken");
}
