//! A TikTok Shop that answers to do harm: each call ends soon, and nothing of the answer is believed.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tiktok_shop::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::support::{access, client, server, shop};

const ORDER: &str = "576461413038785752";

async fn error_for(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    shop(&server).orders(&[ORDER]).await.expect_err("a failed reading")
}

fn json(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

#[tokio::test]
async fn deep_json_is_refused() {
    let deep = format!("{{\"code\":0,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_order = format!(
        "{{\"code\":0,\"data\":{{\"orders\":[{}1{}]}}}}",
        "{\"a\":".repeat(10_000),
        "}".repeat(10_000)
    );

    for body in [deep, deep_order] {
        let error = error_for(json(body)).await;
        assert!(matches!(error, Error::Unexpected { .. }), "{error}");
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

    let error = error_for(json(bomb).insert_header("content-encoding", "gzip")).await;

    let Error::Unexpected { problem, .. } = error else { panic!("{error}") };
    assert!(!problem.contains("longer than"), "{problem}");
}

#[tokio::test]
async fn a_body_without_an_end_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let channel = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a caller");
        let _ = connection.read(&mut [0; 4096]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        connection.write_all(head.as_bytes()).await.expect("a head");
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut written = 0_usize;
        while connection.write_all(chunk.as_bytes()).await.is_ok() {
            written += chunk.len();
        }
        written
    });

    let error = client(&url).shop(access()).orders(&[ORDER]).await.expect_err("a failed reading");

    let Error::Unexpected { problem, .. } = error else { panic!("{error}") };
    assert!(problem.contains("longer than"), "{problem}");
    let written = channel.await.expect("a count");
    assert!(written < 64 << 20, "{written} bytes were taken");
}
