//! What travels is exactly what is signed, and what the published vectors say.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::json;
use tiktok_shop::{
    CancelOrder, DocumentOptions, ExternalOrder, ExternalPlatform, MarkPackageAsShipped, OrderSearch,
    OrderStatus, Secret, ShipPackage, Shop, Tracking, sign,
};
use wiremock::Request;

use crate::support::{
    ACCESS_TOKEN, APP_SECRET, access, client, only_request, requests, server, server_of, shop, success,
};

#[derive(Deserialize)]
struct Vector {
    name: String,
    method: Option<String>,
    path: Option<String>,
    wire_query: Option<String>,
    body: Option<String>,
}

fn vector(name: &str) -> Vector {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/tiktok-signing-vectors.json");
    let vectors: Vec<Vector> =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors")).expect("vectors in JSON");
    vectors.into_iter().find(|vector| vector.name == name).expect("a vector of that name")
}

fn assert_travels_as(request: &Request, name: &str) {
    let vector = vector(name);
    assert_eq!(Some(request.method.to_string()), vector.method, "{name}");
    assert_eq!(Some(request.url.path()), vector.path.as_deref(), "{name}");
    assert_eq!(request.url.query(), vector.wire_query.as_deref(), "{name}");
    assert_eq!(String::from_utf8_lossy(&request.body), vector.body.unwrap_or_default(), "{name}");
    assert_eq!(request.headers["content-type"], "application/json", "{name}");
    assert_eq!(request.headers["x-tts-access-token"], ACCESS_TOKEN, "{name}");
}

/// The request that a call makes; what becomes of the answer is not looked at.
async fn sent(call: impl AsyncFnOnce(Shop)) -> Request {
    let server = server(success(&json!({}))).await;
    call(shop(&server)).await;
    only_request(&server).await
}

const ORDER: &str = "576461413038785752";
const PACKAGE: &str = "1153132168123859123";

#[tokio::test]
async fn reading_calls_travel_as_the_vectors_say() {
    let request = sent(async |shop| drop(shop.orders(&[ORDER, "576461413038785753"]).await)).await;
    assert_travels_as(&request, "order_detail_two_ids");

    let request = sent(async |shop| drop(shop.warehouses().await)).await;
    assert_travels_as(&request, "warehouses");

    let option = "7091146663229654785";
    let request =
        sent(async |shop| drop(shop.shipping_providers(option, Some("FR"), Some("DE")).await)).await;
    assert_travels_as(&request, "shipping_providers_eu_route");

    let request =
        sent(async |shop| drop(shop.shipping_document(PACKAGE, &DocumentOptions::default()).await)).await;
    assert_travels_as(&request, "shipping_document");
}

#[tokio::test]
async fn writing_calls_travel_as_the_vectors_say() {
    let tracking =
        Tracking { tracking_number: "JX12345".into(), shipping_provider_id: "6617675021119438849".into() };

    let shipment = MarkPackageAsShipped {
        order_line_item_ids: Vec::new(),
        tracking_number: tracking.tracking_number.clone(),
        shipping_provider_id: tracking.shipping_provider_id.clone(),
    };
    let request = sent(async |shop| drop(shop.mark_package_as_shipped(ORDER, &shipment).await)).await;
    assert_travels_as(&request, "mark_package_as_shipped");

    let shipment = ShipPackage { self_shipment: Some(tracking), ..ShipPackage::default() };
    let request = sent(async |shop| drop(shop.ship_package(PACKAGE, &shipment).await)).await;
    assert_travels_as(&request, "ship_package_self_shipment");

    let cancellation = CancelOrder {
        order_id: ORDER.into(),
        cancel_reason: "seller_cancel_reason_out_of_stock".into(),
        order_line_item_ids: Vec::new(),
    };
    let request = sent(async |shop| drop(shop.cancel_order(&cancellation).await)).await;
    assert_travels_as(&request, "cancel_order");

    let (cancel_id, key) = ("4035318504086604100", "40b456b1-78e7-412d-9fe6-82181496e1bd");
    let request = sent(async |shop| drop(shop.approve_cancellation(cancel_id, key).await)).await;
    assert_travels_as(&request, "approve_cancellation_idempotency_key");
}

#[tokio::test]
async fn a_page_token_travels_escaped_and_is_signed_decoded() {
    let token = "6AsPQsUMvH3RkchNUPPh22NROHkE0D8pmq/N5M1kHYcZmtRyv9aVrNv65W7Q6tFA+7D1ud64MPNz5OaT";
    let first = json!({"next_page_token": token, "orders": [{"id": "1"}]});
    let server = server_of([success(&first), success(&json!({"orders": [{"id": "2"}]}))]).await;

    let search = OrderSearch { status: Some(OrderStatus::Unpaid), ..OrderSearch::default() };
    let entries: Vec<_> = shop(&server).search_orders(search).try_collect().await.unwrap();

    assert_eq!(entries.len(), 2);
    let requests = requests(&server).await;
    assert_travels_as(&requests[1], "order_search_page_token_reserved_characters");
    assert_eq!(requests[0].body, requests[1].body);
    assert!(
        requests[1].url.query().unwrap().contains("%2B") && !requests[1].url.query().unwrap().contains('+')
    );
}

#[tokio::test]
async fn the_signature_of_every_request_fits_the_bytes_sent() {
    let external = ExternalOrder::new("1042 é+&=");
    let sent_requests = [
        sent(async |shop| drop(shop.add_external_order(ORDER, &external).await)).await,
        sent(async |shop| {
            drop(shop.search_external_order("1042 é+&=%", &ExternalPlatform::OrderManagementSystem).await)
        })
        .await,
    ];

    for request in sent_requests {
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let pairs: Vec<_> = query.iter().collect();
        let expected = sign::sign(
            &Secret::new(APP_SECRET),
            request.url.path(),
            &pairs,
            Some("application/json"),
            &request.body,
        );
        assert_eq!(query["sign"], expected, "{}", request.url);
    }
}

#[tokio::test]
async fn the_list_of_shops_is_asked_for_without_a_shop() {
    let server = server(success(&json!({"shops": [
        {"id": "7000714532876273420", "name": "Maomao beauty shop", "region": "GB", "seller_type": "CROSS_BORDER",
         "cipher": "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3", "code": "CNGBCBA4LLU8"}]})))
    .await;

    let shops = client(&server.uri()).authorized_shops(&access().access_token).await.unwrap();

    assert_eq!(shops[0].cipher, "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3");
    let request = only_request(&server).await;
    let expected = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8";
    assert_eq!(request.url.query().unwrap(), format!("app_key=29a39d&sign={expected}&timestamp=1623812664"));
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn an_id_that_would_change_the_path_is_not_sent() {
    let server = server(success(&json!({}))).await;

    for id in ["", "1/../2", "1?x=y", "1%2F", "é"] {
        assert!(shop(&server).package(id).await.is_err(), "{id}");
    }
    let too_many = vec![ORDER; 51];
    assert!(shop(&server).orders(&too_many).await.is_err());
    assert!(shop(&server).orders(&[]).await.unwrap().is_empty());

    assert!(requests(&server).await.is_empty());
}
