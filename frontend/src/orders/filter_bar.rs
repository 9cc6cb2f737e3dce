use crate::prelude::*;
use shared::OrderFilter;

use crate::components::dialog::Dialog;
use crate::components::dropdown::Dropdown;
use crate::components::icon::Icon;
use crate::markup::{Show, handler, view};
use crate::orders::bulk_bar::ExportLink;
use crate::orders::filters::{Filter, link};
use crate::orders::grid_state::Grid;
use crate::orders::search_box::SearchBox;
use crate::orders::views::{ViewLinks, Views};
use crate::text;

/// The search box and one button for each filter; on a small screen all filters are in a sheet.
#[component]
pub fn FilterBar() -> impl IntoView {
    let sheet = RwSignal::new(false);
    view! {
        <div class="filter-bar">
            <SearchBox />
            <div class="filters">
                <Views />
                {Filter::ALL.map(|filter| view! { <FilterButton filter /> }).collect_view()}
                <ClearFilters />
            </div>
            <button type="button" class="button filters-button" on:click=handler(move |_| sheet.set(true))>
                {Icon::Filter.view()}
                {text::FILTERS}
            </button>
            <ExportLink of_selection=false />
        </div>
        <Dialog open=sheet close=move |()| sheet.set(false) title=text::FILTERS class="sheet">
            <details class="sheet-filter">
                <summary>{text::VIEWS}</summary>
                <ViewLinks />
            </details>
            {Filter::ALL
                .map(|filter| {
                    view! {
                        <details class="sheet-filter">
                            <summary>{filter.label()}</summary>
                            {filter.panel()}
                        </details>
                    }
                })
                .collect_view()}
            <footer>
                <ClearFilters />
                <button type="button" class="button primary" on:click=handler(move |_| sheet.set(false))>
                    {text::SHOW_ORDERS}
                </button>
            </footer>
        </Dialog>
    }
}

/// A button that says what the filter does now, and opens its panel.
#[component]
fn FilterButton(filter: Filter) -> impl IntoView {
    let grid = Grid::expect();
    let summary = Memo::new(move |_| grid.query.with(|query| filter.summary(&query.filter)));
    let in_use = Signal::derive(move || summary.with(Option::is_some));
    let cleared = link(move |it| filter.clear(it));
    view! {
        <span class="filter" class:in-use=move || in_use.get() prop:hidden=move || filter.is_elsewhere() && !in_use.get()>
            <Dropdown
                id=format!("filter-{}", filter.name())
                button_class="chip"
                button=move || {
                    view! {
                        <span>{filter.label()}</span>
                        {summary.get().map(|summary| view! { <strong>{summary}</strong> })}
                        {Icon::ChevronDown.view()}
                    }
                }
            >
                {filter.panel()}
            </Dropdown>
            <Show when=in_use>
                <a class="chip-clear" href=move || cleared.get() data-noscroll="true" aria-label=text::clear_filter(filter.label())>
                    {Icon::Cross.view()}
                </a>
            </Show>
        </span>
    }
}

/// A link to the grid without filters; there only while one is in use.
#[component]
pub fn ClearFilters() -> impl IntoView {
    let grid = Grid::expect();
    let href = link(|filter| *filter = OrderFilter { sort: filter.sort, ..OrderFilter::default() });
    view! {
        <Show when=move || grid.query.with(|query| !query.filter.is_open())>
            <a class="text-link" href=move || href.get() data-noscroll="true">{text::CLEAR_FILTERS}</a>
        </Show>
    }
}
