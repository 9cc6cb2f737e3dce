//! Lists are streams of items with an end and a bound.

use std::num::NonZeroUsize;

use chrono::DateTime;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tiktok_shop::{Error, OrderSearch, OrderStatus, SortOrder};

use crate::support::{requests, server, server_of, shop, success};

fn page(next: &Value, id: &str) -> Value {
    json!({"next_page_token": next, "total_count": 2, "orders": [{"id": id, "status": "UNPAID", "update_time": 1_790_000_000}]})
}

#[tokio::test]
async fn an_empty_missing_or_null_token_ends_the_list() {
    let ends = [json!({"orders": [{"id": "2"}]}), page(&json!(""), "2"), page(&json!(null), "2"), json!({})];
    for end in ends {
        let server = server_of([success(&page(&json!("more"), "1")), success(&end)]).await;

        let entries =
            shop(&server).search_orders(OrderSearch::default()).try_collect::<Vec<_>>().await.unwrap();

        assert_eq!(entries[0].id, "1");
        assert_eq!(entries[0].status, Some(OrderStatus::Unpaid));
        assert_eq!(requests(&server).await.len(), 2, "{end}");
    }
}

#[tokio::test]
async fn the_first_page_asks_for_a_hundred_in_order_of_update() {
    let server = server(success(&json!({}))).await;
    let search = OrderSearch {
        update_time_ge: DateTime::from_timestamp(1_790_000_000, 0),
        update_time_lt: DateTime::from_timestamp(1_790_003_600, 0),
        ..OrderSearch::default()
    };

    let entries = shop(&server).search_orders(search).try_collect::<Vec<_>>().await.unwrap();

    assert!(entries.is_empty());
    let request = requests(&server).await.remove(0);
    let query = request.url.query().unwrap();
    assert!(
        query.contains("page_size=100&") && query.contains("sort_field=update_time&sort_order=ASC"),
        "{query}"
    );
    assert!(!query.contains("page_token"), "{query}");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"update_time_ge": 1_790_000_000, "update_time_lt": 1_790_003_600}));
}

#[tokio::test]
async fn pages_are_fetched_only_as_they_are_needed() {
    let server = server_of([success(&page(&json!("more"), "1"))]).await;
    let search = OrderSearch { sort_order: SortOrder::Descending, ..OrderSearch::default() };

    let first = shop(&server).search_orders(search).next().await.unwrap().unwrap();

    assert_eq!(first.id, "1");
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn a_list_beyond_its_bound_ends_with_an_error_and_not_silently() {
    let server = server_of([success(&page(&json!("a"), "1")), success(&page(&json!("b"), "2"))]).await;
    let search = OrderSearch { max_pages: NonZeroUsize::new(2).unwrap(), ..OrderSearch::default() };

    let items: Vec<_> = shop(&server).search_orders(search).collect().await;

    assert_eq!(items.len(), 3);
    assert_eq!(items[2], Err(Error::TooManyPages { pages: 2 }));
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_list_with_an_error() {
    let server = server(success(&page(&json!("same"), "1"))).await;

    let error =
        shop(&server).search_orders(OrderSearch::default()).try_collect::<Vec<_>>().await.unwrap_err();

    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn what_was_read_before_an_error_is_handed_out() {
    let server = server_of([success(&page(&json!("more"), "1")), wiremock::ResponseTemplate::new(503)]).await;

    let items: Vec<_> = shop(&server).search_orders(OrderSearch::default()).collect().await;

    assert_eq!(items[0].as_ref().unwrap().id, "1");
    assert!(matches!(items[1], Err(Error::Transient { .. })));
    assert_eq!(items.len(), 2);
}
