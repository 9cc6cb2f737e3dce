//! How fresh the orders are: always visible, amber after 5 minutes, red after 15.

use crate::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock;
use crate::components::dropdown::Dropdown;
use crate::components::money::count;
use crate::components::time::{Ago, ago, duration};
use crate::installation::{Installation, KnownConnectionHealth, KnownHealth};
use crate::markup::{Show, view};
use crate::text;

/// How fresh the orders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Fresh,
    Stale,
    Old,
    /// Nothing is connected, or nothing is known yet.
    Unknown,
}

impl Freshness {
    const fn class(self) -> &'static str {
        match self {
            Self::Fresh => "sync-state fresh",
            Self::Stale => "sync-state stale",
            Self::Old => "sync-state old",
            Self::Unknown => "sync-state",
        }
    }
}

fn freshness(now: DateTime<Utc>, last_sync_at: Option<DateTime<Utc>>) -> Freshness {
    match last_sync_at.map(|at| now - at) {
        None => Freshness::Unknown,
        Some(age) if age < TimeDelta::minutes(5) => Freshness::Fresh,
        Some(age) if age < TimeDelta::minutes(15) => Freshness::Stale,
        Some(_) => Freshness::Old,
    }
}

/// When the connection that lags most was last read; `None` as long as one of them never was.
fn oldest_sync(health: &KnownHealth) -> Option<DateTime<Utc>> {
    let times: Option<Vec<_>> = health.connections.iter().map(|it| it.last_sync_at).collect();
    times?.into_iter().min()
}

#[component]
pub fn SyncState() -> impl IntoView {
    let installation = Installation::expect();
    let health = installation.health.value;
    let last_sync_at = move || health.with(|health| health.and_then(oldest_sync));
    let has_problem = Memo::new(move |_| {
        health.with(|health| {
            health.is_some_and(|health| health.connections.iter().any(|it| !it.problems.is_empty()))
        })
    });
    let words = move || match last_sync_at() {
        Some(at) => {
            let minutes = (clock::now() - at).num_minutes();
            if minutes < 1 { text::SYNCED_NOW.to_owned() } else { text::synced(&ago(clock::now(), at, 0)) }
        }
        None => text::NOT_SYNCED.to_owned(),
    };
    let class = move || {
        let freshness = freshness(clock::now(), last_sync_at());
        let freshness =
            if has_problem.get() && freshness == Freshness::Fresh { Freshness::Stale } else { freshness };
        freshness.class().to_owned()
    };
    let is_connected = move || health.with(|it| it.is_some_and(|it| !it.connections.is_empty()));
    view! {
        <Show when=move || is_connected()>
            <Dropdown
                id="sync-state"
                button_class=Signal::derive(class)
                button=move || view! { <span class="dot" aria-hidden="true"></span> <span>{words()}</span> }
                width=360
            >
                {move || {
                    health
                        .get()
                        .map(|health| {
                            health.connections.into_iter().map(connection_health).collect_view()
                        })
                }}
            </Dropdown>
        </Show>
    }
}

fn connection_health(health: KnownConnectionHealth) -> impl IntoView {
    let time = |at: Option<DateTime<Utc>>| match at {
        Some(at) => view! { <Ago at=at /> },
        None => text::NEVER.into_any(),
    };
    let speed = match (health.order_to_store_p50_ms, health.order_to_store_p95_ms) {
        (Some(half), Some(most)) => text::order_to_store(&duration(half), &duration(most)),
        _ => text::NO_IMPORTS_YET.to_owned(),
    };
    let problems = health.problems.into_iter().map(|it| view! { <li>{it}</li> }).collect_view();
    view! {
        <section class="health">
            <h3>
                <a href=format!("/connections/{}", health.connection_id)>{health.name}</a>
            </h3>
            <ul class="problems">{problems}</ul>
            <dl class="facts">
                <div>
                    <dt>{text::LAST_SYNC}</dt>
                    <dd>{time(health.last_sync_at)}</dd>
                </div>
                <div>
                    <dt>{text::LAST_WEBHOOK}</dt>
                    <dd>{time(health.last_webhook_at)}</dd>
                </div>
                <div>
                    <dt>{text::WAITING_FOR_IMPORT}</dt>
                    <dd>{count(health.waiting_for_import)}</dd>
                </div>
                <div>
                    <dt>{text::ORDER_TO_STORE}</dt>
                    <dd>{speed}</dd>
                </div>
            </dl>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_fades_after_5_and_15_minutes() {
        let now: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
        let cases = [
            (Some(299), Freshness::Fresh),
            (Some(300), Freshness::Stale),
            (Some(899), Freshness::Stale),
            (Some(900), Freshness::Old),
            (None, Freshness::Unknown),
        ];

        for (age_s, expected) in cases {
            let last_sync_at = age_s.map(|age_s| now - TimeDelta::seconds(age_s));
            assert_eq!(freshness(now, last_sync_at), expected, "{age_s:?}");
        }
    }
}
