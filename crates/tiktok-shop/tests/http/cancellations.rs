//! Cancelling, and answering a buyer who wants to.

use futures::TryStreamExt;
use serde_json::{Value, json};
use tiktok_shop::{
    CancelOrder, CancelStatus, CancelType, CancellationSearch, Error, Initiator, RejectCancellation,
    Rejection,
};
use wiremock::ResponseTemplate;

use crate::support::{only_request, server, shop, success};

#[tokio::test]
async fn a_buyers_request_tells_until_when_to_answer() {
    let body: Value = serde_json::from_str(include_str!("../fixtures/cancellation_search.json")).unwrap();
    let server = server(ResponseTemplate::new(200).set_body_json(body)).await;
    let search = CancellationSearch {
        order_ids: vec!["577087614418520388".to_owned()],
        cancel_status: vec![CancelStatus::Cancelled],
        ..CancellationSearch::default()
    };

    let found: Vec<_> = shop(&server).search_cancellations(search).try_collect().await.unwrap();

    let request = &found[0];
    assert_eq!(request.cancel_id, "4035318504086604100");
    assert_eq!(request.cancel_type, Some(CancelType::BuyerCancel));
    assert_eq!(request.cancel_status, Some(CancelStatus::Pending));
    assert_eq!(request.role, Some(Initiator::Buyer));
    assert_eq!(request.answer_deadline().unwrap().timestamp(), 1_690_554_680);
    assert_eq!(request.refund_amount.as_ref().unwrap().refund_total.to_string(), "46.89");
    assert_eq!(request.line_items[0].order_line_item_id.as_deref(), Some("577086512123755123"));
    let sent = only_request(&server).await;
    assert!(sent.url.query().unwrap().contains("page_size=50&"));
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    let expected =
        json!({"order_ids": ["577087614418520388"], "cancel_status": ["CANCELLATION_REQUEST_CANCEL"]});
    assert_eq!(body, expected);
}

#[test]
fn a_withdrawn_request_has_two_spellings() {
    for text in ["CANCELLATION_REQUEST_CANCEL", "CANCELLATION_REQUEST_CANCELLED"] {
        assert_eq!(CancelStatus::from(text), CancelStatus::Cancelled);
    }
}

#[tokio::test]
async fn a_cancellation_begins_or_is_refused_for_a_reason() {
    let cancellation = CancelOrder {
        order_id: "576461413038785752".to_owned(),
        cancel_reason: "seller_cancel_reason_out_of_stock".to_owned(),
        order_line_item_ids: vec!["577086512123755123".to_owned()],
    };
    let data = json!({"cancel_id": "4035319218955782461", "cancel_status": "CANCELLATION_REQUEST_SUCCESS"});

    let started = shop(&server(success(&data)).await).cancel_order(&cancellation).await.unwrap();
    let refusal = ResponseTemplate::new(200)
        .set_body_json(json!({"code": 25005010, "message": "no partial", "data": null}));
    let refused = shop(&server(refusal).await).cancel_order(&cancellation).await.unwrap_err();

    assert_eq!(started.cancel_id.as_deref(), Some("4035319218955782461"));
    assert_eq!(started.cancel_status, Some(CancelStatus::Success));
    assert!(matches!(refused, Error::Rejected { reason: Rejection::PartialNotAllowed, .. }), "{refused}");
}

#[tokio::test]
async fn a_refused_request_carries_reason_and_key() {
    let server = server(success(&json!({}))).await;
    let rejection = RejectCancellation {
        reject_reason: "ecom_reverse_reject_cancel_reason_product_packed".to_owned(),
        comment: None,
    };

    shop(&server).reject_cancellation("4035318504086604100", "40b456b1", &rejection).await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.url.path(), "/return_refund/202309/cancellations/4035318504086604100/reject");
    assert!(request.url.query().unwrap().contains("idempotency_key=40b456b1&"));
    assert_eq!(request.body, br#"{"reject_reason":"ecom_reverse_reject_cancel_reason_product_packed"}"#);
}

#[tokio::test]
async fn reasons_and_eligibility_are_listed() {
    let reasons = server(success(&json!({"reasons": [{"name": "packed", "text": "Packed already"}]}))).await;
    let eligibility = server(success(&json!({"sku_eligibility": [{"sku_id": "1", "line_item_eligibility": [
        {"request_type": "CANCEL", "order_line_items_ids": ["5", 6], "eligible": true,
         "available_reason_names": ["seller_cancel_reason_out_of_stock"]},
        {"request_type": "CANCEL", "eligible": false, "ineligible_code": 7, "ineligible_reason": "shipped"}]}]})))
    .await;

    let reasons = shop(&reasons).reject_reasons("4035318504086604100", Some("en-US")).await.unwrap();
    let lines = shop(&eligibility).aftersale_eligibility("576461413038785752").await.unwrap();

    assert_eq!(reasons[0].name, "packed");
    assert!(lines[0].eligible && !lines[1].eligible);
    assert_eq!(lines[0].order_line_item_ids, ["5", "6"]);
    assert_eq!(lines[0].available_reason_names, ["seller_cancel_reason_out_of_stock"]);
    assert_eq!(lines[1].ineligible_code.as_deref(), Some("7"));
}
