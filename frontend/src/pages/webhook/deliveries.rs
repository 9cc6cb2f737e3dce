//! What a webhook was told, and what it answered.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{Page, WebhookDelivery, WebhookDeliveryState, WebhookId};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::time::{Ago, duration};
use crate::load::Request;
use crate::markup::{handler, view};
use crate::settings::listing::{cell, table};
use crate::{api, browser, text};

/// Between two looks at what is being sent, in milliseconds.
const LOOK_MS: i32 = 1_500;
/// At most so many looks; whoever waits longer presses "Refresh".
const LOOKS: usize = 20;

/// The deliveries, newest first.
#[derive(Clone, Copy)]
pub struct DeliveryLog {
    id: WebhookId,
    deliveries: RwSignal<Vec<WebhookDelivery>>,
    /// Where the next page begins, if there is one.
    next: RwSignal<Option<String>>,
    is_known: RwSignal<bool>,
    request: Request,
}

impl DeliveryLog {
    pub fn of(id: WebhookId) -> Self {
        let log = Self {
            id,
            deliveries: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            is_known: RwSignal::new(false),
            request: Request::new(),
        };
        log.load();
        log
    }

    fn load(self) {
        self.request.run(api::deliveries(self.id, None), move |page| {
            self.deliveries.set(Vec::new());
            self.add(page);
        });
    }

    fn load_more(self) {
        self.request.run(api::deliveries(self.id, self.next.get_untracked()), move |page| self.add(page));
    }

    fn add(self, page: Page<WebhookDelivery>) {
        self.deliveries.update(|deliveries| deliveries.extend(page.items));
        self.next.set(page.next_cursor);
        self.is_known.set(true);
    }

    /// Looks again and again until nothing of what is seen waits to be sent.
    pub fn watch(self) {
        self.load();
        spawn_local(async move {
            for _ in 0..LOOKS {
                browser::sleep(LOOK_MS).await;
                let is_pending = |it: &WebhookDelivery| it.state == WebhookDeliveryState::Pending;
                let is_over = self.deliveries.try_with_untracked(|all| !all.iter().any(is_pending));
                if is_over != Some(false) {
                    return;
                }
                self.load();
            }
        });
    }
}

#[component]
pub fn Deliveries(log: DeliveryLog) -> impl IntoView {
    let replaying = Request::new();
    let failure = move || {
        let failure = log.request.failure.get().or_else(|| replaying.failure.get());
        failure.map(|failure| view! { <FailureNote title=text::DELIVERIES_NOT_LOADED failure /> })
    };
    let list = move || {
        if !log.is_known.get() {
            return view! { <span class="bone tall" aria-hidden="true"></span> };
        }
        let rows: Vec<_> = log.deliveries.get().into_iter().map(|it| row(it, log, replaying)).collect();
        if rows.is_empty() {
            return view! { <p class="quiet">{text::NO_DELIVERIES}</p> };
        }
        table(text::DELIVERIES, &text::DELIVERY_COLUMNS, rows)
    };
    let more = move || {
        log.next.with(Option::is_some).then(|| {
            view! {
                <button type="button" class="button" on:click=handler(move |_: web_sys::MouseEvent| log.load_more())>
                    {text::SHOW_MORE}
                </button>
            }
        })
    };
    view! {
        <section>
            <header class="page-header">
                <h2>{text::DELIVERIES}</h2>
                <button type="button" class="button small" on:click=handler(move |_: web_sys::MouseEvent| log.load())>
                    {Icon::Refresh.view()} {text::REFRESH}
                </button>
            </header>
            {move || failure()}
            {move || list()}
            {move || more()}
        </section>
    }
}

fn row(delivery: WebhookDelivery, log: DeliveryLog, replaying: Request) -> AnyView {
    let (webhook, id) = (delivery.webhook_id, delivery.id);
    let (icon, tone) = match delivery.state {
        WebhookDeliveryState::Pending => (Icon::Clock, "badge gray"),
        WebhookDeliveryState::Delivered => (Icon::CheckCircle, "badge green"),
        WebhookDeliveryState::Failed => (Icon::ErrorCircle, "badge red"),
    };
    let answer = delivery.response_status.map(|status| status.to_string()).or(delivery.error);
    let took = delivery.duration_ms.map(|took| format!(" · {}", duration(took)));
    let replay = move |_: web_sys::MouseEvent| {
        replaying.run(api::replay_delivery(webhook, id), move |_| log.watch());
    };
    let again = (delivery.state != WebhookDeliveryState::Pending).then(|| {
        view! {
            <button
                type="button"
                class="button small"
                aria-label=text::send_again(&delivery.message_id)
                on:click=handler(replay)
            >
                {text::SEND_AGAIN}
            </button>
        }
    });
    let what = match delivery.order_id {
        Some(order) => view! {
            {text::webhook_event(delivery.event)} " · "
            <a href=format!("/orders/{order}")>{text::order_number(order)}</a>
        },
        None => text::webhook_event(delivery.event).into_any(),
    };
    let at = view! { <Ago at=delivery.created_at /> };
    let state = view! { <span class=tone>{icon.view()} {text::delivery_state(delivery.state)}</span> };
    let [_, of_state, of_answer, of_attempts, of_time, _] = text::DELIVERY_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row">{what}</th>
            {cell(of_state, state)}
            {cell(of_answer, view! { {answer} {took} })}
            {cell(of_attempts, delivery.attempts.to_string().into_any())}
            {cell(of_time, at)}
            <td class="row-actions">{again}</td>
        </tr>
    }
}
