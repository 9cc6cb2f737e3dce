use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Method, Response};
use sea_orm::DbBackend;
use serde_json::Value;
use shared::{EventKind, Role};

use crate::app::{As, Person, TestApp, answer, app, apps, order};

/// A stream of events, read piece by piece.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, person: &Person, last_id: Option<i64>) -> Self {
        let mut request = app.get("/api/v1/events").by(person).header("accept-encoding", "gzip, br");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { response, text: String::new() };
        stream.read_until(": listening").await;
        stream
    }

    async fn read_until(&mut self, what: &str) {
        while !self.text.contains(what) {
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            let chunk = chunk.expect("an event within ten seconds").unwrap().expect("the stream is open");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next `count` events.
    async fn events(&mut self, count: usize) -> Vec<(i64, Value)> {
        loop {
            let complete = self.text.rsplit_once("\n\n").map_or("", |(complete, _)| complete);
            let frames = complete.split("\n\n").filter(|frame| frame.contains("data: "));
            let events: Vec<_> = frames
                .map(|frame| {
                    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                    (field("id: ").parse().unwrap(), serde_json::from_str(field("data: ")).unwrap())
                })
                .collect();
            if events.len() >= count {
                return events;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            let chunk = chunk.expect("an event within ten seconds").unwrap().expect("the stream is open");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn open_pages_hear_what_changes_wherever_it_was_changed() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let mut stream = Stream::open(&app, &viewer, None).await;

        // Written straight into the table, as another process does.
        let id = app.record(&connection, &order("576400000000000001", app.now())).await;

        let events = stream.events(2).await;
        assert_eq!(events[0].1["kind"], EventKind::OrderReceived.as_str());
        assert_eq!(events[1].1["kind"], EventKind::OrderUpdated.as_str());
        assert_eq!(events[0].1["order_id"], id.0);
        assert_eq!(events[0].1["id"], events[0].0);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_that_was_seen() {
    for app in apps().await {
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let mut stream = Stream::open(&app, &viewer, None).await;
        app.record(&connection, &order("576400000000000001", app.now())).await;
        let seen = stream.events(2).await[0].0;
        drop(stream);

        app.record(&connection, &order("576400000000000002", app.now())).await;
        let mut resumed = Stream::open(&app, &viewer, Some(seen)).await;
        app.record(&connection, &order("576400000000000003", app.now())).await;

        let mut ids = Vec::new();
        while ids.last() != Some(&(seen + 5)) {
            let events = resumed.events(ids.len() + 1).await;
            ids = events.into_iter().map(|(id, _)| id).collect();
        }
        // On PostgreSQL what was seen is told once more, with what may have appeared beside it.
        ids.retain(|id| *id > seen);
        assert_eq!(ids, [seen + 1, seen + 2, seen + 3, seen + 4, seen + 5], "each once, none left out");
        app.stop().await;
    }
}

#[tokio::test]
async fn an_event_that_appears_after_a_later_one_is_told_to_whoever_resumes() {
    for app in apps().await {
        if app.database.backend() != DbBackend::Postgres {
            continue;
        }
        let connection = app.connect("1").await;
        let viewer = app.sign_in_as(Role::Viewer).await;
        let change = EventKind::ConnectionUpdated;
        let slow = app.database.begin().await.unwrap();
        database::events::record(&slow, change, connection.id, None, app.now()).await.unwrap();
        let mut stream = Stream::open(&app, &viewer, None).await;
        let writer = app.database.writer();
        database::events::record(writer, change, connection.id, None, app.now()).await.unwrap();
        let seen = stream.events(1).await[0].0;
        slow.commit().await.unwrap();
        assert_eq!(stream.events(2).await[1].0, seen - 1, "whoever listens hears of it");
        drop(stream);

        let mut resumed = Stream::open(&app, &viewer, Some(seen)).await;

        assert_eq!(resumed.events(1).await[0].0, seen - 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn whoever_has_missed_a_lot_hears_all_of_it() {
    let app = app().await;
    let connection = app.connect("1").await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    let txn = app.database.begin().await.unwrap();
    for _ in 0..2_500 {
        let (kind, now) = (EventKind::ConnectionUpdated, app.now());
        database::events::record(&txn, kind, connection.id, None, now).await.unwrap();
    }
    txn.commit().await.unwrap();

    let mut resumed = Stream::open(&app, &viewer, Some(0)).await;
    let told: Vec<_> = resumed.events(2_500).await.into_iter().map(|(id, _)| id).collect();

    assert!(told.len() >= 2_500 && told.windows(2).all(|pair| pair[1] == pair[0] + 1), "none left out");
    let head = app.request(Method::HEAD, "/api/v1/events").by(&viewer).timeout(Duration::from_secs(5)).send();
    assert_eq!(head.await.unwrap().status(), 200, "it does not wait for the end of the stream");
    let (status, problem) =
        answer(app.get("/api/v1/events").by(&viewer).header("last-event-id", "first")).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (400, "bad_event_id"));
    app.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_program() {
    let app = app().await;
    let viewer = app.sign_in_as(Role::Viewer).await;
    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::milliseconds(1500));
    let mut ending = Stream::open(&app, &viewer, None).await;

    let rest = tokio::time::timeout(Duration::from_secs(10), ending.response.chunk()).await;
    assert!(matches!(rest, Ok(Ok(None))), "the token has ended");

    let again = Person::of(app.sign_in("viewer@example.com", crate::app::PASSWORD).await).await;
    let mut stream = Stream::open(&app, &again, None).await;
    let stopped = tokio::time::timeout(Duration::from_secs(5), app.stop());
    assert!(stopped.await.is_ok(), "an open stream does not hold the program up");
    assert!(matches!(stream.response.chunk().await, Ok(None)));
}
