//! Polling for changes walks by id, page by page, and always ends.

use chrono::{NaiveDate, NaiveDateTime};
use futures::TryStreamExt;
use prestashop::{Error, OrderChange, OrderId, UnknownReason};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::recording::{client_of, sorted_query};

fn at(hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 8, 1).unwrap().and_hms_opt(hour, 0, 0).unwrap()
}

fn page(ids: impl Iterator<Item = u64>) -> ResponseTemplate {
    let order = |id| {
        format!(
            "<order><id>{id}</id><current_state>11</current_state>\
             <date_upd>2026-08-01 03:00:00</date_upd></order>"
        )
    };
    let orders: String = ids.map(order).collect();
    let body = format!("<prestashop><orders>{orders}</orders></prestashop>");
    ResponseTemplate::new(200).set_body_raw(body, "text/xml;charset=utf-8")
}

fn asked_after(request: &Request) -> u64 {
    let query = sorted_query(&request.url);
    let filter = &query.iter().find(|(name, _)| name == "filter[id]").unwrap().1;
    filter.trim_start_matches(">[").trim_end_matches(']').parse().unwrap()
}

async fn changes(server: &MockServer) -> Result<Vec<OrderChange>, Error> {
    client_of(server).orders_changed(at(0), at(12)).try_collect().await
}

#[tokio::test]
async fn all_pages_are_walked() {
    let server = MockServer::start().await;
    // 250 orders, of which every second id exists.
    let shop =
        |request: &Request| page((1..=250).map(|n| n * 2).filter(|id| *id > asked_after(request)).take(100));
    Mock::given(any()).respond_with(shop).mount(&server).await;

    let changes = changes(&server).await.unwrap();

    assert_eq!(changes.len(), 250);
    assert_eq!((changes[0].id, changes[249].id), (OrderId(2), OrderId(500)));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.iter().map(asked_after).collect::<Vec<_>>(), [0, 200, 400]);
    let query = sorted_query(&requests[0].url);
    let has = |name: &str, value: &str| query.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("filter[date_upd]", "[2026-08-01 00:00:00,2026-08-01 12:00:00]") && has("date", "1"));
    assert!(has("sort", "[id_ASC]") && has("limit", "100") && has("display", "[id,current_state,date_upd]"));
}

#[tokio::test]
async fn a_shop_that_always_answers_the_same_page_is_not_asked_forever() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(page(1..=100)).mount(&server).await;

    let changes = changes(&server).await.unwrap();

    assert_eq!(changes.len(), 200);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_error_ends_the_walk() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(502)).mount(&server).await;

    let error = changes(&server).await.unwrap_err();

    assert!(matches!(error, Error::OutcomeUnknown(unknown) if unknown.reason == UnknownReason::Empty));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
