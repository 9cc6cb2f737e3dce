//! Tokens come by GET, with absolute times, and never show themselves.

use serde_json::{Value, json};
use tiktok_shop::{Error, Secret, consent_page};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::support::{APP_SECRET, app, http, only_request, server, tokens};

fn pair() -> Value {
    serde_json::from_str(include_str!("../fixtures/token.json")).expect("the fixture is JSON")
}

#[tokio::test]
async fn a_code_is_exchanged_for_a_pair_of_tokens() {
    let server = server(ResponseTemplate::new(200).set_body_json(pair())).await;

    let tokens = tokens(&server).get(&Secret::new("a+code")).await.unwrap();

    assert_eq!(tokens.access_token.expose(), "GCP_abc");
    assert_eq!(tokens.access_token_expires_at.timestamp(), 1_790_604_800);
    assert_eq!(tokens.refresh_token.expose(), "GCP_def");
    assert_eq!(tokens.refresh_token_expires_at.timestamp(), 4_903_858_076);
    assert_eq!(tokens.open_id.as_deref(), Some("7010736057180325637"));
    assert_eq!(tokens.seller_base_region.as_deref(), Some("FR"));
    assert_eq!(tokens.user_type, Some(0));
    assert_eq!(tokens.granted_scopes, ["seller.order.info", "seller.fulfillment.basic"]);
    assert!(!format!("{tokens:?}").contains("GCP_"));
    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/api/v2/token/get"));
    let expected = "app_key=29a39d&app_secret=e59af819cc&auth_code=a%2Bcode&grant_type=authorized_code";
    assert_eq!(request.url.query(), Some(expected));
}

#[tokio::test]
async fn a_refresh_sends_the_refresh_token() {
    let mut body = pair();
    let data = body["data"].as_object_mut().unwrap();
    let scopes = data.remove("granted_scopes").unwrap();
    data.insert("granted_permissions".to_owned(), scopes);
    let server = server(ResponseTemplate::new(200).set_body_json(body)).await;

    let tokens = tokens(&server).refresh(&Secret::new("GCP_old")).await.unwrap();

    assert_eq!(tokens.granted_scopes.len(), 2);
    let request = only_request(&server).await;
    assert_eq!(request.url.path(), "/api/v2/token/refresh");
    let expected = "app_key=29a39d&app_secret=e59af819cc&refresh_token=GCP_old&grant_type=refresh_token";
    assert_eq!(request.url.query(), Some(expected));
}

#[tokio::test]
async fn refusals_come_with_status_200_and_with_or_without_data() {
    let table = [
        (
            json!({"code": 36004004, "message": "invalid auth code", "request_id": "r"}),
            "ReauthorizationNeeded",
        ),
        (
            json!({"code": 36004005, "message": "can not find related auth record", "request_id": "r", "data": null}),
            "ReauthorizationNeeded",
        ),
        (
            json!({"code": 36004004, "message": "Your IP address is not in the IP allow list configured for this app"}),
            "Misconfigured",
        ),
        (json!({"code": 0, "message": "success"}), "OutcomeUnknown"),
    ];

    for (body, expected) in table {
        let server = server(ResponseTemplate::new(200).set_body_json(&body)).await;

        let error = tokens(&server).refresh(&Secret::new("GCP_old")).await.unwrap_err();

        assert!(format!("{error:?}").starts_with(expected), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn neither_url_nor_token_shows_when_the_connection_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);

    let tokens = tiktok_shop::TokenClient::new(http(), url, app());
    let error = tokens.refresh(&Secret::new("GCP_old")).await.unwrap_err();

    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    let text = format!("{error} {error:?} {tokens:?}");
    assert!(!text.contains("GCP_old") && !text.contains(APP_SECRET), "{text}");
}

#[test]
fn the_consent_page_names_the_service_and_the_state() {
    let page = consent_page(&"https://services.tiktokshop.com".parse().unwrap(), "7010", "a b&c");

    assert_eq!(page.as_str(), "https://services.tiktokshop.com/open/authorize?service_id=7010&state=a+b%26c");
}
