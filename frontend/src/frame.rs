//! What surrounds the pages of somebody who is signed in.

use leptos::prelude::*;
use leptos_router::components::{A, Redirect};
use leptos_router::hooks::use_location;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::toast::NotificationList;
use crate::markup::{Show, view};
use crate::orders::fetch_orders::FetchOrdersButton;
use crate::session::{self, SessionState};
use crate::{browser, text};

mod person_menu;
pub mod shortcuts;
mod sync_state;

/// Shows a page inside the frame to somebody who is signed in; everybody else is sent to sign in first.
pub fn guarded(page: fn() -> AnyView) -> AnyView {
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
    let location = use_location();
    let seen = move || match session::state().get() {
        SessionState::Resuming | SessionState::SignedIn(_) => splash(),
        SessionState::Unknown(failure) => view! {
            <main class="splash">
                <FailureNote
                    title=text::COULD_NOT_START
                    failure
                    retry=Callback::new(|()| leptos::task::spawn_local(session::resume()))
                />
            </main>
        },
        SessionState::SignedOut { ended } => {
            let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
            let question_mark = if search.is_empty() { "" } else { "?" };
            let next = format!("{path}{question_mark}{search}");
            let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
            let ended = if ended { "&ended=1" } else { "" };
            view! { <Redirect path=format!("/sign-in?next={next}{ended}") /> }
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
pub fn Frame() -> impl IntoView {
    let pathname = use_location().pathname;
    let state = session::state();
    let is_inside = Memo::new(move |_| {
        let signed_in = matches!(state.get(), SessionState::SignedIn(_));
        signed_in && !session::OUTSIDE.contains(&pathname.get().as_str())
    });
    Effect::new(move |before: Option<String>| {
        let path = pathname.get();
        if before.is_some_and(|before| before != path) {
            // Whoever reads with ears or keyboard begins at the new page, and not at its end.
            request_animation_frame(|| {
                browser::focus("main");
            });
        }
        path
    });
    view! {
        <Show when=move || is_inside.get()>
            <TopBar />
        </Show>
    }
}

#[component]
fn TopBar() -> impl IntoView {
    shortcuts::provide();
    view! {
        <a class="skip-link" href="#content" rel="external">{text::SKIP_TO_CONTENT}</a>
        <header class="top-bar">
            <a class="brand" href="/orders" aria-label="orderbridge, start page">
                <Logo />
            </a>
            <nav aria-label="Main">
                <A href="/orders">{Icon::List.view()} <span>"Orders"</span></A>
                <A href="/connections">{Icon::Plug.view()} <span>"Connections"</span></A>
            </nav>
            <div class="top-tools">
                <sync_state::SyncState />
                <FetchOrdersButton />
                <NotificationList />
                <person_menu::PersonMenu />
            </div>
        </header>
        <OfflineBanner />
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

/// Names the tab after the page.
pub fn title(page: impl Fn() -> String + 'static) {
    keep_title(Box::new(page));
}

fn keep_title(page: Box<dyn Fn() -> String>) {
    Effect::new(move || browser::set_title(&page()));
}
