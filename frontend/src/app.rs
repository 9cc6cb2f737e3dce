//! Which page an address shows, and what lives as long as the page.

use crate::prelude::*;
use leptos::task::spawn_local;

use crate::actions::bulk_panel::BulkPanel;
use crate::actions::panel::{self, OrderPanel};
use crate::actions::{ask, bulk_run};
use crate::components::announcer::Announcer;
use crate::components::toast::{self, Toaster};
use crate::frame::{Frame, guarded};
use crate::installation::Installation;
use crate::markup::view;
use crate::orders::grid_state;
use crate::preferences::Preferences;
use crate::route::Route;
use crate::{clock, live, navigation, pages, session};

#[component]
pub fn App() -> impl IntoView {
    Preferences::get().apply();
    navigation::start();
    clock::start();
    live::start();
    ask::start();
    spawn_local(async {
        session::resume().await;
        if session::user().is_some() {
            bulk_run::resume().await;
        }
    });
    provide_context(Installation::watch());
    session::at_end(|| {
        // Whoever signs in next may be somebody else.
        bulk_run::dismiss();
        panel::close();
        toast::forget_all();
        grid_state::forget();
    });
    let route = Memo::new(|_| Route::of(&navigation::address().path));
    view! {
        <Frame route />
        {move || page(route.get())}
        <BulkPanel />
        <OrderPanel />
        <Announcer />
        <Toaster />
    }
}

fn page(route: Route) -> AnyView {
    match route {
        Route::Home => pages::home::view(),
        Route::SignIn => pages::sign_in::view(),
        Route::SetUp | Route::Invitation => view! { <main>{pages::later::view(route)}</main> },
        Route::Orders => guarded(pages::orders::view),
        Route::Order(id) => guarded(move || pages::order_detail::view(id)),
        Route::Section(_)
        | Route::NewConnection
        | Route::Connection(_)
        | Route::Webhook(_)
        | Route::Exports
        | Route::Print => guarded(move || pages::later::view(route)),
        Route::Unknown => guarded(pages::not_found::view),
    }
}
