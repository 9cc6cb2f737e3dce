//! One outgoing webhook: what it is told, and what it has been told.

use crate::prelude::*;
use shared::{RotateWebhookSecret, UpdateWebhook, Webhook, WebhookId};

use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::fields::FormFailure;
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::pages::webhooks::state;
use crate::settings::confirm::{Question, confirmed};
use crate::settings::once::shown_once;
use crate::settings::webhook_fields::WebhookFields;
use crate::{api, navigation, text};

mod deliveries;

use deliveries::{Deliveries, DeliveryLog};

pub fn view(id: WebhookId) -> AnyView {
    view! { <WebhookPage id /> }
}

#[component]
fn WebhookPage(id: WebhookId) -> impl IntoView {
    title(|| text::WEBHOOK.to_owned());
    let webhook = Load::<Webhook>::new();
    webhook.run(api::webhook(id));
    let log = DeliveryLog::of(id);
    let failure = move || {
        webhook.request.failure.get().map(|failure| {
            let retry = Callback::new(move |()| webhook.run(api::webhook(id)));
            view! { <FailureNote title=text::WEBHOOK_NOT_LOADED failure retry=retry /> }
        })
    };
    view! {
        <div class="page narrow-page">
            <header class="page-header">
                <nav aria-label=text::BREADCRUMB>
                    <a class="back" href="/webhooks">{Icon::ChevronLeft.view()} {text::WEBHOOKS}</a>
                </nav>
                <h1>{text::WEBHOOK}</h1>
            </header>
            {move || failure()}
            {move || webhook.value.get().map(|saved| view! { <WebhookForm saved webhook log /> })}
            <Deliveries log />
        </div>
    }
}

#[component]
fn WebhookForm(saved: Webhook, webhook: Load<Webhook>, log: DeliveryLog) -> impl IntoView {
    let (id, version, enabled) = (saved.id, saved.version, saved.enabled);
    let fields = WebhookFields::of(&saved);
    let change = Request::new();
    provide_context(FormFailure(change.failure));
    let send = move |body: UpdateWebhook, done: &'static str| {
        change.run(api::update_webhook(id, version, &body), move |saved: Webhook| {
            toast::show(Tone::Good, done);
            webhook.value.set(Some(saved));
        });
    };
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = UpdateWebhook {
            url: Some(fields.url()),
            description: Some(fields.description()),
            events: Some(fields.events()),
            connection_ids: Some(fields.connections()),
            enabled: None,
        };
        send(body, text::SAVED);
    };
    let switch = move |_: web_sys::MouseEvent| {
        let done = if enabled { text::WEBHOOK_IS_OFF } else { text::WEBHOOK_IS_ON };
        send(UpdateWebhook { enabled: Some(!enabled), ..UpdateWebhook::default() }, done);
    };
    let testing = Request::new();
    let test = move |_: web_sys::MouseEvent| testing.run(api::test_webhook(id), move |_| log.watch());
    let failure = move || {
        let failure = change.failure.get().or_else(|| testing.failure.get());
        failure.map(|failure| view! { <FailureNote title=text::NOT_DONE failure /> })
    };
    let shown_address = saved.url.clone();
    view! {
        <section class="card connection-state">
            {state(&saved)}
            <button type="button" class="button" prop:disabled=move || change.busy.get() on:click=handler(switch)>
                {if enabled { text::SWITCH_OFF } else { text::SWITCH_ON }}
            </button>
            <button
                type="button"
                class="button"
                prop:disabled=move || !enabled || testing.busy.get()
                on:click=handler(test)
            >
                {text::SEND_TEST}
            </button>
        </section>
        {move || failure()}
        <form class="settings" on:submit=handler(save)>
            <fieldset>
                <legend>{text::WHAT_IT_IS_TOLD}</legend>
                {fields.view()}
                <div class="form-actions">
                    <button type="submit" class="button primary" prop:disabled=move || change.busy.get()>{text::SAVE}</button>
                </div>
            </fieldset>
        </form>
        <Secret id version webhook />
        {delete(id, version, shown_address)}
    }
}

#[component]
fn Secret(id: WebhookId, version: i64, webhook: Load<Webhook>) -> impl IntoView {
    let new = RwSignal::new(None::<String>);
    let request = Request::new();
    let rotate = move || {
        request.run(
            api::rotate_webhook_secret(id, version, &RotateWebhookSecret::default()),
            move |secret| {
                new.set(Some(secret));
            },
        );
    };
    let question = || Question {
        id: "rotate".to_owned(),
        ask: text::REPLACE_SECRET,
        label: text::REPLACE_SECRET.to_owned(),
        sentence: text::ABOUT_TO_REPLACE_SECRET.to_owned(),
        act: text::YES_REPLACE,
    };
    // The next change must name the version that this one has made.
    let close = Callback::new(move |()| {
        new.set(None);
        webhook.run(api::webhook(id));
    });
    view! {
        <section class="card">
            <h2>{text::SECRET}</h2>
            <p class="lead">{text::SECRET_MORE}</p>
            // Drawn anew after the step, so that the question is closed.
            {move || {
                new.with(Option::is_some);
                confirmed(question(), request, rotate)
            }}
            <Dialog class="narrow" open=move || new.with(Option::is_some) close=close title=Signal::derive(|| text::SECRET.to_owned())>
                {move || new.get().map(|secret| shown_once(text::THE_SECRET, secret, text::WEBHOOK_SECRET_ONCE, close))}
            </Dialog>
        </section>
    }
}

fn delete(id: WebhookId, version: i64, url: String) -> AnyView {
    let request = Request::new();
    let delete = move || {
        request.run(api::delete_webhook(id, version), |()| {
            toast::show(Tone::Good, text::WEBHOOK_DELETED);
            navigation::replace("/webhooks");
        });
    };
    let question = Question {
        id: "delete".to_owned(),
        ask: text::DELETE_WEBHOOK,
        label: text::DELETE_WEBHOOK.to_owned(),
        sentence: text::about_to_delete_webhook(&url),
        act: text::YES_DELETE,
    };
    view! { <p class="last-resort">{confirmed(question, request, delete)}</p> }
}
