//! The keys with which programs use the API.

use crate::prelude::*;
use chrono::TimeDelta;
use shared::{ApiKey, ConnectionId, CreateApiKey, NewApiKey, Scope};

use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField, checked_group, fixed_choices, select_field};
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::installation::Installation;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::settings::confirm::{Question, confirmed};
use crate::settings::fields::{connection_choices, errors_below};
use crate::settings::listing::{Nothing, cell, listing, table};
use crate::settings::once::shown_once;
use crate::{api, clock, session, text};

/// How long keys may live that are made here, in days, with what that is called.
const LIVES: [(&str, &str); 4] =
    [("30", "30 days"), ("90", "90 days"), ("180", "Half a year"), ("365", "One year")];

pub fn view() -> AnyView {
    view! { <ApiKeysPage /> }
}

#[component]
fn ApiKeysPage() -> impl IntoView {
    title(|| text::API_KEYS.to_owned());
    let keys = Load::<Vec<ApiKey>>::new();
    let reload = move || keys.run(api::api_keys());
    reload();
    let making = RwSignal::new(false);
    let nothing = Nothing { icon: Icon::Plug, title: text::NO_API_KEYS, more: text::NO_API_KEYS_MORE };
    let rows = move |keys: Vec<ApiKey>| {
        let rows = keys.into_iter().map(|key| row(key, Callback::new(move |()| reload()))).collect();
        table(text::API_KEYS, &text::API_KEY_COLUMNS, rows)
    };
    view! {
        <div class="page">
            <header class="page-header">
                <h1>{text::API_KEYS}</h1>
                <button type="button" class="button primary" on:click=handler(move |_: web_sys::MouseEvent| making.set(true))>
                    {Icon::Plus.view()} {text::NEW_API_KEY}
                </button>
            </header>
            <p class="lead">
                {text::API_KEYS_LEAD} " "
                <a href="/swagger-ui/" prop:target="_blank">{text::API_DOCUMENTATION}</a>
            </p>
            {listing(keys, text::API_KEYS_NOT_LOADED, reload, nothing, rows)}
            <Dialog open=move || making.get() close=move |()| making.set(false) title=Signal::derive(|| text::NEW_API_KEY.to_owned())>
                <NewKey made=Callback::new(move |()| reload()) close=Callback::new(move |()| making.set(false)) />
            </Dialog>
        </div>
    }
}

fn row(key: ApiKey, changed: Callback<()>) -> AnyView {
    let revoking = Request::new();
    let (id, version) = (key.id, key.version);
    let name = key.name.clone();
    let revoke = move || {
        let done = text::api_key_revoked(&name);
        revoking.run(api::revoke_api_key(id, version), move |()| {
            toast::show(Tone::Good, done);
            changed.run(());
        });
    };
    let question = Question {
        id: format!("key-{id}"),
        ask: text::REVOKE,
        label: text::revoke_api_key(&key.name),
        sentence: text::about_to_revoke(&key.name),
        act: text::REVOKE_KEY,
    };
    let last_used = key.last_used_at.map_or_else(|| text::NEVER.into_any(), |at| view! { <Ago at /> });
    let scopes =
        key.scopes.iter().map(|scope| view! { <li><code>{scope.as_str()}</code></li> }).collect_view();
    let rights = view! {
        <details>
            <summary>{text::rights(key.scopes.len())}</summary>
            <ul>{scopes}</ul>
        </details>
    };
    let expires = view! { <Ago at=key.expires_at /> };
    let [_, of_rights, of_reach, of_owner, of_use, of_end, _] = text::API_KEY_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row"><strong>{key.name}</strong> <code class="quiet">{key.prefix} "…"</code></th>
            {cell(of_rights, rights)}
            {cell(of_reach, reach(key.connections))}
            {cell(of_owner, view! { <bdi>{key.owner}</bdi> })}
            {cell(of_use, last_used)}
            {cell(of_end, expires)}
            <td class="row-actions">{confirmed(question, revoking, revoke)}</td>
        </tr>
    }
}

fn reach(connections: Option<Vec<ConnectionId>>) -> AnyView {
    let Some(ids) = connections else { return text::ALL_CONNECTIONS.into_any() };
    let known = Installation::expect().connections.value;
    let names = move || {
        let names = ids.iter().map(|id| {
            known.with(|known| {
                let known = known.and_then(|all| all.iter().find(|it| it.id == *id));
                known.map_or_else(|| text::connection_number(*id), |it| it.name.clone())
            })
        });
        names.collect::<Vec<_>>().join(", ")
    };
    view! { {move || names()} }
}

/// The form for a key, then the key itself.
#[component]
fn NewKey(made: Callback<()>, close: Callback<()>) -> impl IntoView {
    let new = RwSignal::new(None::<String>);
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let name = RwSignal::new(String::new());
    let life = RwSignal::new("90".to_owned());
    let scopes = RwSignal::new(vec![Scope::OrdersRead.as_str().to_owned()]);
    let connections = RwSignal::new(Vec::<String>::new());
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let scopes = scopes.get_untracked().iter().filter_map(|word| word.parse().ok()).collect();
        let chosen: Vec<ConnectionId> =
            connections.get_untracked().iter().filter_map(|id| id.parse().ok()).collect();
        let days = life.get_untracked().parse().unwrap_or_default();
        let body = CreateApiKey {
            name: name.get_untracked().trim().to_owned(),
            scopes,
            connections: (!chosen.is_empty()).then_some(chosen),
            expires_at: clock::now_untracked() + TimeDelta::days(days),
        };
        request.run(api::create_api_key(&body), move |key: NewApiKey| {
            new.set(Some(key.secret));
            made.run(());
        });
    };
    let rights = session::user().map(|user| {
        let offered = user.role.scopes();
        offered.map(|scope| (scope.as_str().to_owned(), text::scope(scope).to_owned())).collect::<Vec<_>>()
    });
    let rights = StoredValue::new(rights.unwrap_or_default());
    let form = move || {
        view! {
            <form class="dialog-form" on:submit=handler(create)>
                <TextField label=text::NAME value=name required=true pointer="/name" hint=text::API_KEY_NAME_HINT />
                {checked_group(text::RIGHTS, text::RIGHTS_HINT, scopes, move || rights.get_value())}
                {errors_below("/scopes")}
                {checked_group(text::CONNECTIONS, text::REACH_HINT, connections, connection_choices())}
                {errors_below("/connections")}
                {select_field(text::VALID_FOR, life, fixed_choices(LIVES.into_iter()), "")}
                {errors_below("/expires_at")}
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::API_KEY_NOT_MADE failure /> })}
                <footer>
                    <button type="submit" class="button primary" prop:disabled=move || request.busy.get()>
                        {text::MAKE_API_KEY}
                    </button>
                </footer>
            </form>
        }
    };
    let seen = move || match new.get() {
        None => form(),
        Some(secret) => shown_once(text::THE_API_KEY, secret, text::API_KEY_ONCE, close),
    };
    view! { {move || seen()} }
}
