//! Where tools are told of what happens.

use crate::prelude::*;
use shared::{CreateWebhook, Webhook, WebhookDisabledReason};

use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::fields::FormFailure;
use crate::components::icon::Icon;
use crate::frame::title;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::settings::listing::{Nothing, cell, listing, table};
use crate::settings::once::shown_once;
use crate::settings::webhook_fields::WebhookFields;
use crate::{api, text};

pub fn view() -> AnyView {
    view! { <WebhooksPage /> }
}

#[component]
fn WebhooksPage() -> impl IntoView {
    title(|| text::WEBHOOKS.to_owned());
    let webhooks = Load::<Vec<Webhook>>::new();
    let reload = move || webhooks.run(api::webhooks());
    reload();
    let making = RwSignal::new(false);
    let nothing = Nothing { icon: Icon::Bell, title: text::NO_WEBHOOKS, more: text::NO_WEBHOOKS_MORE };
    let rows = |webhooks: Vec<Webhook>| {
        table(text::WEBHOOKS, &text::WEBHOOK_COLUMNS, webhooks.into_iter().map(row).collect())
    };
    view! {
        <div class="page">
            <header class="page-header">
                <h1>{text::WEBHOOKS}</h1>
                <button type="button" class="button primary" on:click=handler(move |_: web_sys::MouseEvent| making.set(true))>
                    {Icon::Plus.view()} {text::NEW_WEBHOOK}
                </button>
            </header>
            <p class="lead">{text::WEBHOOKS_LEAD}</p>
            {listing(webhooks, text::WEBHOOKS_NOT_LOADED, reload, nothing, rows)}
            <Dialog open=move || making.get() close=move |()| making.set(false) title=Signal::derive(|| text::NEW_WEBHOOK.to_owned())>
                <NewWebhook made=Callback::new(move |()| reload()) close=Callback::new(move |()| making.set(false)) />
            </Dialog>
        </div>
    }
}

fn row(webhook: Webhook) -> AnyView {
    let [_, of_events, of_state] = text::WEBHOOK_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row">
                <a href=format!("/webhooks/{}", webhook.id)><bdi>{webhook.url.clone()}</bdi></a>
                <span class="quiet">{webhook.description.clone()}</span>
            </th>
            {cell(of_events, text::webhook_events(webhook.events.len()).into_any())}
            {cell(of_state, state(&webhook))}
        </tr>
    }
}

/// Whether a webhook works, and if not, why.
pub fn state(webhook: &Webhook) -> AnyView {
    let (icon, tone, label) = match (webhook.enabled, webhook.disabled_reason, webhook.failing_since) {
        (false, Some(WebhookDisabledReason::Gone), _) => (Icon::ErrorCircle, "badge red", text::WEBHOOK_GONE),
        (false, Some(WebhookDisabledReason::Failing), _) => {
            (Icon::ErrorCircle, "badge red", text::WEBHOOK_GAVE_UP)
        }
        (false, None, _) => (Icon::Pause, "badge gray", text::OFF),
        (true, _, Some(_)) => (Icon::Alert, "badge amber", text::WEBHOOK_FAILING),
        (true, _, None) => (Icon::CheckCircle, "badge green", text::ON),
    };
    view! { <span class=tone>{icon.view()} {label}</span> }
}

/// The form for a webhook, then its secret.
#[component]
fn NewWebhook(made: Callback<()>, close: Callback<()>) -> impl IntoView {
    let secret = RwSignal::new(None::<String>);
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let fields = WebhookFields::new();
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = CreateWebhook {
            url: fields.url(),
            description: fields.description(),
            events: fields.events(),
            connection_ids: fields.connections(),
            enabled: true,
        };
        request.run(api::create_webhook(&body), move |new| {
            secret.set(Some(new));
            made.run(());
        });
    };
    let form = move || {
        view! {
            <form class="dialog-form" on:submit=handler(create)>
                {fields.view()}
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::WEBHOOK_NOT_MADE failure /> })}
                <footer>
                    <button type="submit" class="button primary" prop:disabled=move || request.busy.get()>
                        {text::MAKE_WEBHOOK}
                    </button>
                </footer>
            </form>
        }
    };
    let seen = move || match secret.get() {
        None => form(),
        Some(secret) => shown_once(text::THE_SECRET, secret, text::WEBHOOK_SECRET_ONCE, close),
    };
    view! { {move || seen()} }
}
