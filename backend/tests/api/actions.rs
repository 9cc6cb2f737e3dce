use chrono::TimeDelta;
use database::entities::idempotency_keys;
use database::issues::{self, Found, Retry};
use database::{actions, orders, shipping_labels};
use reqwest::RequestBuilder;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use shared::{
    ActionId, ChannelStatus, FulfillmentType, ImportState, IssueCode, OrderId, Role, ShippingLabel,
    SpecialKind,
};

use crate::app::{As, Person, TestApp, answer, app, apps, order};

/// Asks for an action, with a key of its own.
fn ask(app: &TestApp, person: &Person, id: OrderId, request: &Value) -> RequestBuilder {
    ask_as(app, person, id, request, &uuid::Uuid::new_v4().to_string())
}

fn ask_as(app: &TestApp, person: &Person, id: OrderId, request: &Value, key: &str) -> RequestBuilder {
    let path = format!("/api/v1/orders/{id}/actions");
    app.post(&path).by(person).header("idempotency-key", key).json(request)
}

async fn actions_of(app: &TestApp, person: &Person, id: OrderId) -> Vec<Value> {
    let (status, page) = answer(app.get(&format!("/api/v1/orders/{id}/actions")).by(person)).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn everything_that_is_allowed_is_done_or_follows() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let writer = app.database.writer();
        let now = app.now();
        let blocked = app.record(&connection, &order("576400000000000001", now)).await;
        orders::set_import_state(writer, blocked, ImportState::Blocked, now).await.unwrap();
        orders::set_shipment_failed(writer, blocked, true).await.unwrap();
        let found = Found::new(IssueCode::AddressChanged);
        issues::open(writer, connection.id, blocked, &found, Retry::default(), now).await.unwrap();
        let drift = Found::new(IssueCode::DriftDetected).with("field", "the total").about("total");
        issues::open(writer, connection.id, blocked, &drift, Retry::default(), now).await.unwrap();
        orders::derive_status(writer, blocked, now).await.unwrap();
        let mut asked = order("576400000000000002", now);
        asked.special = vec![SpecialKind::CancellationRequested];
        let asked = app.record(&connection, &asked).await;
        let mut shipped = order("576400000000000003", now);
        shipped.channel_status = ChannelStatus::AwaitingCollection;
        let mut labeled = shipped.clone();
        labeled.tiktok_order_id = "576400000000000004".parse().unwrap();
        labeled.fulfillment_type = FulfillmentType::MerchantTikTokLabel;
        let shipped = app.record(&connection, &shipped).await;
        let labeled = app.record(&connection, &labeled).await;

        let correction = json!({
            "action": "correct_shipping", "package_id": "1", "carrier_id": "2", "tracking_number": "JX12345"
        });
        let cases = [
            (blocked, json!({ "action": "sync" }), 202),
            (blocked, json!({ "action": "import" }), 202),
            (blocked, json!({ "action": "adopt", "store_order_id": 12 }), 202),
            (blocked, json!({ "action": "ship", "carrier_id": "2", "tracking_number": "JX12345" }), 202),
            (blocked, json!({ "action": "resend_shipping" }), 202),
            (blocked, json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" }), 202),
            (blocked, json!({ "action": "note", "text": "Ask for the door code." }), 200),
            (blocked, json!({ "action": "tag", "add": ["Fragile"] }), 200),
            (blocked, json!({ "action": "assign" }), 200),
            (blocked, json!({ "action": "heal" }), 202),
            (blocked, json!({ "action": "mark_handled", "code": "ADDRESS_CHANGED" }), 200),
            (blocked, json!({ "action": "skip" }), 200),
            (blocked, json!({ "action": "unskip" }), 200),
            (blocked, json!({ "action": "archive" }), 200),
            (blocked, json!({ "action": "restore" }), 200),
            (asked, json!({ "action": "accept_cancellation" }), 202),
            (asked, json!({ "action": "reject_cancellation", "reason": "reverse_reject_request" }), 202),
            (shipped, correction, 202),
            (labeled, json!({ "action": "fetch_label" }), 202),
        ];
        assert_eq!(cases.len(), shared::ActionKind::ALL.len(), "every kind has its case");
        for (id, request, expected) in &cases {
            let (status, action) = answer(ask(&app, &operator, *id, request)).await;
            assert_eq!(status, *expected, "{request}: {action}");
            assert_eq!(action["request"]["action"], request["action"]);
            assert_eq!(action["actor"], "operator@example.com");
            assert_eq!(action["state"], if *expected == 200 { "done" } else { "queued" });
            let (status, same) =
                answer(app.get(&format!("/api/v1/actions/{}", action["id"])).by(&operator)).await;
            assert_eq!((status, &same), (200, &action));
        }

        assert_eq!(actions_of(&app, &operator, blocked).await.len(), 15);
        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{blocked}")).by(&operator)).await;
        assert_eq!(shown["tags"], json!(["fragile"]));
        assert_eq!(shown["notes"][0]["text"], "Ask for the door code.");
        let (_, story) = answer(app.get(&format!("/api/v1/orders/{blocked}/timeline")).by(&operator)).await;
        assert!(
            story["items"].as_array().unwrap().iter().all(|entry| entry["actor"] == "operator@example.com")
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_in_the_words_of_the_button() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let mut held = order("576400000000000001", app.now());
        held.channel_status = ChannelStatus::OnHold;
        let held = app.record(&connection, &held).await;
        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{held}")).by(&operator)).await;

        let cases = [
            json!({ "action": "import" }),
            json!({ "action": "ship" }),
            json!({ "action": "resend_shipping" }),
            json!({ "action": "correct_shipping", "package_id": "1", "carrier_id": "2", "tracking_number": "JX12345" }),
            json!({ "action": "fetch_label" }),
            json!({ "action": "accept_cancellation" }),
            json!({ "action": "reject_cancellation", "reason": "reverse_reject_request" }),
            json!({ "action": "unskip" }),
            json!({ "action": "mark_handled", "code": "ADDRESS_CHANGED" }),
            json!({ "action": "restore" }),
        ];
        for request in &cases {
            let (status, problem) = answer(ask(&app, &operator, held, request)).await;
            assert_eq!((status, &problem["code"]), (409, &json!("action_not_allowed")), "{request}");
            let refused = shown["refused_actions"].as_array().unwrap();
            let refused = refused.iter().find(|refused| refused["action"] == request["action"]).unwrap();
            assert_eq!(problem["detail"], refused["reason"], "{request}");
        }
        assert!(actions_of(&app, &operator, held).await.is_empty(), "nothing is left behind");
        app.stop().await;
    }
}

#[tokio::test]
async fn wrong_requests_name_the_field() {
    let app = app().await;
    let connection = app.connect("1").await;
    let operator = app.sign_in_as(Role::Operator).await;
    let id = app.record(&connection, &order("576400000000000001", app.now())).await;

    let cases = [
        (json!({ "action": "note", "text": " " }), 422, "/text"),
        (json!({ "action": "ship", "carrier_id": "1", "tracking_number": "no!" }), 422, "/tracking_number"),
        (json!({ "action": "tag" }), 422, "/add"),
        (json!({ "action": "tag", "add": ["a,b"] }), 422, "/add"),
        (json!({ "action": "explode" }), 400, ""),
        (json!({ "action": "sync", "force": true }), 400, ""),
        (json!({ "action": "note" }), 400, ""),
    ];
    for (request, expected, pointer) in &cases {
        let (status, problem) = answer(ask(&app, &operator, id, request)).await;
        assert_eq!(status, *expected, "{request}: {problem}");
        if !pointer.is_empty() {
            assert_eq!(problem["errors"][0]["pointer"], *pointer, "{request}");
        }
    }
    let missing = ask(&app, &operator, OrderId(77), &json!({ "action": "sync" }));
    assert_eq!(answer(missing).await.0, 404);
    assert_eq!(answer(app.get("/api/v1/actions/77").by(&operator)).await.0, 404);
    assert_eq!(answer(app.get("/api/v1/orders/77/actions").by(&operator)).await.0, 404);
    assert!(actions_of(&app, &operator, id).await.is_empty());
    app.stop().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_does_nothing() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let (operator, manager) = (app.sign_in_as(Role::Operator).await, app.sign_in_as(Role::Manager).await);
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;
        let other = app.record(&connection, &order("576400000000000002", app.now())).await;
        let note = json!({ "action": "note", "text": "Once." });

        let first = ask_as(&app, &operator, id, &note, "key-1").send().await.unwrap();
        assert_eq!(first.status(), 200);
        assert!(!first.headers().contains_key("idempotent-replayed"));
        let first: Value = first.json().await.unwrap();
        let again = ask_as(&app, &operator, id, &note, "key-1").send().await.unwrap();
        assert_eq!(again.status(), 200);
        assert_eq!(again.headers()["idempotent-replayed"], "true");
        assert_eq!(again.headers()["content-type"], "application/json");
        assert_eq!(again.json::<Value>().await.unwrap(), first);
        assert_eq!(actions_of(&app, &operator, id).await.len(), 1);

        // Another body, another address, or another person.
        let (status, problem) =
            answer(ask_as(&app, &operator, id, &json!({ "action": "sync" }), "key-1")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("idempotency_key_reused")));
        let (status, problem) = answer(ask_as(&app, &operator, other, &note, "key-1")).await;
        assert_eq!((status, &problem["code"]), (422, &json!("idempotency_key_reused")));
        assert_eq!(answer(ask_as(&app, &manager, id, &note, "key-1")).await.0, 200);
        assert_eq!(actions_of(&app, &operator, id).await.len(), 2);

        // Refusals are answers too.
        let restore = json!({ "action": "restore" });
        let refused = answer(ask_as(&app, &operator, id, &restore, "key-2")).await;
        assert_eq!(refused.0, 409);
        answer(ask(&app, &operator, id, &json!({ "action": "archive" }))).await;
        let again = ask_as(&app, &operator, id, &restore, "key-2").send().await.unwrap();
        assert_eq!(again.headers()["idempotent-replayed"], "true");
        assert_eq!(again.headers()["content-type"], "application/problem+json");
        assert_eq!(again.json::<Value>().await.unwrap(), refused.1);

        // A day later the key is as good as new.
        app.clock.advance(TimeDelta::hours(25));
        let operator = Person::of(app.sign_in("operator@example.com", crate::app::PASSWORD).await).await;
        assert_eq!(answer(ask_as(&app, &operator, id, &restore, "key-2")).await.0, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_key_is_needed_and_held_while_its_request_is_answered() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;
        let note = json!({ "action": "note", "text": "Once." });

        let path = format!("/api/v1/orders/{id}/actions");
        let (status, problem) = answer(app.post(&path).by(&operator).json(&note)).await;
        assert_eq!((status, &problem["code"]), (400, &json!("idempotency_key_missing")));
        for wrong in ["two words", &"k".repeat(256)] {
            let (status, problem) = answer(ask_as(&app, &operator, id, &note, wrong)).await;
            assert_eq!((status, &problem["code"]), (400, &json!("idempotency_key_invalid")));
        }

        // As a process that died in the middle leaves it.
        assert_eq!(answer(ask_as(&app, &operator, id, &note, "key")).await.0, 200);
        idempotency_keys::Entity::update_many()
            .col_expr(idempotency_keys::Column::Status, Expr::value(None::<i32>))
            .col_expr(idempotency_keys::Column::Body, Expr::value(None::<Vec<u8>>))
            .exec(app.database.writer())
            .await
            .unwrap();
        let held = ask_as(&app, &operator, id, &note, "key").send().await.unwrap();
        assert_eq!((held.status().as_u16(), &held.headers()["retry-after"]), (409, &"1".parse().unwrap()));
        let problem: Value = held.json().await.unwrap();
        assert_eq!(
            (&problem["code"], &problem["retryable"]),
            (&json!("idempotency_key_in_use"), &json!(true))
        );
        app.clock.advance(TimeDelta::minutes(3));
        assert_eq!(answer(ask_as(&app, &operator, id, &note, "key")).await.0, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn one_of_many_repeats_at_once_has_the_effect() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;
        let note = json!({ "action": "note", "text": "Once." });

        let repeats = (0..12).map(|_| answer(ask_as(&app, &operator, id, &note, "key")));
        let answers = futures::future::join_all(repeats).await;

        assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 409)), "{answers:?}");
        assert!(answers.iter().any(|(status, _)| *status == 200));
        assert_eq!(actions_of(&app, &operator, id).await.len(), 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn what_has_not_left_is_taken_back() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;
        let undo = |action: &Value| app.post(&format!("/api/v1/actions/{}/undo", action["id"])).by(&operator);
        let cancel = json!({ "action": "cancel", "reason": "seller_cancel_reason_out_of_stock" });

        let (_, action) = answer(ask(&app, &operator, id, &cancel)).await;
        assert!(action["leaves_at"].as_str() > action["created_at"].as_str(), "{action}");
        let (status, undone) = answer(undo(&action)).await;
        assert_eq!((status, &undone["state"]), (200, &json!("undone")));
        assert_eq!(answer(undo(&action)).await, (200, undone), "to take back twice changes nothing");
        let (_, story) = answer(app.get(&format!("/api/v1/orders/{id}/timeline")).by(&operator)).await;
        assert_eq!(story["items"][0]["topic"], "undo");

        let (_, sent) = answer(ask(&app, &operator, id, &cancel)).await;
        let sent_id = ActionId(sent["id"].as_i64().unwrap());
        assert!(actions::set_sent(app.database.writer(), sent_id, app.now()).await.unwrap());
        let (_, done) = answer(ask(&app, &operator, id, &json!({ "action": "tag", "add": ["a"] }))).await;
        let (_, at_once) = answer(ask(&app, &operator, id, &json!({ "action": "sync" }))).await;
        for action in [&sent, &done, &at_once] {
            let (status, problem) = answer(undo(action)).await;
            assert_eq!((status, &problem["code"]), (409, &json!("action_has_left")), "{action}");
        }
        assert_eq!(answer(undo(&json!({ "id": 77 }))).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn labels_are_for_operators_and_no_cache() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;
        let label = |package: &str, lives: TimeDelta| ShippingLabel {
            package_id: package.to_owned(),
            url: format!("https://labels.example/{package}?sign=secret"),
            tracking_number: Some("JX12345".to_owned()),
            expires_at: app.now() + lives,
        };
        let path = format!("/api/v1/orders/{id}/labels");
        let entries = async || {
            let (_, story) = answer(app.get(&format!("/api/v1/orders/{id}/timeline")).by(&operator)).await;
            story["items"].as_array().unwrap().len()
        };

        assert_eq!(answer(app.get(&path).by(&operator)).await, (200, json!([])));
        assert_eq!(entries().await, 0, "there was nothing to look at");
        let (writer, vault) = (app.database.writer(), &app.database.vault);
        shipping_labels::save(writer, vault, id, &label("1", TimeDelta::hours(20))).await.unwrap();
        shipping_labels::save(writer, vault, id, &label("2", TimeDelta::hours(-1))).await.unwrap();
        let response = app.get(&path).by(&operator).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let labels: Value = response.json().await.unwrap();
        assert_eq!(labels.as_array().unwrap().len(), 1, "the other one is over");
        assert_eq!(labels[0]["url"], "https://labels.example/1?sign=secret");
        assert_eq!(entries().await, 1);
        assert_eq!(answer(app.get("/api/v1/orders/77/labels").by(&operator)).await.0, 404);
        app.stop().await;
    }
}

#[tokio::test]
async fn deleted_orders_are_listed_and_counted_by_themselves() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let operator = app.sign_in_as(Role::Operator).await;
        let kept = app.record(&connection, &order("576400000000000001", app.now())).await;
        let deleted = app.record(&connection, &order("576400000000000002", app.now())).await;
        answer(ask(&app, &operator, deleted, &json!({ "action": "archive" }))).await;

        for (query, expected) in [("", kept), ("?archived=true", deleted)] {
            let (_, page) = answer(app.get(&format!("/api/v1/orders{query}")).by(&operator)).await;
            let items = page["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["id"]), (1, &json!(expected.0)), "{query}");
            let (_, counts) = answer(app.get(&format!("/api/v1/orders/counts{query}")).by(&operator)).await;
            assert_eq!(counts["all"], 1, "{query}");
        }
        let (status, shown) = answer(app.get(&format!("/api/v1/orders/{deleted}")).by(&operator)).await;
        assert_eq!(status, 200);
        assert!(shown["archived_at"].is_string());
        assert!(shown["actions"].as_array().unwrap().contains(&json!("restore")));

        // After thirty days nothing but a row is left, and the order cannot be restored.
        app.clock.advance(TimeDelta::days(31));
        let txn = app.database.begin().await.unwrap();
        job_queue::enqueue(&txn, sync::jobs::purge(app.now()), app.now()).await.unwrap();
        txn.commit().await.unwrap();
        app.work().await;
        let operator = Person::of(app.sign_in("operator@example.com", crate::app::PASSWORD).await).await;
        let (status, shown) = answer(app.get(&format!("/api/v1/orders/{deleted}")).by(&operator)).await;
        assert_eq!((status, &shown["shipping"]["recipient"]), (200, &Value::Null));
        let (status, _) = answer(ask(&app, &operator, deleted, &json!({ "action": "restore" }))).await;
        assert_eq!(status, 409);
        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{kept}")).by(&operator)).await;
        assert_eq!(shown["shipping"]["recipient"]["name"], "C*** D***");
        app.stop().await;
    }
}

#[tokio::test]
async fn an_issue_says_how_many_other_orders_its_fix_helps() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let mut ids = Vec::new();
        for (n, sku) in ["FIG", "FIG", "FIG", "SOAP"].iter().enumerate() {
            let id = app.record(&connection, &order(&format!("57640000000000000{n}"), app.now())).await;
            let writer = app.database.writer();
            let sku = Found::new(IssueCode::SkuNotFound).with("sku", sku).about(*sku);
            let country =
                Found::new(IssueCode::CountryInactive).with("country", if n < 2 { "FR" } else { "DE" });
            let changed = Found::new(IssueCode::AddressChanged);
            for found in [sku, country, changed] {
                issues::open(writer, connection.id, id, &found, Retry::default(), app.now()).await.unwrap();
            }
            ids.push(id);
        }
        issues::resolve(app.database.writer(), ids[2], &[IssueCode::SkuNotFound], app.now()).await.unwrap();

        let (_, shown) = answer(app.get(&format!("/api/v1/orders/{}", ids[0])).by(&viewer)).await;

        let count = |code: &str| {
            let issues = shown["issues"].as_array().unwrap();
            issues.iter().find(|issue| issue["code"] == code).unwrap()["same_cause_count"].clone()
        };
        assert_eq!(count("SKU_NOT_FOUND"), 1, "one is resolved, one is about another SKU");
        assert_eq!(count("COUNTRY_INACTIVE"), 1, "the others go elsewhere");
        assert_eq!(count("ADDRESS_CHANGED"), 0, "each order needs its own look");
        for code in ["SKU_NOT_FOUND", "COUNTRY_INACTIVE"] {
            let issue =
                shown["issues"].as_array().unwrap().iter().find(|issue| issue["code"] == code).unwrap();
            let path = format!("/api/v1/orders?same_cause_as={}&sort=id", issue["id"]);
            let (_, listed) = answer(app.get(&path).by(&viewer)).await;
            let listed: Vec<_> =
                listed["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
            assert_eq!(listed, [json!(ids[0].0), json!(ids[1].0)], "{code}: what a run over them takes");
        }
        app.stop().await;
    }
}
