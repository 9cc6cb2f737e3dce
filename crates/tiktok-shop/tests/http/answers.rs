//! What is made of answers, good and bad.

use std::time::Duration;

use serde_json::json;
use tiktok_shop::{
    ANSWER_LIMIT_BYTES, Error, ExternalOrder, ExternalPlatform, MarkPackageAsShipped, OrderStatus, Rejection,
};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::support::{access, client, client_with, only_request, requests, server, shop, success};

const ORDER: &str = "576461413038785752";

fn shipment() -> MarkPackageAsShipped {
    MarkPackageAsShipped {
        order_line_item_ids: vec!["577086512123755123".to_owned()],
        tracking_number: "JX12345".to_owned(),
        shipping_provider_id: "6617675021119438849".to_owned(),
    }
}

/// The error of a reading and of a writing call that get the same answer.
async fn errors(answer: ResponseTemplate) -> (Error, Error) {
    let server = server(answer).await;
    let read = shop(&server).orders(&[ORDER]).await.expect_err("a failed reading");
    let write = shop(&server).mark_package_as_shipped(ORDER, &shipment()).await.expect_err("a failed write");
    (read, write)
}

fn refusal(status: u16, code: i64, message: &str) -> ResponseTemplate {
    let body = json!({"code": code, "message": message, "request_id": "r9", "data": null});
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn orders_come_with_their_raw_json() {
    let raw = json!({"id": ORDER, "status": "ON_HOLD", "later": null, "note": " x "});
    let server = server(success(&json!({"orders": [null, raw]}))).await;

    let orders = shop(&server).orders(&[ORDER]).await.unwrap();
    let order = shop(&server).order(ORDER).await.unwrap();

    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].raw, raw);
    assert_eq!(order.order.status, OrderStatus::OnHold);
}

#[tokio::test]
async fn an_order_that_is_not_in_the_answer_is_not_found() {
    for data in [json!({"orders": []}), json!({"orders": null}), json!({}), json!(null), json!("")] {
        let server = server(success(&data)).await;

        assert!(shop(&server).orders(&[ORDER]).await.unwrap().is_empty());
        assert!(matches!(shop(&server).order(ORDER).await, Err(Error::NotFound { .. })), "{data}");
    }
}

#[tokio::test]
async fn an_unreadable_order_says_where() {
    let server =
        server(success(&json!({"orders": [{"id": ORDER, "status": "UNPAID", "line_items": [{}]}]}))).await;

    let error = shop(&server).orders(&[ORDER]).await.unwrap_err();

    let Error::Unexpected { status, path, problem, request_id } = error else { panic!("{error}") };
    assert_eq!((status, path.as_str()), (200, "data.orders[0].line_items[0]"));
    assert_eq!((problem.as_str(), request_id.as_deref()), ("missing field `id`", Some("r1")));
}

#[tokio::test]
async fn a_rate_limit_tells_how_long_to_wait_if_it_is_told() {
    let (read, write) = errors(refusal(429, 36009002, "too many").insert_header("retry-after", "7")).await;
    let expected =
        Error::RateLimited { retry_after: Some(Duration::from_secs(7)), request_id: Some("r9".to_owned()) };
    assert_eq!((&read, &write), (&expected, &expected));

    let (read, _) = errors(refusal(429, 36009002, "too many")).await;
    assert_eq!(read, Error::RateLimited { retry_after: None, request_id: Some("r9".to_owned()) });

    let (read, _) = errors(ResponseTemplate::new(429)).await;
    assert_eq!(read, Error::RateLimited { retry_after: None, request_id: None });
}

#[tokio::test]
async fn the_code_decides_before_the_status() {
    for status in [200, 400, 401, 500] {
        let (read, write) =
            errors(refusal(status, 105002, "access token is expired, please refresh it")).await;
        assert!(matches!(read, Error::TokenExpired { .. }), "{read}");
        assert!(matches!(write, Error::TokenExpired { .. }), "{write}");
    }
    let (_, write) = errors(refusal(200, 21011006, "already shipped")).await;
    let Error::Rejected { reason, code, request_id, .. } = write else { panic!("{write}") };
    assert_eq!((reason, code, request_id.as_deref()), (Rejection::AlreadyShipped, 21011006, Some("r9")));
}

#[tokio::test]
async fn an_open_code_may_be_a_text() {
    let body = json!({"code": "105005", "message": "Access denied"});
    let (read, _) = errors(ResponseTemplate::new(200).set_body_json(body)).await;

    assert!(matches!(&read, Error::ScopeMissing { message, .. } if message == "seller.order.info"), "{read}");
}

#[tokio::test]
async fn an_internal_error_leaves_a_write_unknown() {
    for answer in [refusal(200, 36009003, "internal"), refusal(500, 36009003, ""), ResponseTemplate::new(503)]
    {
        let (read, write) = errors(answer).await;

        assert!(matches!(read, Error::Transient { .. }), "{read}");
        assert!(matches!(write, Error::OutcomeUnknown { .. }), "{write}");
    }
}

#[tokio::test]
async fn nonsense_is_named_without_being_repeated() {
    let bodies = [
        "",
        "Camille",
        "<html>Camille</html>",
        "[\"Camille\"]",
        "{\"message\":\"Camille\"}",
        "{\"code\":\"Camille\"}",
    ];
    for body in bodies {
        let (read, write) = errors(ResponseTemplate::new(200).set_body_string(body)).await;

        assert!(matches!(read, Error::Unexpected { status: 200, .. }), "{body}: {read}");
        assert!(matches!(write, Error::OutcomeUnknown { .. }), "{body}: {write}");
        assert!(!format!("{read} {read:?} {write} {write:?}").contains("Camille"), "{read} {write}");
    }
}

#[tokio::test]
async fn a_gateway_page_is_decided_by_its_status() {
    let (read, write) = errors(ResponseTemplate::new(502).set_body_string("<html>Camille</html>")).await;

    assert!(matches!(read, Error::Transient { status: Some(502), .. }), "{read}");
    assert!(matches!(write, Error::OutcomeUnknown { status: Some(502), .. }), "{write}");
    assert!(!read.to_string().contains("Camille"));
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let (read, write) =
        errors(ResponseTemplate::new(200).set_body_bytes(vec![b' '; ANSWER_LIMIT_BYTES + 1])).await;

    let Error::Unexpected { problem, .. } = read else { panic!("{read}") };
    assert!(problem.contains("longer than"), "{problem}");
    assert!(matches!(write, Error::OutcomeUnknown { .. }), "{write}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = server(success(&json!({"orders": []}))).await;
    let redirecting = server(ResponseTemplate::new(307).insert_header("location", elsewhere.uri())).await;

    let error = shop(&redirecting).orders(&[ORDER]).await.unwrap_err();

    assert!(matches!(error, Error::Misconfigured { .. }), "{error}");
    assert!(requests(&elsewhere).await.is_empty());
    only_request(&redirecting).await;
}

#[tokio::test]
async fn a_failed_call_is_not_repeated() {
    let server = server(refusal(500, 36009003, "internal")).await;

    drop(shop(&server).orders(&[ORDER]).await);

    only_request(&server).await;
}

#[tokio::test]
async fn without_a_connection_nothing_was_done() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    let error = client(&url).shop(access()).mark_package_as_shipped(ORDER, &shipment()).await.unwrap_err();

    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_tells_no_secret(&error);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_write_unknown_and_a_reading_to_be_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Each connection is read from and then closed, as by a server that dies while it works.
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream.readable().await);
            let mut buffer = [0; 4096];
            drop(stream.try_read(&mut buffer));
        }
    });

    let shop = client(&url).shop(access());
    let write = shop.mark_package_as_shipped(ORDER, &shipment()).await.unwrap_err();
    let read = shop.orders(&[ORDER]).await.unwrap_err();

    assert!(matches!(write, Error::OutcomeUnknown { .. }), "{write}");
    assert!(matches!(read, Error::Transient { .. }), "{read}");
    assert_tells_no_secret(&write);
    assert_tells_no_secret(&read);
}

#[tokio::test]
async fn a_timeout_leaves_a_write_unknown() {
    let answer = success(&json!({})).set_delay(Duration::from_secs(60));
    let server = server(answer).await;
    let impatient = reqwest::Client::builder().timeout(Duration::from_millis(50)).no_proxy();
    // The TLS provider must be there before any client is built.
    drop(crate::support::http());
    let shop = client_with(impatient.build().unwrap(), &server.uri()).shop(access());

    let write = shop.mark_package_as_shipped(ORDER, &shipment()).await.unwrap_err();

    assert!(matches!(write, Error::OutcomeUnknown { .. }), "{write}");
    assert_tells_no_secret(&write);
}

#[tokio::test]
async fn a_message_that_repeats_a_secret_is_cleaned() {
    let (read, _) = errors(refusal(200, 77, "token GCP_access and secret e59af819cc are bad")).await;

    assert_tells_no_secret(&read);
    assert!(read.to_string().contains("[redacted]"), "{read}");
}

#[tokio::test]
async fn a_shipped_package_tells_its_id_and_the_warning() {
    let server = server(success(&json!({"order_id": ORDER, "order_line_item_ids": ["577086512123755123"],
        "package_id": "1152321127278713123", "warning": {"message": "match more than one provider"}})))
    .await;

    let marked = shop(&server).mark_package_as_shipped(ORDER, &shipment()).await.unwrap();

    assert_eq!(marked.package_id.as_deref(), Some("1152321127278713123"));
    assert_eq!(marked.warning.unwrap().message.as_deref(), Some("match more than one provider"));
}

#[tokio::test]
async fn a_package_names_its_orders() {
    let server = server(success(&json!({"package_id": "1", "orders": [{"id": ORDER}], "package_status": "FULFILLING",
        "order_line_item_ids": ["5"], "tracking_number": "JX1", "update_time": 1_790_000_000, "weight": {"value": "1"}})))
    .await;

    let package = shop(&server).package("1").await.unwrap();

    assert_eq!(package.orders[0].id, ORDER);
    assert_eq!(package.tracking_number.as_deref(), Some("JX1"));
}

#[tokio::test]
async fn a_failure_inside_a_batch_is_a_failure() {
    let failures = [
        json!([{"code": "36020001", "message": "invalid order id", "detail": {"order_id": ORDER}}]),
        json!([{"code": 36020001, "message": "invalid order id"}]),
    ];
    for errors in failures {
        let server = server(success(&json!({ "errors": errors }))).await;

        let error = shop(&server).add_external_order(ORDER, &ExternalOrder::new("1042")).await.unwrap_err();

        assert!(matches!(error, Error::NotFound { code: Some(36020001), .. }), "{error}");
    }

    let server = server(success(&json!({"errors": []}))).await;
    shop(&server).add_external_order(ORDER, &ExternalOrder::new("1042")).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&only_request(&server).await.body).unwrap();
    let expected = json!({"orders": [{"id": ORDER,
        "external_order": {"id": "1042", "platform": "ORDER_MANAGEMENT_SYSTEM"}}]});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn orders_are_found_by_the_merchants_number() {
    let data = json!({"orders": [{"id": ORDER, "external_order": {"id": "1042", "platform": "ORDER_MANAGEMENT_SYSTEM"}}]});
    let server = server(success(&data)).await;

    let platform = ExternalPlatform::OrderManagementSystem;
    let found = shop(&server).search_external_order("1042", &platform).await.unwrap();

    assert_eq!(found[0].id, ORDER);
    assert_eq!(found[0].external_order, Some(ExternalOrder::new("1042")));
    assert_eq!(only_request(&server).await.body, b"{}");
}

fn assert_tells_no_secret(error: &Error) {
    let text = format!("{error} {error:?}");
    for secret in ["e59af819cc", "GCP_", "sign=", "app_key="] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
