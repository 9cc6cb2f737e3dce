//! The route table, and what lives as long as the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::announcer::Announcer;
use crate::components::toast::Toaster;
use crate::frame::{Frame, guarded};
use crate::installation::Installation;
use crate::markup::view;
use crate::preferences::Preferences;
use crate::{clock, live, pages, session};

#[component]
pub fn App() -> impl IntoView {
    Preferences::get().apply();
    clock::start();
    live::start();
    spawn_local(session::resume());
    provide_context(Installation::watch());
    view! {
        <Router>
            <Frame />
            <FlatRoutes fallback=signed_in(pages::not_found::view)>
                <Route path=path!("/") view=open(pages::home::view) />
                <Route path=path!("/sign-in") view=open(pages::sign_in::view) />
                <Route path=path!("/setup") view=open(pages::set_up::view) />
                <Route path=path!("/orders") view=signed_in(pages::orders::view) />
                <Route path=path!("/orders/:id") view=signed_in(pages::order_detail::view) />
                <Route path=path!("/connections") view=signed_in(pages::connections::view) />
                <Route path=path!("/connections/new") view=signed_in(pages::connection_new::view) />
                <Route path=path!("/connections/:id") view=signed_in(pages::connection_edit::view) />
            </FlatRoutes>
        </Router>
        <Announcer />
        <Toaster />
    }
}

/// A page for everybody.
///
/// Both kinds of page are made by one function each, for the router compiles its part once for each type of view.
fn open(page: fn() -> AnyView) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    move || page()
}

/// A page for people who are signed in.
fn signed_in(page: fn() -> AnyView) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    move || guarded(page)
}
