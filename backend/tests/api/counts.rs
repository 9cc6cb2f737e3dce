use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use database::entities::orders as rows;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{ChannelStatus, Role};

use crate::app::{As, Dice, TestApp, answer, apps, order};

/// The counts by looking at every row.
async fn counted(app: &TestApp, keeps: impl Fn(&rows::Model) -> bool) -> BTreeMap<String, i64> {
    let all = rows::Entity::find()
        .filter(rows::Column::ArchivedAt.is_null())
        .all(app.database.reader())
        .await
        .unwrap();
    let mut counts = BTreeMap::new();
    for row in all.into_iter().filter(keeps) {
        *counts.entry(row.status).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn counts_equal_full_counts_after_random_histories() {
    for app in apps().await {
        let connections = [app.connect("1").await, app.connect("2").await];
        let viewer = app.sign_in_as(Role::Viewer).await;
        let start = DateTime::from_timestamp(1_795_046_400, 0).unwrap();
        let mut dice = Dice::new(23);
        for n in 0..120 {
            // Some are new, some change their status, some are archived, restored or deleted.
            let id = format!("5764{:014}", dice.roll(60));
            let placed_at = start + TimeDelta::minutes(i64::try_from(dice.roll(6 * 1440)).unwrap());
            let mut snapshot = order(&id, placed_at);
            snapshot.channel_updated_at = start + TimeDelta::days(30) + TimeDelta::seconds(n);
            snapshot.raw["n"] = n.into();
            snapshot.channel_status = dice.pick(&ChannelStatus::KNOWN).clone();
            let id = app.record(dice.pick(&connections), &snapshot).await;
            let one = rows::Entity::update_many().filter(rows::Column::Id.eq(id.0));
            let writer = app.database.writer();
            match dice.roll(10) {
                0 => {
                    one.col_expr(rows::Column::ArchivedAt, Expr::value(1_i64)).exec(writer).await.unwrap();
                }
                1 => {
                    rows::Entity::delete_by_id(id.0).exec(writer).await.unwrap();
                }
                2 => {
                    let never = Expr::value(None::<i64>);
                    one.col_expr(rows::Column::ArchivedAt, never).exec(writer).await.unwrap();
                }
                _ => {}
            }
        }

        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut ranges = vec![(None, None)];
        for _ in 0..40 {
            let mut edge = || {
                let unit = *dice.pick(&[1440, 60, 1]);
                let minutes = i64::try_from(dice.roll(6 * 1440 / unit) * unit).unwrap();
                (dice.roll(4) > 0).then(|| start + TimeDelta::minutes(minutes))
            };
            ranges.push((edge(), edge()));
        }
        for connection in [None, Some(connections[0].id)] {
            for (from, to) in &ranges {
                let mut query = connection.map(|id| format!("connection={id}&")).unwrap_or_default();
                query.extend(from.map(|from| format!("created_at[gte]={}&", text(from))));
                query.extend(to.map(|to| format!("created_at[lt]={}&", text(to))));
                let keeps = |row: &rows::Model| {
                    connection.is_none_or(|id| row.connection_id == id.0)
                        && from.is_none_or(|from| row.placed_at >= from.timestamp_millis())
                        && to.is_none_or(|to| row.placed_at < to.timestamp_millis())
                };
                let expected = counted(&app, keeps).await;
                // The second one cannot be answered from the counters.
                for query in [query.clone(), format!("{query}currency=EUR")] {
                    let (status, counts) =
                        answer(app.get(&format!("/api/v1/orders/counts?{query}")).by(&viewer)).await;
                    assert_eq!(status, 200, "{counts}");
                    let mut sum = 0;
                    for entry in counts["by_status"].as_array().unwrap() {
                        let count = entry["count"].as_i64().unwrap();
                        let known = expected.get(entry["status"].as_str().unwrap()).copied().unwrap_or(0);
                        assert_eq!(count, known, "{} {query} {entry}", app.database.backend().as_str());
                        sum += count;
                    }
                    assert_eq!(counts["all"], sum);
                    assert_eq!(sum, expected.values().sum::<i64>());
                    assert_eq!(counts["at_least"], false);
                }
            }
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn counts_obey_the_search_but_not_the_status() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let now = app.now();
        app.record(&connection, &order("576400000000000001", now)).await;
        let mut other = order("576400000000000002", now);
        other.channel_status = ChannelStatus::InTransit;
        app.record(&connection, &other).await;
        let viewer = app.sign_in_as(Role::Viewer).await;

        for (query, all) in [
            ("status=error", 2),
            ("q=candle", 2),
            ("q=nothing", 0),
            ("q=576400000000000002", 1),
            ("q=status:error", 2),
        ] {
            let (_, counts) = answer(app.get(&format!("/api/v1/orders/counts?{query}")).by(&viewer)).await;
            assert_eq!(counts["all"], all, "{query}");
        }
        app.stop().await;
    }
}
