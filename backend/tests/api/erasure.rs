use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::erasure::{self, RawPosition};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use shared::{ChannelStatus, OrderId, Role};

use crate::app::{As, Person, TestApp, answer, app, apps, order};

async fn recorded(
    app: &TestApp,
    connection: &ConnectionRecord,
    number: u32,
    status: ChannelStatus,
    ended_at: DateTime<Utc>,
) -> OrderId {
    let mut snapshot = order(&format!("57640000000000{number:04}"), ended_at);
    snapshot.channel_status = status;
    snapshot.raw =
        json!({ "id": number, "status": "any", "recipient_address": { "name": "Camille Durand" } });
    app.record(connection, &snapshot).await
}

async fn purge(app: &TestApp) {
    let job = sync::jobs::purge(app.now());
    job_queue::enqueue(app.database.writer(), job, app.now()).await.unwrap();
    app.work_on("purge").await;
}

/// How many rows there are about each order's buyer.
async fn rows_about(app: &TestApp, id: OrderId) -> i64 {
    let mut rows = 0;
    for table in ["recipients", "snapshots"] {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table} WHERE order_id = {id}");
        let statement = sea_orm::Statement::from_string(app.database.backend(), sql);
        let row = app.database.reader().query_one_raw(statement).await.unwrap().unwrap();
        rows += row.try_get::<i64>("", "n").unwrap();
    }
    rows
}

async fn erase(app: &TestApp, person: &Person, id: OrderId) -> (u16, Value) {
    answer(app.post(&format!("/api/v1/orders/{id}/erase")).by(person)).await
}

#[tokio::test]
async fn buyers_are_forgotten_some_time_after_the_end_and_raw_data_before() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let ago = |days| app.now() - TimeDelta::days(days);
        let completed = recorded(&app, &connection, 1, ChannelStatus::Completed, ago(91)).await;
        let canceled = recorded(&app, &connection, 2, ChannelStatus::Cancelled, ago(90)).await;
        let recent = recorded(&app, &connection, 3, ChannelStatus::Completed, ago(89)).await;
        let going_on = recorded(&app, &connection, 4, ChannelStatus::InTransit, ago(200)).await;

        purge(&app).await;

        let mut left = Vec::new();
        for id in [completed, canceled, recent, going_on] {
            left.push(rows_about(&app, id).await);
        }
        assert_eq!(left, [0, 0, 2, 2]);
        let manager = app.sign_in_as(Role::Manager).await;
        let (status, shell) = answer(app.get(&format!("/api/v1/orders/{completed}")).by(&manager)).await;
        assert_eq!((status, &shell["total"]["amount"]), (200, &json!("46.89")), "{shell}");
        assert!(!shell.to_string().contains("Durand"), "{shell}");
        let by_name = json!({ "buyer": { "name": "Camille Durand" } });
        let (_, found) = answer(app.post("/api/v1/orders/search").by(&manager).json(&by_name)).await;
        assert_eq!(found["items"].as_array().unwrap().len(), 2);

        let (_, by_goods) = answer(app.get("/api/v1/orders?q=candle").by(&manager)).await;
        assert_eq!(by_goods["items"].as_array().unwrap().len(), 4, "what it was still finds an order");

        app.clock.advance(TimeDelta::days(31));
        purge(&app).await;
        assert_eq!(
            rows_about(&app, going_on).await,
            2,
            "the newest answer about an order that goes on stays"
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn what_was_erased_does_not_come_back_with_the_next_answer() {
    for app in apps().await {
        let admin = app.sign_in_as(Role::Admin).await;
        let connection = app.connect("1").await;
        let id = recorded(&app, &connection, 1, ChannelStatus::Delivered, app.now()).await;
        let (_, before) = answer(app.get(&format!("/api/v1/orders/{id}")).by(&admin)).await;
        assert!(before.to_string().contains("recipient"));

        assert_eq!(erase(&app, &admin, id).await.0, 204);
        assert_eq!(erase(&app, &admin, id).await.0, 204, "again changes nothing");
        let later = app.now() + TimeDelta::hours(1);
        assert_eq!(recorded(&app, &connection, 1, ChannelStatus::Completed, later).await, id);

        assert_eq!(rows_about(&app, id).await, 0);
        let (_, shell) = answer(app.get(&format!("/api/v1/orders/{id}")).by(&admin)).await;
        assert_eq!(shell["status"], "completed", "what happens to the order goes on: {shell}");
        assert_eq!(answer(app.post(&format!("/api/v1/orders/{id}/recipient")).by(&admin)).await.0, 404);
        let (_, told) = answer(app.get("/api/v1/audit?event=order.buyer_erased").by(&admin)).await;
        assert_eq!(told["items"].as_array().unwrap().len(), 1);
        assert_eq!(told["items"][0]["subject"], format!("order:{id}"));
        app.stop().await;
    }
}

#[tokio::test]
async fn an_address_that_a_parcel_needs_is_not_erased() {
    let app = app().await;
    let admin = app.sign_in_as(Role::Admin).await;
    let connection = app.connect("1").await;
    let id = recorded(&app, &connection, 1, ChannelStatus::AwaitingShipment, app.now()).await;

    let (status, problem) = erase(&app, &admin, id).await;

    assert_eq!((status, &problem["code"]), (409, &json!("order_not_over")));
    assert_eq!(rows_about(&app, id).await, 2);
    app.stop().await;
}

#[tokio::test]
async fn everything_of_a_shop_that_has_left_is_erased_within_thirty_days() {
    let app = app().await;
    let connection = app.connect("1").await;
    let id = recorded(&app, &connection, 1, ChannelStatus::InTransit, app.now()).await;
    connections::set_deauthorized(app.database.writer(), connection.id, Some(app.now())).await.unwrap();

    app.clock.advance(TimeDelta::days(28));
    purge(&app).await;
    assert_eq!(rows_about(&app, id).await, 2);
    app.clock.advance(TimeDelta::days(1));
    purge(&app).await;

    assert_eq!(rows_about(&app, id).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn raw_answers_are_gone_through_once_in_pages_and_the_newest_is_kept() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let other = app.connect("2").await;
        let writer = app.database.writer();
        for number in 1..=3 {
            for hour in 0..3 {
                let mut snapshot =
                    order(&format!("57640000000000{number:04}"), app.now() + TimeDelta::hours(hour));
                snapshot.channel_status = ChannelStatus::InTransit;
                snapshot.raw = json!({ "id": number, "hour": hour });
                app.record(&connection, &snapshot).await;
            }
        }
        let going_on = recorded(&app, &other, 9, ChannelStatus::InTransit, app.now()).await;
        let left = async || {
            use sea_orm::{EntityTrait, PaginatorTrait};
            database::entities::snapshots::Entity::find().count(writer).await.unwrap()
        };
        assert_eq!(left().await, 10);

        let mut pages = 0;
        let mut after = Some(RawPosition::BEGINNING);
        while let Some(position) = after {
            let before = app.now() + TimeDelta::hours(1);
            after = erasure::purge_raw(writer, connection.id, before, position, 4).await.unwrap();
            pages += 1;
        }

        assert_eq!((left().await, pages), (4, 3), "the newest of each order that goes on");
        assert_eq!(
            rows_about(&app, going_on).await,
            2,
            "another connection keeps its own for as long as it says"
        );
        app.stop().await;
    }
}
