//! The order of the gateway's checks, and the life of tokens.

use serde_json::{Value, json};

use super::caller::{APP_KEY, APP_SECRET, Caller, START, json_of, sign};
use crate::tiktok::gateway::Incoming;

const SEARCH: &str = "/order/202309/orders/search";

/// What the call is refused with: HTTP status, code, message.
fn refusal(caller: &mut Caller, incoming: &Incoming) -> (u16, i64, String) {
    let reply = caller.send(incoming);
    let json = json_of(&reply);
    (reply.status, json["code"].as_i64().unwrap(), json["message"].as_str().unwrap().to_owned())
}

fn right_search(caller: &Caller) -> Incoming {
    caller.incoming("POST", SEARCH, &[("page_size", "10")], "{}")
}

#[test]
fn each_check_comes_before_the_next() {
    let mut caller = Caller::in_market("FR");
    // Everything is wrong at once; mending one thing after the other shows the order of the checks.
    let mut call = right_search(&caller);
    call.method = "PUT".to_owned();
    call.path = "/order/202309/nothing".to_owned();
    call.query.insert("app_key".to_owned(), "unknown".to_owned());
    call.query.insert("timestamp".to_owned(), (START - 301).to_string());
    call.query.insert("sign".to_owned(), String::new());
    call.access_token = Some("unknown".to_owned());
    call.query.insert("shop_cipher".to_owned(), "foreign".to_owned());
    call.body = b"[".to_vec();

    assert_eq!(refusal(&mut caller, &call).0, 404);
    assert_eq!(refusal(&mut caller, &call).1, 36_009_009);

    call.path = SEARCH.to_owned();
    let (status, code, message) = refusal(&mut caller, &call);
    assert_eq!((status, code), (400, 36_009_004));
    assert!(message.starts_with("Invalid credentials. Invalid 'app_key' query parameter."), "{message}");

    call.query.insert("app_key".to_owned(), APP_KEY.to_owned());
    assert_eq!(refusal(&mut caller, &call).1, 36_009_010);

    call.method = "POST".to_owned();
    let (_, code, message) = refusal(&mut caller, &call);
    assert_eq!(code, 36_009_004);
    assert!(message.starts_with("Invalid timestamp."), "{message}");

    call.query.insert("timestamp".to_owned(), (START - 300).to_string());
    let (_, code, message) = refusal(&mut caller, &call);
    assert_eq!(code, 36_009_004);
    assert!(message.contains("does not include a required signature"), "{message}");

    call.query.insert("sign".to_owned(), "0".repeat(64));
    assert_eq!((refusal(&mut caller, &call).0, refusal(&mut caller, &call).1), (401, 106_001));

    sign(&mut call);
    let (_, code, message) = refusal(&mut caller, &call);
    assert_eq!(code, 36_009_004);
    assert!(message.contains("x-tts-access-token"), "{message}");

    call.access_token = Some(caller.token.clone());
    caller.world.grants.all_mut().for_each(|grant| grant.scopes.clear());
    assert_eq!((refusal(&mut caller, &call).0, refusal(&mut caller, &call).1), (401, 105_005));

    caller.world.grants.all_mut().for_each(|grant| grant.scopes.push("seller.order.info".to_owned()));
    assert_eq!(refusal(&mut caller, &call).1, 101_000);

    call.query.remove("shop_cipher");
    sign(&mut call);
    assert_eq!(refusal(&mut caller, &call).1, 106_013);

    call.query.insert("shop_cipher".to_owned(), caller.cipher.clone());
    sign(&mut call);
    assert_eq!(refusal(&mut caller, &call).1, 36_009_022);

    call.body = b"{}".to_vec();
    sign(&mut call);
    assert_eq!(refusal(&mut caller, &call).1, 0);
}

#[test]
fn the_time_window_reaches_from_five_minutes_ago_to_half_a_minute_ahead() {
    let mut caller = Caller::in_market("FR");
    for (difference, code) in [(-301, 36_009_004), (-300, 0), (30, 0), (31, 36_009_004)] {
        let mut call = right_search(&caller);
        call.query.insert("timestamp".to_owned(), (START + difference).to_string());
        sign(&mut call);

        assert_eq!(refusal(&mut caller, &call).1, code, "{difference}");
    }
}

#[test]
fn a_gateway_whose_clock_is_ahead_refuses_the_time_of_the_machine() {
    let mut caller = Caller::in_market("FR");
    caller.change_switches(json!({ "gateway_clock_ahead_s": 400 }));

    let (_, code, message) = {
        let call = right_search(&caller);
        refusal(&mut caller, &call)
    };

    assert_eq!(code, 36_009_004);
    assert!(message.contains("earlier than 5 minutes"));
}

#[test]
fn shops_are_listed_without_a_cipher_and_only_so() {
    let mut caller = Caller::in_market("FR");
    let path = "/authorization/202309/shops";

    let shops = caller.data("GET", path, &[], &Value::Null);
    let mut with_cipher = caller.incoming("GET", path, &[], "");
    with_cipher.query.insert("shop_cipher".to_owned(), caller.cipher.clone());
    sign(&mut with_cipher);
    let (_, code, message) = refusal(&mut caller, &with_cipher);

    assert_eq!(shops["shops"][0]["cipher"], json!(caller.cipher));
    assert_eq!(code, 36_009_004);
    assert!(message.contains("'shop_cipher' query parameter is not required"));
}

#[test]
fn a_body_that_is_signed_but_not_sent_is_refused() {
    let mut caller = Caller::in_market("FR");
    let mut call = right_search(&caller);
    call.body.clear();

    assert_eq!(refusal(&mut caller, &call).1, 106_001);

    sign(&mut call);
    assert_eq!(refusal(&mut caller, &call).1, 0);
}

#[test]
fn an_extra_query_parameter_is_legal_when_it_is_signed() {
    let mut caller = Caller::in_market("FR");

    let query = [("page_size", "10"), ("version", "202309"), ("shop_id", "")];

    assert_eq!(caller.code("POST", SEARCH, &query, &json!({})), 0);
}

#[test]
fn unknown_statuses_follow_the_switch() {
    let mut caller = Caller::in_market("FR");
    let call = caller.incoming("POST", SEARCH, &[], "{}");
    assert_eq!(caller.send(&call).status, 400);

    caller.change_switches(json!({ "unknown_error_status": 200 }));

    assert_eq!(caller.send(&call).status, 200);
}

#[test]
fn a_rate_limit_answers_429_within_the_second() {
    let mut caller = Caller::in_market("FR");
    caller.change_switches(json!({ "rate_limit_per_second": 2 }));
    let call = right_search(&caller);

    let statuses: Vec<u16> = (0..3).map(|_| caller.send(&call).status).collect();
    let limited = caller.send(&call);

    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(json_of(&limited)["code"], 36_009_002);
    assert!(limited.headers.contains(&("retry-after", "1".to_owned())));
}

fn token_query<'a>(grant_type: &'a str, name: &'a str, value: &'a str) -> [(&'a str, &'a str); 4] {
    [("app_key", APP_KEY), ("app_secret", APP_SECRET), ("grant_type", grant_type), (name, value)]
}

#[test]
fn a_code_works_once_and_for_half_an_hour() {
    let mut caller = Caller::in_market("FR");
    let shop_ids = vec!["7493999789368181917".to_owned()];
    let code = caller.world.grants.issue_code(shop_ids.clone(), caller.now);
    let stale = caller.world.grants.issue_code(shop_ids, caller.now - 1_800);
    let path = "/api/v2/token/get";

    let wrong_word = caller.get(path, &token_query("authorization_code", "auth_code", &code));
    let first = caller.get(path, &token_query("authorized_code", "auth_code", &code));
    let second = caller.get(path, &token_query("authorized_code", "auth_code", &code));
    let late = caller.get(path, &token_query("authorized_code", "auth_code", &stale));

    assert_ne!(wrong_word["code"], 0);
    assert_eq!(first["code"], 0);
    assert_eq!(first["data"]["access_token_expire_in"], START + 604_800);
    assert_eq!(first["data"]["refresh_token_expire_in"], 4_903_858_076_i64);
    assert_eq!(first["data"]["user_type"], 0);
    assert_eq!(
        (second["code"].clone(), second["message"].clone()),
        (json!(36_004_004), json!("invalid auth code"))
    );
    assert_eq!(late["code"], 36_004_004);
    assert!(second.get("data").is_none());
}

#[test]
fn a_refresh_gives_a_new_pair_and_ends_the_old_one() {
    let mut caller = Caller::in_market("FR");
    let path = "/api/v2/token/refresh";
    let (old_access, old_refresh) = (caller.token.clone(), caller.refresh_token.clone());

    let first = caller.get(path, &token_query("refresh_token", "refresh_token", &old_refresh));
    let second = caller.get(path, &token_query("refresh_token", "refresh_token", &old_refresh));

    assert_ne!(first["data"]["access_token"], json!(old_access));
    assert_ne!(first["data"]["refresh_token"], json!(old_refresh));
    assert_eq!(second["code"], 36_004_005);
    assert_eq!(second["message"], "can not find related auth record");
    let call = right_search(&caller);
    assert_eq!(refusal(&mut caller, &call).1, 36_009_004);
    caller.token = first["data"]["access_token"].as_str().unwrap().to_owned();
    let call = right_search(&caller);
    assert_eq!(refusal(&mut caller, &call).1, 0);
}

#[test]
fn an_access_token_expires_after_seven_days() {
    let mut caller = Caller::in_market("FR");
    caller.wait(604_799);
    let call = right_search(&caller);
    assert_eq!(refusal(&mut caller, &call).1, 0);

    caller.wait(1);

    let call = right_search(&caller);
    let (status, code, message) = refusal(&mut caller, &call);
    assert_eq!((status, code), (401, 105_002));
    assert_eq!(message.find("access token is expired, please refresh it"), Some(0));
}

#[test]
fn tokens_are_not_given_to_a_post() {
    let mut caller = Caller::in_market("FR");
    let mut call = caller.incoming("GET", "/api/v2/token/get", &[], "");
    call.method = "POST".to_owned();

    let reply = caller.send(&call);

    assert_eq!((reply.status, reply.body.as_slice()), (404, b"404 page not found".as_slice()));
}

#[test]
fn the_consent_page_sends_back_a_code_or_a_refusal() {
    let mut caller = Caller::in_market("FR");
    let consent = |caller: &mut Caller, query: &[(&str, &str)]| {
        let mut call = caller.incoming("GET", "/open/authorize", query, "");
        call.query.remove("app_key");
        caller.send(&call).headers[0].1.clone()
    };

    let granted = consent(&mut caller, &[("service_id", "7200"), ("state", "a b&c")]);
    let without_state = consent(&mut caller, &[("service_id", "7200")]);
    caller.change_switches(json!({ "consent": "deny" }));
    let denied = consent(&mut caller, &[("service_id", "7200"), ("state", "s")]);

    assert!(granted.contains("?code=GCP_") && granted.contains("state=a+b%26c"), "{granted}");
    assert!(!without_state.contains("state="), "{without_state}");
    assert!(denied.contains("code=null&error=auth_denied&state=s"), "{denied}");
}
