//! The route table, and what lives as long as the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::announcer::Announcer;
use crate::components::toast::Toaster;
use crate::frame::{Home, guarded};
use crate::markup::view;
use crate::preferences::Preferences;
use crate::{clock, live, pages, session};

#[component]
pub fn App() -> impl IntoView {
    Preferences::get().apply();
    clock::start();
    live::start();
    spawn_local(session::resume());
    view! {
        <Router>
            <FlatRoutes fallback=|| guarded(pages::not_found::view)>
                <Route path=path!("/") view=Home />
                <Route path=path!("/sign-in") view=pages::sign_in::view />
                <Route path=path!("/setup") view=pages::set_up::view />
                <Route path=path!("/orders") view=|| guarded(pages::orders::view) />
                <Route path=path!("/orders/:id") view=|| guarded(pages::order_detail::view) />
                <Route path=path!("/connections") view=|| guarded(pages::connections::view) />
                <Route path=path!("/connections/new") view=|| guarded(pages::connection_new::view) />
                <Route path=path!("/connections/:id") view=|| guarded(pages::connection_edit::view) />
            </FlatRoutes>
        </Router>
        <Announcer />
        <Toaster />
    }
}
