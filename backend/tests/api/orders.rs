use chrono::TimeDelta;
use database::issues::{self, Found, Retry};
use database::orders;
use serde_json::json;
use shared::{ChannelStatus, IssueCode, Role};

use crate::app::{As, answer, app, apps, line, order};

#[tokio::test]
async fn an_order_is_shown_whole_with_the_buyer_masked() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let mut snapshot = order("576461413038785752", app.now());
        snapshot.lines = vec![
            line("a", "CANDLE-FIG", "Candle"),
            line("b", "CANDLE-FIG", "Candle"),
            line("c", "SOAP", "Soap"),
        ];
        let id = app.record(&connection, &snapshot).await;
        let (manager, viewer) = (app.sign_in_as(Role::Manager).await, app.sign_in_as(Role::Viewer).await);

        let response = app.get(&format!("/api/v1/orders/{id}")).by(&viewer).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let text = response.text().await.unwrap();
        for secret in ["Camille", "Durand", "Lilas", "+336", "Ring at"] {
            assert!(!text.contains(secret), "{secret}");
        }
        let shown: serde_json::Value = serde_json::from_str(&text).unwrap();

        assert_eq!(shown["tiktok_order_id"], "576461413038785752");
        assert_eq!(shown["lines"][0]["quantity"], 2);
        assert_eq!(shown["lines"][0]["line_total"], json!({ "amount": "93.78", "currency": "EUR" }));
        assert_eq!(shown["lines"][1]["sku"], "SOAP");
        assert_eq!(shown["payment"]["rows"][0]["amount"]["amount"], "46.89");
        assert_eq!(shown["payment"]["difference"], serde_json::Value::Null);
        let recipient = &shown["shipping"]["recipient"];
        assert_eq!((&recipient["name"], &recipient["city"]), (&json!("C*** D***"), &json!("Paris")));
        assert_eq!((&recipient["masked"], &recipient["can_reveal"]), (&json!(true), &json!(false)));
        assert!(shown["status_reason"].as_str().unwrap().contains("AWAITING_SHIPMENT"));
        assert!(shown["seller_center_url"].as_str().unwrap().contains("576461413038785752"));
        let (_, for_manager) = answer(app.get(&format!("/api/v1/orders/{id}")).by(&manager)).await;
        assert_eq!(for_manager["shipping"]["recipient"]["can_reveal"], true);
        assert_eq!(for_manager["shipping"]["recipient"]["name"], "C*** D***");
        app.stop().await;
    }
}

#[tokio::test]
async fn who_looks_at_an_address_is_kept_in_the_story() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        let manager = app.sign_in_as(Role::Manager).await;

        let response = app.post(&format!("/api/v1/orders/{id}/recipient")).by(&manager).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let recipient: serde_json::Value = response.json().await.unwrap();

        assert_eq!(recipient["name"], "Camille Durand");
        assert_eq!(recipient["lines"], json!(["12 rue des Lilas"]));
        assert_eq!(recipient["masked"], false);
        let (_, story) = answer(app.get(&format!("/api/v1/orders/{id}/timeline")).by(&manager)).await;
        assert_eq!(story["items"][0]["actor"], "manager@example.com");
        assert_eq!(story["items"][0]["topic"], "privacy");
        app.stop().await;
    }
}

#[tokio::test]
async fn an_order_that_has_not_changed_is_not_sent_again() {
    let app = app().await;
    let connection = app.connect("1").await;
    let snapshot = order("576461413038785752", app.now());
    let id = app.record(&connection, &snapshot).await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let path = format!("/api/v1/orders/{id}");
    let tag = app.get(&path).by(&viewer).send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
    let again = || app.get(&path).by(&viewer).header("if-none-match", &tag).send();

    assert_eq!(again().await.unwrap().status(), 304);
    let mut newer = snapshot.clone();
    newer.channel_status = ChannelStatus::InTransit;
    newer.channel_updated_at += TimeDelta::seconds(5);
    newer.raw["status"] = "IN_TRANSIT".into();
    app.record(&connection, &newer).await;
    let changed = again().await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.headers()["etag"].to_str().unwrap(), tag);
    app.stop().await;
}

#[tokio::test]
async fn issues_are_listed_with_their_words() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let mut ids = Vec::new();
        for n in 1..=3 {
            let id = app.record(&connection, &order(&format!("57640000000000000{n}"), app.now())).await;
            let txn = app.database.begin().await.unwrap();
            let found = Found::new(IssueCode::SkuNotFound).with("sku", format!("SKU-{n}"));
            issues::open(&txn, connection.id, id, &found, Retry::default(), app.now()).await.unwrap();
            orders::derive_status(&txn, id, app.now()).await.unwrap();
            txn.commit().await.unwrap();
            ids.push(id);
        }
        issues::resolve(app.database.writer(), ids[0], &[IssueCode::SkuNotFound], app.now()).await.unwrap();

        let (status, open) = answer(app.get("/api/v1/issues?open=true&limit=1").by(&viewer)).await;
        assert_eq!((status, &open["items"][0]["sentence"]), (200, &json!("“SKU-3” is not in your store.")));
        assert_eq!(open["items"][0]["tiktok_order_id"], "576400000000000003");
        let after = open["next_cursor"].as_str().unwrap();
        let (_, next) =
            answer(app.get(&format!("/api/v1/issues?open=true&limit=1&after={after}")).by(&viewer)).await;
        assert_eq!((&next["items"][0]["order_id"], &next["has_more"]), (&json!(ids[1].0), &json!(false)));
        let (_, resolved) =
            answer(app.get(&format!("/api/v1/issues?open=false&order={}", ids[0])).by(&viewer)).await;
        assert_eq!(resolved["items"].as_array().unwrap().len(), 1);
        let (_, errors) =
            answer(app.get("/api/v1/orders?issue=SKU_NOT_FOUND&status=error").by(&viewer)).await;
        assert_eq!(errors["items"].as_array().unwrap().len(), 2);
        assert_eq!(errors["items"][0]["first_issue"]["title"], "Product not found");
        app.stop().await;
    }
}

#[tokio::test]
async fn the_story_is_paged_newest_first() {
    let app = app().await;
    let connection = app.connect("1").await;
    let id = app.record(&connection, &order("576461413038785752", app.now())).await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    for n in 1..=5 {
        let entry = database::timeline::Entry::ours("test", format!("Entry {n}."));
        database::timeline::record(app.database.writer(), id, entry, app.now()).await.unwrap();
    }

    let (_, first) = answer(app.get(&format!("/api/v1/orders/{id}/timeline?limit=3")).by(&viewer)).await;
    let after = first["next_cursor"].as_str().unwrap();
    let (_, second) =
        answer(app.get(&format!("/api/v1/orders/{id}/timeline?limit=3&after={after}")).by(&viewer)).await;

    let sentences: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|entry| entry["sentence"].as_str().unwrap())
        .collect();
    assert_eq!(sentences, ["Entry 5.", "Entry 4.", "Entry 3.", "Entry 2.", "Entry 1."]);
    let other = app.record(&connection, &order("576461413038785753", app.now())).await;
    let (status, _) =
        answer(app.get(&format!("/api/v1/orders/{other}/timeline?after={after}")).by(&viewer)).await;
    assert_eq!(status, 400, "a cursor of another order");
    app.stop().await;
}

#[tokio::test]
async fn the_story_is_narrowed_to_topics() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let id = app.record(&connection, &order("576461413038785752", app.now())).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        for topic in ["import", "shipping", "store state", "import"] {
            let entry = database::timeline::Entry::ours(topic, format!("About {topic}."));
            database::timeline::record(app.database.writer(), id, entry, app.now()).await.unwrap();
        }
        let story = async |query: &str| {
            answer(app.get(&format!("/api/v1/orders/{id}/timeline?{query}")).by(&viewer)).await
        };
        let sentences = |page: &serde_json::Value| {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|entry| entry["sentence"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };

        let (_, imports) = story("topic=import&limit=1").await;
        assert_eq!(sentences(&imports), ["About import."]);
        assert_eq!(imports["has_more"], true);
        let after = imports["next_cursor"].as_str().unwrap();
        let (_, last) = story(&format!("topic=import&limit=1&after={after}")).await;
        assert_eq!((sentences(&last).len(), &last["has_more"]), (1, &json!(false)));
        let (_, both) = story("topic=shipping,store%20state").await;
        assert_eq!(sentences(&both), ["About store state.", "About shipping."]);

        assert_eq!(story(&format!("after={after}")).await.0, 400, "a cursor of another filter");
        assert_eq!(story("topic=nonsense").await.0, 400);
        assert_eq!(story("colour=red").await.0, 400);
        app.stop().await;
    }
}

#[tokio::test]
async fn raw_data_is_for_operators_and_names_nobody() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let mut snapshot = order("576461413038785752", app.now());
        snapshot.raw = json!({ "status": "ON_HOLD", "buyer_email": "camille@example.com" });
        let id = app.record(&connection, &snapshot).await;
        snapshot.raw = json!({ "status": "AWAITING_SHIPMENT", "buyer_email": "camille@example.com" });
        snapshot.channel_updated_at += TimeDelta::seconds(1);
        app.record(&connection, &snapshot).await;
        let (operator, viewer) = (app.sign_in_as(Role::Operator).await, app.sign_in_as(Role::Viewer).await);
        let path = format!("/api/v1/orders/{id}/raw");

        let (status, raw) = answer(app.get(&path).by(&operator)).await;

        assert_eq!(status, 200);
        let text = raw["json"].as_str().unwrap();
        assert!(text.contains("AWAITING_SHIPMENT") && !text.contains("camille"), "{text}");
        assert_eq!(raw["schema_version"], "202507");
        assert_eq!(raw["changes"], json!([r#"status: "ON_HOLD" → "AWAITING_SHIPMENT""#]));
        assert_eq!(answer(app.get(&path).by(&viewer)).await.0, 403);
        assert_eq!(answer(app.get("/api/v1/orders/77/raw").by(&operator)).await.0, 404);
        app.stop().await;
    }
}
