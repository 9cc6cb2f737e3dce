//! The pages that few visits need. Their program and their styles are loaded when the first of them is opened.

use crate::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;

use crate::components::icon::Icon;
use crate::markup::{handler, view};
use crate::route::{Route, Section};
use crate::settings::area::within;
use crate::{browser, pages, text};

/// Draws the page of an address.
type Draw = fn(Route) -> AnyView;

/// How far the program is.
#[derive(Clone, Copy)]
enum Program {
    Absent,
    Loading,
    Failed,
    Here(Draw),
}

thread_local! {
    static PROGRAM: ArcRwSignal<Program> = ArcRwSignal::new(Program::Absent);
}

/// Everything behind this function, and nothing else, is in the part that is loaded later.
#[cfg(feature = "in-parts")]
#[leptos::wasm_split::wasm_split(settings, fallible, wasm_split_path = leptos::wasm_split)]
fn draw_function() -> Result<Draw, SplitLoaderError> {
    Ok(draw)
}

/// The program was not split: it is here.
#[cfg(not(feature = "in-parts"))]
async fn draw_function() -> Result<Draw, SplitLoaderError> {
    Ok(draw)
}

fn draw(route: Route) -> AnyView {
    match route.section() {
        Some(section) => within(section, || settings(route)),
        None if route == Route::Invitation => pages::invitation::view(),
        None if route == Route::Exports => pages::exports::view(),
        None if route == Route::Print => pages::print::view(),
        None => pages::set_up::view(),
    }
}

fn settings(route: Route) -> AnyView {
    match route {
        Route::Section(Section::Connections) => pages::connections::view(),
        Route::Section(Section::Health) => pages::health::view(),
        Route::Section(Section::ApiKeys) => pages::api_keys::view(),
        Route::Section(Section::Webhooks) => pages::webhooks::view(),
        Route::Section(Section::People) => pages::people::view(),
        Route::Section(Section::Audit) => pages::audit::view(),
        Route::Section(Section::Account) => pages::account::view(),
        Route::NewConnection => pages::connection_new::view(),
        Route::Connection(id) => pages::connection_edit::view(id),
        Route::Webhook(id) => pages::webhook::view(id),
        _ => pages::not_found::view(),
    }
}

/// The page, or what is seen until its program is here.
pub fn view(route: Route) -> AnyView {
    let program = PROGRAM.with(Clone::clone);
    if matches!(program.get_untracked(), Program::Absent | Program::Failed) {
        load();
    }
    let seen = move || match program.get() {
        Program::Here(draw) => draw(route),
        Program::Failed => failed(),
        Program::Absent | Program::Loading => view! {
            <div class="page" aria-busy="true">
                <p class="visually-hidden" role="status">{text::LOADING}</p>
                <div class="card" aria-hidden="true"><span class="bone tall"></span></div>
            </div>
        },
    };
    view! { {move || seen()} }
}

fn failed() -> AnyView {
    view! {
        <div class="page">
            <section class="note bad" role="alert">
                {Icon::ErrorCircle.view()}
                <div>
                    <strong>{text::PAGE_NOT_LOADED}</strong>
                    <p>{text::PAGE_NOT_LOADED_MORE}</p>
                </div>
                <button type="button" class="button" on:click=handler(|_: web_sys::MouseEvent| load())>
                    {text::TRY_AGAIN}
                </button>
                <button type="button" class="button" on:click=handler(|_: web_sys::MouseEvent| browser::reload())>
                    {text::RELOAD}
                </button>
            </section>
        </div>
    }
}

fn load() {
    let program = PROGRAM.with(Clone::clone);
    program.set(Program::Loading);
    spawn_local(async move {
        let (draw, are_styles_here) =
            futures::future::join(draw_function(), browser::load_styles("settings-styles")).await;
        program.set(match draw {
            Ok(draw) if are_styles_here => Program::Here(draw),
            _ => Program::Failed,
        });
    });
}
