use crate::prelude::*;
use shared::{Connection, ConnectionId, ConnectionState, ConnectionTest, Role, UpdateConnection};

use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField};
use crate::components::icon::Icon;
use crate::components::time::{Ago, here_with_zone};
use crate::components::toast::{self, Tone};
use crate::connections::credentials::{CredentialFields, StoreFields, TikTokFields};
use crate::connections::settings_fields::SettingsFields;
use crate::connections::settings_form::SettingsForm;
use crate::connections::test_result::TestResult;
use crate::frame::title;
use crate::installation::Installation;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::pages::connections::ConnectionBadge;
use crate::{api, session, text};

pub fn view(id: ConnectionId) -> AnyView {
    view! { <ConnectionPage id /> }
}

/// One connection: how it is doing, and how it works.
#[component]
fn ConnectionPage(id: ConnectionId) -> impl IntoView {
    let connection = Load::<Connection>::new();
    connection.run(api::connection(id));
    let name = move || {
        connection.value.with(|it| it.map_or_else(|| text::CONNECTION.to_owned(), |it| it.name.clone()))
    };
    title(name);
    let failure = move || {
        connection.request.failure.get().map(|failure| {
            let retry = Callback::new(move |()| connection.run(api::connection(id)));
            view! { <FailureNote title=text::CONNECTION_NOT_LOADED failure retry=retry /> }
        })
    };
    view! {
        <div class="page narrow-page">
            <header class="page-header">
                <nav aria-label=text::BREADCRUMB>
                    <a class="back" href="/connections">{Icon::ChevronLeft.view()} {text::CONNECTIONS}</a>
                </nav>
                <h1>{move || name()}</h1>
            </header>
            {move || failure()}
            {move || connection.value.get().map(|it| view! { <ConnectionForm saved=it connection /> })}
        </div>
    }
}

/// The form of a connection as it was last saved.
#[component]
fn ConnectionForm(saved: Connection, connection: Load<Connection>) -> impl IntoView {
    let installation = Installation::expect();
    let id = saved.id;
    // They change without the form, in which somebody may be typing.
    let (version, state) = (RwSignal::new(saved.version), RwSignal::new(saved.state));
    let name = RwSignal::new(saved.name.clone());
    let credentials = CredentialFields::new();
    credentials.app_key.set(saved.tiktok.app_key.clone());
    credentials.url.set(saved.store.url.clone());
    let fields = SettingsFields::new(&saved.settings);
    let test = Load::<ConnectionTest>::new();
    let change = Request::new();
    provide_context(FormFailure(change.failure));
    let send = move |body: UpdateConnection, done: &'static str| {
        let is_form = body.settings.is_some();
        let asking = api::update_connection(id, version.get_untracked(), &body);
        change.run(asking, move |saved: Connection| {
            toast::show(Tone::Good, done);
            installation.reload();
            version.set(saved.version);
            state.set(saved.state);
            if is_form {
                connection.value.set(Some(saved));
            }
        });
    };
    let old = saved.settings.clone();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = UpdateConnection {
            name: Some(name.get_untracked().trim().to_owned()),
            paused: None,
            tiktok: credentials.has_tiktok().then(|| credentials.tiktok()),
            store: credentials.has_store().then(|| credentials.store()),
            settings: Some(fields.settings(&old)),
        };
        send(body, text::SAVED);
    };
    let pause = move |_| {
        let paused = state.get_untracked() != ConnectionState::Paused;
        let done = if paused { text::NOW_PAUSED } else { text::NOW_ACTIVE };
        send(UpdateConnection { paused: Some(paused), ..UpdateConnection::default() }, done);
    };
    let may_change = session::may(Role::Manager);
    let failure = move || {
        change.failure.get().map(|failure| {
            let is_stale = matches!(&failure, api::Failure::Problem(problem) if problem.status == 412);
            let retry = is_stale.then(|| Callback::new(move |()| connection.run(api::connection(id))));
            let title = if is_stale { text::CHANGED_MEANWHILE } else { text::NOT_SAVED };
            match retry {
                Some(retry) => view! { <FailureNote title failure retry /> },
                None => view! { <FailureNote title failure /> },
            }
        })
    };
    view! {
        <section class="card connection-state">
            {move || view! { <ConnectionBadge state=state.get() /> }}
            <button type="button" class="button" prop:disabled=move || !may_change || change.busy.get() on:click=handler(pause)>
                {move || if state.get() == ConnectionState::Paused { text::RESUME } else { text::PAUSE }}
            </button>
            <button
                type="button"
                class="button"
                prop:disabled=move || !may_change || test.request.busy.get()
                on:click=handler(move |_| test.run(api::test_connection(id)))
            >
                {text::TEST_CONNECTION}
            </button>
            {facts(&saved)}
        </section>
        <TestResult test />
        <form class="settings" on:submit=handler(save)>
            <fieldset>
                <legend>{text::NAME}</legend>
                <TextField label=text::CONNECTION_NAME value=name required=true pointer="/name" />
            </fieldset>
            <SettingsForm fields id />
            <details class="more-settings">
                <summary>{text::REPLACE_CREDENTIALS}</summary>
                <p class="quiet">{text::REPLACE_CREDENTIALS_HINT}</p>
                <TikTokFields fields=credentials required=false />
                <StoreFields fields=credentials required=false />
            </details>
            {move || failure()}
            <div class="form-actions">
                <button type="submit" class="button primary" prop:disabled=move || !may_change || change.busy.get()>
                    {text::SAVE}
                </button>
                {(!may_change).then(|| view! { <span class="quiet">{text::MANAGERS_ONLY}</span> })}
            </div>
        </form>
    }
}

fn facts(connection: &Connection) -> AnyView {
    let shop = connection.tiktok.shop_name.clone().unwrap_or_else(|| connection.tiktok.shop_id.clone());
    let region = connection.tiktok.region.clone().map(|region| format!(" ({region})"));
    let expires = connection.tiktok.access_token_expires_at.map(here_with_zone);
    let last_sync = match connection.last_sync_at {
        Some(at) => view! { <Ago at /> },
        None => text::NEVER.into_any(),
    };
    let last_webhook = match connection.last_webhook_at {
        Some(at) => view! { <Ago at /> },
        None => text::NEVER.into_any(),
    };
    view! {
        <dl class="facts">
            <div><dt>{text::TIKTOK_SHOP}</dt><dd><bdi>{shop}</bdi> {region}</dd></div>
            <div><dt>{text::PRESTASHOP}</dt><dd><bdi>{connection.store.url.clone()}</bdi></dd></div>
            <div><dt>{text::WEBSERVICE_KEY}</dt><dd><code>"…" {connection.store.webservice_key_hint.clone()}</code></dd></div>
            <div><dt>{text::LAST_SYNC}</dt><dd>{last_sync}</dd></div>
            <div><dt>{text::LAST_WEBHOOK}</dt><dd>{last_webhook}</dd></div>
            {expires.map(|at| view! { <div><dt>{text::TOKEN_RENEWAL}</dt><dd>{at}</dd></div> })}
        </dl>
    }
}
