use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::entities::orders as rows;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde_json::Value;
use shared::{ChannelStatus, Role, SortKey};

use crate::app::{As, Dice, Person, TestApp, answer, app, apps, line, order};

const STATUSES: [ChannelStatus; 4] = [
    ChannelStatus::AwaitingShipment,
    ChannelStatus::InTransit,
    ChannelStatus::Cancelled,
    ChannelStatus::OnHold,
];

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// Orders with many ties: few different times, totals and deadlines.
async fn fill(app: &TestApp, connections: &[&ConnectionRecord], count: u64, dice: &mut Dice) {
    for n in 0..count {
        let placed_at = start() + TimeDelta::hours(i64::try_from(dice.roll(12)).unwrap());
        let mut snapshot = order(&format!("5764{:014}", n * 7 + dice.roll(7)), placed_at);
        snapshot.channel_status = dice.pick(&STATUSES).clone();
        snapshot.total = dice.roll(5).into();
        snapshot.ship_by = (dice.roll(2) == 0).then(|| placed_at + TimeDelta::hours(24));
        snapshot.country = Some((*dice.pick(&["FR", "DE"])).to_owned());
        let connection: &&ConnectionRecord = dice.pick(connections);
        let id = app.record(connection, &snapshot).await;
        if dice.roll(3) == 0 {
            change(app, id.0, |row| {
                row.store_order_id = Set(Some(i64::try_from(n).unwrap() + 1));
                row.import_state = Set("imported".to_owned());
            })
            .await;
        }
    }
}

async fn change(app: &TestApp, id: i64, change: impl FnOnce(&mut rows::ActiveModel)) {
    let row = database::orders::find(app.database.reader(), shared::OrderId(id)).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    change(&mut row);
    row.update(app.database.writer()).await.unwrap();
}

async fn page(app: &TestApp, person: &Person, query: &str) -> Value {
    let (status, page) = answer(app.get(&format!("/api/v1/orders?{query}")).by(person)).await;
    assert_eq!(status, 200, "{query}: {page}");
    page
}

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// Walks a list to its end and back, and returns the ids on the way forwards.
async fn walk(app: &TestApp, person: &Person, query: &str, limit: usize) -> Vec<i64> {
    let mut pages = vec![page(app, person, &format!("{query}&limit={limit}")).await];
    assert_eq!(pages[0]["has_previous"], false);
    while let Some(cursor) = pages.last().unwrap()["next_cursor"].as_str() {
        let next = page(app, person, &format!("{query}&limit={limit}&after={cursor}")).await;
        pages.push(next);
    }
    let last = pages.last().unwrap();
    assert_eq!(last["has_more"], false);

    let mut backwards = ids(last);
    let mut cursor = last["previous_cursor"].as_str().map(ToOwned::to_owned);
    while let Some(before) = cursor {
        let previous = page(app, person, &format!("{query}&limit={limit}&before={before}")).await;
        backwards.splice(0..0, ids(&previous));
        assert_eq!(previous["has_more"], true);
        cursor = previous["previous_cursor"].as_str().map(ToOwned::to_owned);
    }
    let forwards: Vec<_> = pages.iter().flat_map(ids).collect();
    assert_eq!(forwards, backwards, "{query}");
    forwards
}

/// What an order is sorted by, as a text that sorts alike.
fn key(item: &Value, sort: &str) -> String {
    let number =
        |value: &Value, missing: &str| value.as_i64().map_or(missing.to_owned(), |n| format!("{n:020}"));
    match sort {
        "created_at" | "updated_at" | "ship_by" => {
            let time = item[sort].as_str().map(|time| time.parse::<DateTime<Utc>>().unwrap());
            time.map_or("9".repeat(20), |time| format!("{:020}", time.timestamp_millis()))
        }
        "id" => number(&item["id"], ""),
        "store_order_id" => number(&item["store_order"]["id"], "0"),
        "total" => format!("{:>20}", item["total"]["amount"].as_str().unwrap()),
        _ => item[sort].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn every_list_is_complete_and_in_order_both_ways() {
    for app in apps().await {
        let (one, other) = (app.connect("1").await, app.connect("2").await);
        let mut dice = Dice::new(7);
        fill(&app, &[&one, &other], 45, &mut dice).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let filters = [
            String::new(),
            "status=in_transit,canceled,on_hold".to_owned(),
            format!("connection={}&status=awaiting_shipment", one.id),
            format!("connection={},{}&status=awaiting_shipment,in_transit", one.id, other.id),
            "country=FR".to_owned(),
            "q=candle".to_owned(),
        ];

        for filter in &filters {
            let whole = page(&app, &viewer, &format!("{filter}&limit=100")).await;
            let mut expected = ids(&whole);
            expected.sort_unstable();
            assert!(!expected.is_empty(), "{filter}");
            for sort_key in SortKey::ALL {
                for sort in [sort_key.to_string(), format!("-{sort_key}")] {
                    let query = format!("{filter}&sort={sort}");
                    let walked = walk(&app, &viewer, &query, 16).await;

                    let mut sorted = walked.clone();
                    sorted.sort_unstable();
                    assert_eq!(
                        sorted,
                        expected,
                        "{} {query}: every order once",
                        app.database.backend().as_str()
                    );
                    let whole = page(&app, &viewer, &format!("{query}&limit=100")).await;
                    assert_eq!(ids(&whole), walked, "{query}: pages make up the list");
                    let keys: Vec<_> = whole["items"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|item| (key(item, sort_key.as_str()), item["id"].as_i64().unwrap()))
                        .collect();
                    let mut in_order = keys.clone();
                    in_order.sort();
                    if sort.starts_with('-') {
                        in_order.reverse();
                    }
                    assert_eq!(keys, in_order, "{query}");
                }
            }
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn every_filter_keeps_what_it_says() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let mut dice = Dice::new(11);
        fill(&app, &[&connection], 60, &mut dice).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let all = page(&app, &viewer, "limit=100").await;
        let all = all["items"].as_array().unwrap();
        let chosen = &all[17];
        let chosen_tiktok_id = chosen["tiktok_order_id"].as_str().unwrap().to_owned();
        let time = (start() + TimeDelta::hours(5)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        type Keeps<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
        let cases: Vec<(String, Keeps)> = vec![
            ("status=canceled".into(), Box::new(|item| item["status"] == "canceled")),
            ("channel_status=ON_HOLD".into(), Box::new(|item| item["channel_status"] == "ON_HOLD")),
            ("import_state=imported".into(), Box::new(|item| item["import_state"] == "imported")),
            ("store_order_id=empty".into(), Box::new(|item| item["store_order"].is_null())),
            (
                "store_order_id=3,4,5,6,7,8,9,10".into(),
                Box::new(|item| item["store_order"]["id"].as_i64().is_some_and(|id| (3..=10).contains(&id))),
            ),
            ("country=DE".into(), Box::new(|item| item["country"] == "DE")),
            ("country=IT".into(), Box::new(|_| false)),
            ("fulfillment_type=tiktok".into(), Box::new(|_| false)),
            ("issue=SKU_NOT_FOUND".into(), Box::new(|_| false)),
            (
                "total_min=2&total_max=3".into(),
                Box::new(|item| matches!(item["total"]["amount"].as_str(), Some("2.00" | "3.00"))),
            ),
            (
                format!("created_at[gte]={time}"),
                Box::new(|item| item["created_at"].as_str().unwrap() >= time.as_str()),
            ),
            (
                format!("created_at[lt]={time}"),
                Box::new(|item| item["created_at"].as_str().unwrap() < time.as_str()),
            ),
            (format!("id={}", chosen["id"]), Box::new(|item| item["id"] == chosen["id"])),
            (
                format!("tiktok_order_id={chosen_tiktok_id}"),
                Box::new(|item| item["tiktok_order_id"] == chosen["tiktok_order_id"]),
            ),
            (
                format!("tiktok_order_id={}", &chosen_tiktok_id[..16]),
                Box::new(|item| {
                    item["tiktok_order_id"].as_str().unwrap().starts_with(&chosen_tiktok_id[..16])
                }),
            ),
            (
                "q=status:canceled%20country:FR".into(),
                Box::new(|item| item["status"] == "canceled" && item["country"] == "FR"),
            ),
        ];

        for (query, keeps) in cases {
            let found = page(&app, &viewer, &format!("{query}&limit=100")).await;
            let expected: Vec<_> =
                all.iter().filter(|item| keeps(item)).map(|item| item["id"].as_i64().unwrap()).collect();
            assert_eq!(ids(&found), expected, "{} {query}", app.database.backend().as_str());
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn archived_orders_are_left_out() {
    let app = app().await;
    let connection = app.connect("1").await;
    let kept = app.record(&connection, &order("576400000000000001", start())).await;
    let archived = app.record(&connection, &order("576400000000000002", start())).await;
    change(&app, archived.0, |row| row.archived_at = Set(Some(1))).await;
    let viewer = app.sign_in_as(Role::Viewer).await;

    assert_eq!(ids(&page(&app, &viewer, "").await), [kept.0]);
    let (_, counts) = answer(app.get("/api/v1/orders/counts").by(&viewer)).await;
    assert_eq!(counts["all"], 1);
    app.stop().await;
}

#[tokio::test]
async fn words_are_found_in_ids_skus_titles_and_tracking_numbers() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let mut fig = order("576461413038785752", start());
        fig.lines[0].tracking_number = Some("6A12345678901".to_owned());
        let fig = app.record(&connection, &fig).await.0;
        let mut soap = order("576461413038785999", start());
        soap.lines = vec![line("line-2", "SOAP_100%", "Savon d'Été")];
        let soap = app.record(&connection, &soap).await.0;
        change(&app, soap, |row| row.store_order_id = Set(Some(1234))).await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let cases: Vec<(String, Vec<i64>)> = vec![
            ("candle".into(), vec![fig]),
            ("CANDLE fig".into(), vec![fig]),
            ("candle savon".into(), vec![]),
            ("6a1234".into(), vec![fig]),
            ("576461413038785752".into(), vec![fig]),
            ("576461413038785752 576461413038785999".into(), vec![soap, fig]),
            ("5764614130387".into(), vec![soap, fig]),
            ("été".into(), vec![soap]),
            ("soap_100%".into(), vec![soap]),
            ("soap%100".into(), vec![]),
            ("soapx100".into(), vec![]),
            ("1234".into(), vec![soap, fig]),
            (fig.to_string(), vec![fig]),
            (format!("{fig} {soap}"), vec![soap, fig]),
            ("'; DROP TABLE orders; --".into(), vec![]),
        ];

        for (words, expected) in cases {
            let query: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
            let found = answer(app.get(&format!("/api/v1/orders?q={query}")).by(&viewer)).await;
            if words.contains("DROP") {
                assert_eq!(found.0, 400, "--");
                continue;
            }
            let mut found = ids(&found.1);
            found.sort_unstable();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(found, expected, "{} {words}", app.database.backend().as_str());
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn buyers_are_searched_for_by_managers_only_and_never_in_an_address() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let durand = app.record(&connection, &order("576400000000000001", start())).await;
        let mut other = order("576400000000000002", start());
        let mut recipient = crate::app::recipient();
        recipient.name = "Noa Martin".to_owned();
        other.recipient = Some(recipient);
        app.record(&connection, &other).await;
        let (manager, operator) = (app.sign_in_as(Role::Manager).await, app.sign_in_as(Role::Operator).await);
        let search =
            |buyer: Value| app.post("/api/v1/orders/search").json(&serde_json::json!({ "buyer": buyer }));

        let (status, found) =
            answer(search(serde_json::json!({ "name": "camille  DURAND" })).by(&manager)).await;
        assert_eq!((status, ids(&found)), (200, vec![durand.0]));
        let (_, nobody) = answer(search(serde_json::json!({ "name": "camille" })).by(&manager)).await;
        assert!(ids(&nobody).is_empty(), "whole names only");
        let (status, _) = answer(search(serde_json::json!({ "name": "x" })).by(&operator)).await;
        assert_eq!(status, 403);
        let long = search(serde_json::json!({ "name": "x".repeat(200), "phone": "0".repeat(201) }));
        let (status, problem) = answer(long.by(&manager)).await;
        assert_eq!((status, problem["errors"].as_array().unwrap().len()), (422, 1), "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/buyer/phone");
        let wrong =
            app.post("/api/v1/orders/search").json(&serde_json::json!({ "filter": { "country": "Spain" } }));
        let (status, problem) = answer(wrong.by(&manager)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &"/filter/country".into()), "{problem}");
        let plain = serde_json::json!({ "filter": { "status": "awaiting_shipment", "limit": "1" } });
        let (status, found) = answer(app.post("/api/v1/orders/search").json(&plain).by(&operator)).await;
        assert_eq!((status, ids(&found).len()), (200, 1));
        app.stop().await;
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let app = app().await;
    let connection = app.connect("1").await;
    for n in 0..3 {
        app.record(&connection, &order(&format!("57640000000000000{n}"), start())).await;
    }
    let viewer = app.sign_in_as(Role::Viewer).await;
    let first = page(&app, &viewer, "limit=1&sort=total").await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let mut edited = cursor.clone();
    edited.replace_range(3..4, if &cursor[3..4] == "A" { "B" } else { "A" });

    assert_eq!(page(&app, &viewer, &format!("limit=2&sort=total&after={cursor}")).await["items"][0]["id"], 2);
    let refused = [
        format!("sort=-total&after={cursor}"),
        format!("sort=total&status=error&after={cursor}"),
        format!("sort=total&after={edited}"),
        format!("sort=total&after={cursor}&before={cursor}"),
        "sort=total&after=".to_owned() + &"A".repeat(40),
    ];
    for query in refused {
        let (status, problem) = answer(app.get(&format!("/api/v1/orders?{query}")).by(&viewer)).await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("bad_cursor")), "{query}");
    }
    app.stop().await;
}
