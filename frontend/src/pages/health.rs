//! How each connection is doing, and what somebody should look at.

use crate::prelude::*;
use chrono::TimeDelta;
use shared::{Alert, ConnectionHealth, ConnectionId, EventKind, Health, Page, Reconciliation, Role};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::live::{self, News};
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::settings::vital_signs::{Level, Sign, worst};
use crate::{api, browser, session, text};

/// Between two looks, in milliseconds.
const LOOK_MS: i32 = 15_000;

pub fn view() -> AnyView {
    view! { <HealthPage /> }
}

#[component]
fn HealthPage() -> impl IntoView {
    title(|| text::HEALTH.to_owned());
    let health = Load::<Health>::new();
    let alerts = Load::<Page<Alert>>::new();
    let look = move || {
        health.run(api::health());
        alerts.run_for_changes(api::open_alerts());
    };
    look();
    live::listen(move |news| match news {
        News::Event(event) if event.kind == EventKind::OrderUpdated => {}
        News::Event(_) | News::Refresh => look(),
    });
    leptos::task::spawn_local(async move {
        // Until the page is gone.
        while health.request.busy.try_get_untracked().is_some() {
            browser::sleep(LOOK_MS).await;
            if !browser::is_hidden() && health.request.busy.try_get_untracked() == Some(false) {
                look();
            }
        }
    });
    let failure = move || {
        let failure = health.request.failure.get().or_else(|| alerts.request.failure.get());
        failure.map(|failure| {
            view! { <FailureNote title=text::HEALTH_NOT_LOADED failure retry=Callback::new(move |()| look()) /> }
        })
    };
    let content = move || match health.value.get() {
        None => {
            view! { <div class="card" aria-busy="true"><span class="bone tall" aria-hidden="true"></span></div> }
        }
        Some(health) if health.connections.is_empty() => view! {
            <section class="empty">
                {Icon::Plug.view()}
                <h2>{text::NO_CONNECTIONS}</h2>
                <p>{text::NO_HEALTH_YET}</p>
            </section>
        },
        Some(health) => {
            let clock = clock_sign(&health);
            let cards = health.connections.into_iter().map(|it| connection_card(it, look)).collect_view();
            view! {
                {clock}
                <div class="cards">{cards}</div>
            }
        }
    };
    view! {
        <div class="page">
            <header class="page-header"><h1>{text::HEALTH}</h1></header>
            {move || failure()}
            {move || alert_list(alerts.value.get())}
            {move || content()}
        </div>
    }
}

/// What the clock of the server is off by, when that keeps it from working.
fn clock_sign(health: &Health) -> Option<AnyView> {
    const MOST_MS: i64 = 30_000;
    let is_off = health.clock_skew_ms.abs() > MOST_MS;
    let sentence = text::clock_is_off(health.clock_skew_ms / 1_000);
    is_off
        .then(|| view! { <p class="note bad" role="alert">{Icon::Clock.view()} <span>{sentence}</span></p> })
}

fn alert_list(alerts: Option<Page<Alert>>) -> Option<AnyView> {
    let alerts = alerts?.items;
    if alerts.is_empty() {
        return None;
    }
    let items = alerts.into_iter().map(|alert| {
        let (class, icon) =
            if alert.kind.degrades() { ("note bad", Icon::ErrorCircle) } else { ("note warn", Icon::Alert) };
        view! {
            <li class=class>
                {icon.view()}
                <div>
                    <strong>{text::alert_kind(alert.kind)}</strong>
                    <p>{alert.sentence}</p>
                </div>
                <span class="quiet"><Ago at=alert.opened_at /></span>
            </li>
        }
    });
    Some(view! {
        <section class="alerts">
            <h2>{text::OPEN_ALERTS}</h2>
            <ul>{items.collect_view()}</ul>
        </section>
    })
}

fn connection_card(health: ConnectionHealth, look: impl Fn() + Copy + Send + Sync + 'static) -> AnyView {
    let signs = Sign::all_of(&health);
    let (icon, tone, label) = match worst(&signs) {
        Level::Good => (Icon::CheckCircle, "badge green", text::ALL_WELL),
        Level::Warning => (Icon::Alert, "badge amber", text::NEEDS_A_LOOK),
        Level::Bad => (Icon::ErrorCircle, "badge red", text::NEEDS_YOU),
    };
    let problems = health.problems.iter().map(|it| view! { <li>{it.clone()}</li> }).collect_view();
    let signs = signs.into_iter().map(|sign| {
        let (class, mark) = match sign.level {
            Level::Good => ("sign", ""),
            Level::Warning => ("sign warning", text::MARK_WARNING),
            Level::Bad => ("sign bad", text::MARK_BAD),
        };
        view! {
            <div class=class>
                <dt>{sign.name}</dt>
                <dd>{sign.value} <span class="visually-hidden">{mark}</span></dd>
            </div>
        }
    });
    let waiting = health.oldest_waiting_order_id.map(|id| {
        let waited = health.oldest_waiting_order_s.unwrap_or_default();
        view! {
            <a href=format!("/orders/{id}")>{text::oldest_waiting(id, TimeDelta::seconds(waited))}</a>
        }
    });
    view! {
        <section class="card health-card">
            <div class="connection-name">
                <h2><a href=format!("/connections/{}", health.connection_id)>{health.name}</a></h2>
                <span class=tone>{icon.view()} {label}</span>
            </div>
            <ul class="problems">{problems}</ul>
            <dl class="signs">{signs.collect_view()}</dl>
            {waiting}
            {reconciliation(health.connection_id, health.last_reconciliation, look)}
        </section>
    }
}

/// What the last comparison of both sides found, and the button for another one.
fn reconciliation(
    id: ConnectionId,
    last: Option<Reconciliation>,
    look: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let request = Request::new();
    let compare = move |_: web_sys::MouseEvent| {
        request.run(api::reconcile(id), move |_| {
            toast::show(Tone::Neutral, text::COMPARING);
            look();
        });
    };
    let receipt = match last {
        None => view! { <p class="quiet">{text::NOT_COMPARED_YET}</p> },
        Some(last) => {
            let (icon, class) = match (&last.error, last.clean) {
                (Some(_), _) => (Icon::ErrorCircle, "receipt bad"),
                (None, true) => (Icon::CheckCircle, "receipt good"),
                (None, false) => (Icon::Alert, "receipt warning"),
            };
            let when = last.ended_at.map(|at| view! { <span class="quiet"><Ago at=at /></span> });
            view! { <p class=class>{icon.view()} <span>{text::receipt(&last)}</span> {when}</p> }
        }
    };
    view! {
        <div class="comparison">
            {receipt}
            {move || request.failure.get().map(|failure| view! { <FailureNote title=text::NOT_DONE failure /> })}
            {session::may(Role::Operator).then(|| view! {
                <button
                    type="button"
                    class="button small"
                    prop:disabled=move || request.busy.get()
                    on:click=handler(compare)
                >
                    {text::COMPARE_NOW}
                </button>
            })}
        </div>
    }
}
