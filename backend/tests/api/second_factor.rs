use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha1::Sha1;
use shared::Role;

use crate::app::{As, PASSWORD, Person, TestApp, answer, app, app_with, apps};

/// What an authenticator app shows: our own reading of RFC 6238, from the secret as it is typed in.
fn code(app: &TestApp, secret: &str, steps_ahead: i64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret.chars().map(|digit| format!("{:05b}", alphabet.find(digit).unwrap())).collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let step = app.now().timestamp() / 30 + steps_ahead;
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn profile(app: &TestApp, person: &Person, path: &str, body: &Value) -> RequestBuilder {
    app.post(&format!("/api/v1/profile{path}")).by(person).json(body)
}

async fn sign_in(app: &TestApp, email: &str, code: Option<&str>) -> (u16, Value) {
    let body = json!({ "email": email, "password": PASSWORD, "code": code });
    let (status, answered) = answer(app.post("/api/v1/session").json(&body)).await;
    (status, if status == 200 { answered["user"]["role"].clone() } else { answered["code"].clone() })
}

/// Sets an app up and returns its secret and the recovery codes.
async fn set_up(app: &TestApp, person: &Person) -> (String, Vec<String>) {
    let (status, setup) =
        answer(profile(app, person, "/second-factor", &json!({ "password": PASSWORD }))).await;
    assert_eq!(status, 201, "{setup}");
    let secret = setup["secret"].as_str().unwrap().to_owned();
    assert!(setup["uri"].as_str().unwrap().contains(&format!("secret={secret}&issuer=orderbridge")));
    let confirm = json!({ "code": code(app, &secret, 0) });
    let (status, codes) = answer(profile(app, person, "/second-factor/confirm", &confirm)).await;
    assert_eq!(status, 200, "{codes}");
    let codes = codes["codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn signing_in_asks_for_a_code_that_is_good_once() {
    for app in apps().await {
        let viewer = app.sign_in_as(Role::Viewer).await;
        let email = "viewer@example.com";
        let (_, setup) =
            answer(profile(&app, &viewer, "/second-factor", &json!({ "password": PASSWORD }))).await;
        assert_eq!(setup["secret"].as_str().unwrap().len(), 32);
        assert_eq!(sign_in(&app, email, None).await, (200, json!("viewer")), "it does not count yet");
        let wrong = json!({ "code": "000000x" });
        assert_eq!(answer(profile(&app, &viewer, "/second-factor/confirm", &wrong)).await.0, 422);
        let (secret, _) = set_up(&app, &viewer).await;

        assert_eq!(sign_in(&app, email, None).await, (401, json!("second_factor_needed")));
        let used = code(&app, &secret, 0);
        assert_eq!(
            sign_in(&app, email, Some(&used)).await,
            (401, json!("second_factor_wrong")),
            "used to confirm"
        );
        app.clock.advance(TimeDelta::seconds(30));
        let fresh = code(&app, &secret, 0);
        assert_eq!(sign_in(&app, email, Some(&fresh)).await, (200, json!("viewer")));
        assert_eq!(sign_in(&app, email, Some(&fresh)).await, (401, json!("second_factor_wrong")), "replayed");
        let old = code(&app, &secret, -3);
        assert_eq!(sign_in(&app, email, Some(&old)).await, (401, json!("second_factor_wrong")));
        let again = answer(profile(&app, &viewer, "/second-factor", &json!({ "password": PASSWORD }))).await;
        assert_eq!(
            (again.0, &again.1["code"]),
            (409, &json!("second_factor_set")),
            "nobody slips in another app"
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn of_two_who_send_one_code_at_once_one_gets_in() {
    for app in apps().await {
        let viewer = app.sign_in_as(Role::Viewer).await;
        let (secret, recovery) = set_up(&app, &viewer).await;
        app.clock.advance(TimeDelta::seconds(30));
        for code in [code(&app, &secret, 0), recovery[0].clone()] {
            let attempt = || sign_in(&app, "viewer@example.com", Some(&code));

            let (first, second) = tokio::join!(attempt(), attempt());

            let mut statuses = [first.0, second.0];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 401]);
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn recovery_codes_work_once_each_and_are_replaced_as_a_whole() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let email = "viewer@example.com";
    let (_, codes) = set_up(&app, &viewer).await;

    assert_eq!(sign_in(&app, email, Some(&codes[0].to_uppercase())).await.0, 200);
    assert_eq!(sign_in(&app, email, Some(&codes[0])).await.0, 401);
    let (_, own) = answer(app.get("/api/v1/profile").by(&viewer)).await;
    assert_eq!((&own["second_factor"], &own["recovery_codes_left"]), (&json!(true), &json!(9)));
    let wrong = json!({ "password": "violet tram six" });
    assert_eq!(answer(profile(&app, &viewer, "/second-factor/recovery-codes", &wrong)).await.0, 422);
    let right = json!({ "password": PASSWORD });
    let (_, new) = answer(profile(&app, &viewer, "/second-factor/recovery-codes", &right)).await;
    assert_eq!(sign_in(&app, email, Some(&codes[1])).await.0, 401);
    assert_eq!(sign_in(&app, email, new["codes"][0].as_str()).await.0, 200);
    assert_eq!(answer(profile(&app, &viewer, "/second-factor/remove", &right)).await.0, 204);
    assert_eq!(sign_in(&app, email, None).await.0, 200);
    app.stop().await;
}

#[tokio::test]
async fn guessing_codes_is_refused_in_the_end_and_locks_out_nobody_without_the_password() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let (secret, _) = set_up(&app, &viewer).await;
    for _ in 0..10 {
        assert_eq!(sign_in(&app, "viewer@example.com", Some("000000")).await.0, 401);
    }

    app.clock.advance(TimeDelta::seconds(30));
    let right = code(&app, &secret, 0);
    assert_eq!(sign_in(&app, "viewer@example.com", Some(&right)).await, (429, json!("too_many_attempts")));
    app.clock.advance(TimeDelta::minutes(15));
    let right = code(&app, &secret, 0);
    assert_eq!(sign_in(&app, "viewer@example.com", Some(&right)).await.0, 200);
    app.stop().await;
}

#[tokio::test]
async fn where_a_role_must_have_a_second_factor_nothing_else_goes_before() {
    let app = app_with(&["--require-second-factor", "manager"]).await;
    let operator = app.sign_in_as(Role::Operator).await;
    let manager = app.sign_in_as(Role::Manager).await;

    assert_eq!(answer(app.get("/api/v1/orders").by(&operator)).await.0, 200);
    let (status, problem) = answer(app.get("/api/v1/orders").by(&manager)).await;
    assert_eq!((status, &problem["code"]), (403, &json!("second_factor_missing")));
    let (_, own) = answer(app.get("/api/v1/profile").by(&manager)).await;
    assert_eq!((&own["second_factor"], &own["second_factor_required"]), (&json!(false), &json!(true)));
    set_up(&app, &manager).await;
    assert_eq!(answer(app.get("/api/v1/orders").by(&manager)).await.0, 200);
    let remove = profile(&app, &manager, "/second-factor/remove", &json!({ "password": PASSWORD }));
    assert_eq!(answer(remove).await.0, 409);
    app.stop().await;
}

#[tokio::test]
async fn an_admin_takes_a_lost_app_away() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    set_up(&app, &viewer).await;
    let (_, people) = answer(app.get("/api/v1/users").by(&admin)).await;
    let person = people.as_array().unwrap().iter().find(|person| person["role"] == "viewer").unwrap();
    assert_eq!(person["second_factor"], true);
    let change = |body: Value| {
        app.request(Method::PATCH, &format!("/api/v1/users/{}", person["id"]))
            .by(&admin)
            .header("if-match", format!("\"{}\"", person["version"]))
            .json(&body)
    };

    assert_eq!(answer(change(json!({ "second_factor": true }))).await.0, 422);
    assert_eq!(answer(change(json!({ "second_factor": false }))).await.0, 200);

    assert_eq!(sign_in(&app, "viewer@example.com", None).await.0, 200);
    app.stop().await;
}
