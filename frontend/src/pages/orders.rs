use crate::prelude::*;
use shared::FieldError;

use crate::components::icon::Icon;
use crate::frame::shortcuts::{self, Shortcut};
use crate::frame::title;
use crate::grid_query::GridQuery;
use crate::installation::Installation;
use crate::markup::view;
use crate::orders::bulk_bar::BulkBar;
use crate::orders::filter_bar::FilterBar;
use crate::orders::first_run::FirstRun;
use crate::orders::grid::OrderGrid;
use crate::orders::grid_state::{Grid, row_link};
use crate::orders::issues_dialog::IssuesDialog;
use crate::orders::live_pill::LivePill;
use crate::orders::pager::Pager;
use crate::orders::status_tabs::StatusTabs;
use crate::{browser, grid_query, navigation, text};

pub fn view() -> AnyView {
    view! { <OrdersPage /> }
}

/// The grid. Its state is the URL; everything on it is a link to another grid.
#[component]
fn OrdersPage() -> impl IntoView {
    let query = Memo::new(move |before: Option<&GridQuery>| match before {
        // The address changes a moment before the page does; the grid must not follow it out of the door.
        Some(before) if navigation::address().path != grid_query::PATH => before.clone(),
        _ => GridQuery::read(&navigation::address().search).0,
    });
    let grid = Grid::new(query);
    provide_context(grid);
    title(|| text::ORDERS.to_owned());
    shortcuts::on(move |shortcut| act(grid, shortcut));
    let connections = Installation::expect().connections.value;
    let is_first_run = Memo::new(move |_| {
        let nothing_connected = connections.with(|it| it.is_some_and(Vec::is_empty));
        nothing_connected && grid.rows.with(Vec::is_empty)
    });
    view! {
        {move || if is_first_run.get() { view! { <FirstRun /> } } else { view! { <GridPage /> } }}
    }
}

#[component]
fn GridPage() -> impl IntoView {
    view! {
        <div class="orders-page">
            <h1 class="visually-hidden">{text::ORDERS}</h1>
            <StatusTabs />
            <FilterBar />
            {move || ignored(&GridQuery::read(&navigation::address().search).1)}
            <LivePill />
            <OrderGrid />
            <Pager />
            <BulkBar />
            <IssuesDialog />
        </div>
    }
}

/// Which parts of the address were left out, and why.
pub fn ignored(errors: &[FieldError]) -> Option<AnyView> {
    if errors.is_empty() {
        return None;
    }
    let words: Vec<_> =
        errors.iter().map(|error| format!("“{}” ({})", error.pointer, error.detail)).collect();
    let sentence = text::ignored_parameters(&words.join(", "));
    Some(view! { <p class="note" role="status">{Icon::Info.view()} <span>{sentence}</span></p> })
}

/// Does what a key asks for; false when there is nothing to do.
fn act(grid: Grid, shortcut: Shortcut) -> bool {
    match (shortcut, grid.current.get_untracked()) {
        (Shortcut::Search, _) => browser::focus("#search"),
        (Shortcut::NextRow, _) => {
            grid.step(1);
            true
        }
        (Shortcut::PreviousRow, _) => {
            grid.step(-1);
            true
        }
        (_, None) => false,
        (Shortcut::Select, Some(id)) => {
            let is_on = untrack(|| grid.is_selected(id));
            grid.select(id, !is_on, false);
            true
        }
        (Shortcut::SelectRange, Some(id)) => {
            grid.select(id, true, true);
            true
        }
        (Shortcut::Issues, Some(id)) => {
            grid.issues_of.set(Some(id));
            true
        }
        (Shortcut::Open, Some(id)) => {
            // On a link or button, Enter already has its meaning.
            let is_free = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            if is_free && let Some(link) = browser::element(&row_link(id)) {
                link.click();
            }
            is_free
        }
    }
}
