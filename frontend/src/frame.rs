//! What surrounds the pages of somebody who is signed in.

use crate::prelude::*;
use leptos::task::spawn_local;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::toast::NotificationList;
use crate::installation::Installation;
use crate::markup::{Show, current_page, view};
use crate::orders::fetch_orders::FetchOrdersButton;
use crate::route::Route;
use crate::session::{self, SessionState};
use crate::{browser, navigation, text};

mod person_menu;
pub mod shortcuts;
mod sync_state;

/// Shows a page inside the frame to somebody who is signed in; everybody else is sent to sign in first.
pub fn guarded(page: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    let state = session::state();
    // A refreshed session is the same session: the page must not be drawn anew.
    let signed_in = Memo::new(move |_| matches!(state.get(), SessionState::SignedIn(_)));
    let inside = move || {
        if signed_in.get() {
            view! { <main id="content" tabindex="-1">{page()}</main> }
        } else {
            outside()
        }
    };
    view! { {move || inside()} }
}

/// What is seen without a session.
fn outside() -> AnyView {
    let seen = move || match session::state().get() {
        SessionState::Resuming | SessionState::SignedIn(_) => splash(),
        SessionState::Unknown(failure) => view! {
            <main class="splash">
                <FailureNote
                    title=text::COULD_NOT_START
                    failure
                    retry=Callback::new(|()| spawn_local(session::resume()))
                />
            </main>
        },
        SessionState::SignedOut { ended } => {
            let next = navigation::address_untracked().href();
            let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
            let ended = if ended { "&ended=1" } else { "" };
            let href = format!("/sign-in?next={next}{ended}");
            // After this is drawn, for it is the address that draws it.
            spawn_local(async move { navigation::replace(&href) });
            ().into_any()
        }
    };
    view! { {move || seen()} }
}

/// What is seen until it is known who is there.
fn splash() -> AnyView {
    view! {
        <main class="splash" aria-busy="true">
            <Logo />
            <p class="quiet" role="status">{text::STARTING}</p>
        </main>
    }
}

/// What stays while pages come and go: the bar at the top, and the help.
#[component]
pub fn Frame(route: Memo<Route>) -> impl IntoView {
    let state = session::state();
    let is_inside =
        Memo::new(move |_| matches!(state.get(), SessionState::SignedIn(_)) && !route.get().is_open());
    Effect::new(move |before: Option<Route>| {
        let route = route.get();
        if before.is_some_and(|before| before != route) {
            // Whoever reads with ears or keyboard begins at the new page, and not at its end.
            request_animation_frame(|| {
                browser::focus("main");
            });
        }
        route
    });
    view! {
        <Show when=move || is_inside.get()>
            <TopBar route />
        </Show>
    }
}

#[component]
fn TopBar(route: Memo<Route>) -> impl IntoView {
    shortcuts::provide();
    view! {
        <a class="skip-link" href="#content">{text::SKIP_TO_CONTENT}</a>
        <header class="top-bar">
            <a class="brand" href="/orders" aria-label="orderbridge, start page">
                <Logo />
            </a>
            <nav aria-label="Main">
                <a
                    href="/orders"
                    aria-current=move || current_page(matches!(route.get(), Route::Orders | Route::Order(_) | Route::Exports | Route::Print))
                >
                    {Icon::List.view()} <span>{text::ORDERS}</span>
                </a>
                <a
                    href="/connections"
                    aria-current=move || current_page(route.get().section().is_some())
                >
                    {Icon::Sliders.view()} <span>{text::SETTINGS}</span>
                </a>
            </nav>
            <div class="top-tools">
                <sync_state::SyncState />
                <FetchOrdersButton />
                <NotificationList />
                <person_menu::PersonMenu />
            </div>
        </header>
        <OfflineBanner />
        <TroubleBanner />
        <shortcuts::ShortcutHelp />
    }
}

/// The name with its sign: two sides, one bridge.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <span class="logo">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <rect class="logo-ground" width="32" height="32" rx="8"></rect>
                <path d="M4.500 21h23M11 8v16M21 8v16M4.500 17.500C8 16 10 13 11 8.500c2 7 8 7 10 0 1 4.500 3 7.500 6.500 9"></path>
            </svg>
            <span class="logo-name">"orderbridge"</span>
        </span>
    }
}

/// Tells that the browser has no network.
#[component]
fn OfflineBanner() -> impl IntoView {
    let online = RwSignal::new(window().navigator().on_line());
    let came = window_event_listener(leptos::ev::online, move |_| online.set(true));
    let went = window_event_listener(leptos::ev::offline, move |_| online.set(false));
    on_cleanup(move || {
        came.remove();
        went.remove();
    });
    view! {
        <Show when=move || !online.get()>
            <p class="banner" role="status">{Icon::Alert.view()} {text::OFFLINE}</p>
        </Show>
    }
}

/// Tells that orders do not arrive or are not imported, and leads to what is known of it.
#[component]
fn TroubleBanner() -> impl IntoView {
    let health = Installation::expect().health.value;
    let trouble = Memo::new(move |_| {
        health.with(|health| {
            let connections = health.map(|health| health.connections.as_slice()).unwrap_or_default();
            let mut all =
                connections.iter().flat_map(|it| it.problems.iter().map(|problem| (&it.name, problem)));
            let (name, problem) = all.next()?;
            Some(text::trouble(name, problem, all.count()))
        })
    });
    let banner = move || {
        trouble.get().map(|trouble| {
            view! {
                <p class="banner bad" role="status">
                    {Icon::ErrorCircle.view()}
                    <span>{trouble} " " <a href="/health">{text::HEALTH}</a></span>
                </p>
            }
        })
    };
    view! { {move || banner()} }
}

/// Names the tab after the page.
pub fn title(page: impl Fn() -> String + 'static) {
    keep_title(Box::new(page));
}

fn keep_title(page: Box<dyn Fn() -> String>) {
    Effect::new(move || browser::set_title(&page()));
}
