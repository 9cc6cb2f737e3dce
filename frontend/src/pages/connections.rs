use crate::prelude::*;
use shared::{Connection, ConnectionState, Role};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::frame::title;
use crate::installation::Installation;
use crate::load::Load;
use crate::markup::view;
use crate::{api, session, text};

pub fn view() -> AnyView {
    view! { <ConnectionsPage /> }
}

/// All connections.
#[component]
fn ConnectionsPage() -> impl IntoView {
    let installation = Installation::expect();
    let connections = Load::<Vec<Connection>>::new();
    Effect::new(move |_| {
        // Again whenever something about them is news.
        installation.connections.value.is_known();
        connections.run_for_changes(api::connections());
    });
    title(|| text::CONNECTIONS.to_owned());
    let failure = move || {
        connections.request.failure.get().map(|failure| {
            let retry = Callback::new(move |()| connections.run(api::connections()));
            view! { <FailureNote title=text::CONNECTIONS_NOT_LOADED failure retry=retry /> }
        })
    };
    let list = move || match connections.value.get() {
        None if connections.request.failure.with(Option::is_some) => ().into_any(),
        None => view! { <div class="card" aria-hidden="true"><span class="bone tall"></span></div> },
        Some(list) if list.is_empty() => view! {
            <section class="empty">
                {Icon::Plug.view()}
                <h2>{text::NO_CONNECTIONS}</h2>
                <p>{text::WELCOME_MORE}</p>
            </section>
        },
        Some(list) => {
            let cards = list.into_iter().map(|it| view! { <ConnectionCard connection=it /> }).collect_view();
            view! { <ul class="connections">{cards}</ul> }
        }
    };
    view! {
        <div class="page">
            <header class="page-header">
                <h1>{text::CONNECTIONS}</h1>
                {session::may(Role::Manager)
                    .then(|| {
                        view! {
                            <a class="button primary" href="/connections/new">
                                {Icon::Plus.view()}
                                {text::ADD_CONNECTION}
                            </a>
                        }
                    })}
            </header>
            {move || failure()}
            {move || list()}
        </div>
    }
}

#[component]
fn ConnectionCard(connection: Connection) -> impl IntoView {
    let installation = Installation::expect();
    let id = connection.id;
    let problems = move || {
        installation.health.value.with(|health| {
            let health = health.as_ref()?.connections.iter().find(|it| it.connection_id == id)?;
            Some(health.problems.iter().map(|it| view! { <li>{it.clone()}</li> }).collect_view())
        })
    };
    let shop = connection.tiktok.shop_name.clone().unwrap_or_else(|| connection.tiktok.shop_id.clone());
    let region = connection.tiktok.region.clone().map(|region| format!(" ({region})"));
    view! {
        <li class="card connection">
            <div class="connection-name">
                <h2><a href=format!("/connections/{id}")>{connection.name}</a></h2>
                <ConnectionBadge state=connection.state />
            </div>
            <p class="sides">
                <span>{text::TIKTOK_SHOP} " " <strong><bdi>{shop}</bdi></strong> {region}</span>
                <span aria-hidden="true">"→"</span>
                <span>{text::PRESTASHOP} " " <strong><bdi>{connection.store.url}</bdi></strong></span>
            </p>
            <p class="quiet">
                {text::LAST_SYNC} " "
                {match connection.last_sync_at {
                    Some(at) => view! { <Ago at=at /> },
                    None => text::NEVER.into_any(),
                }}
            </p>
            <ul class="problems">{move || problems()}</ul>
        </li>
    }
}

/// Whether a connection works.
#[component]
pub fn ConnectionBadge(state: ConnectionState) -> impl IntoView {
    let (icon, tone, label) = match state {
        ConnectionState::Active => (Icon::CheckCircle, "badge green", text::ACTIVE),
        ConnectionState::Paused => (Icon::Pause, "badge gray", text::PAUSED),
        ConnectionState::Unauthorized => (Icon::ErrorCircle, "badge red", text::UNAUTHORIZED),
    };
    view! { <span class=tone>{icon.view()} {label}</span> }
}
