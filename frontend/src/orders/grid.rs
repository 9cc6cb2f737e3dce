use crate::prelude::*;
use shared::{Sort, SortKey};

use crate::actions::menu::{ActionsMenu, RowMenu};
use crate::components::dropdown::Dropdown;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::markup::{Keyed, Show, handler, keyed_list, view};
use crate::orders::filter_bar::ClearFilters;
use crate::orders::filters::{Filter, link};
use crate::orders::grid_state::Grid;
use crate::orders::row::OrderRow;
use crate::text;

/// Rows of the first load, before anything is known.
const SKELETON_ROWS: usize = 12;
const COLUMNS: usize = 11;

/// The table of orders, in whichever state it is.
#[component]
pub fn OrderGrid() -> impl IntoView {
    let grid = Grid::expect();
    let menu = RowMenu::new();
    let is_first_load =
        Memo::new(move |_| grid.shown.with(Option::is_none) && grid.request.failure.with(Option::is_none));
    let has_rows = Memo::new(move |_| grid.rows.with(|rows| !rows.is_empty()));
    let is_empty = move || grid.shown.with(Option::is_some) && !has_rows.get();
    let failure = move || {
        grid.request.failure.get().map(|failure| {
            // A cursor outlives neither its filter nor a restart of the list.
            let restart = failure.code() == Some("bad_cursor");
            view! {
                <FailureNote
                    title=text::ORDERS_NOT_LOADED
                    failure
                    retry=Callback::new(move |()| grid.reload())
                />
                {restart
                    .then(|| {
                        let first = grid.query.with(|query| query.first().href());
                        view! { <p><a href=first>{text::FIRST_PAGE}</a></p> }
                    })}
            }
        })
    };
    view! {
        {move || failure()}
        <Show when=move || is_first_load.get() || has_rows.get()>
            <div
                class="grid-frame"
                class:dimmed=move || grid.is_stale()
                aria-busy=move || grid.request.busy.get().to_string()
            >
                <table class="grid" role="table">
                    <caption class="visually-hidden">{text::ORDERS}</caption>
                    <GridHead />
                    <tbody role="rowgroup">
                        <Show when=move || is_first_load.get()>{skeleton()}</Show>
                        {keyed_list(move || {
                            let rows = grid.rows.get().into_iter();
                            rows.map(|row| Keyed::new(row.id.0, move || view! { <OrderRow row=row.clone() menu /> }))
                                .collect()
                        })}
                    </tbody>
                </table>
            </div>
        </Show>
        <Show when=move || is_empty()>
            <NoRows />
        </Show>
        <ActionsMenu menu />
    }
}

#[component]
fn GridHead() -> impl IntoView {
    let grid = Grid::expect();
    let all = Memo::new(move |_| {
        grid.rows.with(|rows| !rows.is_empty() && rows.iter().all(|row| grid.is_selected(row.id)))
    });
    let some = Signal::derive(move || grid.selected_count() > 0 && !all.get());
    let select_all = move |event| {
        if event_target_checked(&event) {
            grid.select_page();
        } else {
            grid.select_none();
        }
    };
    view! {
        <thead role="rowgroup">
            <tr role="row">
                <th prop:scope="col" role="columnheader" class="select">
                    <label>
                        <input
                            type="checkbox"
                            aria-label=text::SELECT_PAGE
                            prop:checked=move || all.get()
                            prop:indeterminate=move || some.get()
                            on:change=handler(select_all)
                        />
                    </label>
                </th>
                {head(grid, text::ID, Some(SortKey::Id), Some(Filter::Id))}
                {head(grid, text::STORE_ORDER, Some(SortKey::StoreOrderId), Some(Filter::StoreOrderId))}
                {head(
                    grid,
                    text::TIKTOK_ORDER_ID_HEAD,
                    Some(SortKey::TikTokOrderId),
                    Some(Filter::TikTokOrderId),
                )}
                {head(grid, text::CREATED_AT, Some(SortKey::CreatedAt), None)}
                {head(grid, text::ORDER_STATUS, Some(SortKey::Status), None)}
                {head(grid, text::FULFILLMENT_TYPE, None, None)}
                {head(grid, text::STORE_STATUS, None, None)}
                {head(grid, text::SHIP_BY, Some(SortKey::ShipBy), None)}
                <th prop:scope="col" role="columnheader">{text::VIEW}</th>
                <th prop:scope="col" role="columnheader">
                    <span class="visually-hidden">{text::ACTIONS}</span>
                </th>
            </tr>
        </thead>
    }
}

/// A column's head: a link that sorts by it, and a button that searches in it.
fn head(grid: Grid, label: &'static str, sort: Option<SortKey>, search: Option<Filter>) -> AnyView {
    let aria_sort = move || {
        let current = grid.query.with(|query| query.filter.sort);
        match (sort == Some(current.key), current.descending) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        }
    };
    let title = match sort {
        Some(key) => {
            let href = link(move |filter| filter.sort = sorted(filter.sort, key));
            let icon = move || match aria_sort() {
                "descending" => Icon::ArrowDown,
                "ascending" => Icon::ArrowUp,
                _ => Icon::Sort,
            };
            view! {
                <a class="sort" href=move || href.get() data-noscroll="true">
                    {label}
                    {move || icon().view()}
                </a>
            }
        }
        None => label.into_any(),
    };
    let search = search.map(|filter| {
        let in_use = move || grid.query.with(|query| filter.summary(&query.filter).is_some());
        view! {
            <Dropdown
                id=format!("column-{}", filter.name())
                button_class=Signal::derive(move || {
                    if in_use() { "icon-button small in-use" } else { "icon-button small" }.to_owned()
                })
                label=text::search_in(label)
                button=|| Icon::Search.view()
            >
                {filter.panel()}
            </Dropdown>
        }
    });
    view! {
        <th prop:scope="col" role="columnheader" aria-sort=move || aria_sort().to_owned()>
            <span class="head">{title} {search}</span>
        </th>
    }
}

/// The order after a click on a column's head: the other way round, or the way that is mostly wanted.
fn sorted(current: Sort, key: SortKey) -> Sort {
    let descending = if current.key == key {
        !current.descending
    } else {
        !matches!(key, SortKey::ShipBy | SortKey::Status)
    };
    Sort { key, descending }
}

fn skeleton() -> impl IntoView {
    (0..SKELETON_ROWS)
        .map(|_| {
            let cells = (0..COLUMNS).map(|_| view! { <td><span class="bone"></span></td> }).collect_view();
            view! { <tr class="skeleton" aria-hidden="true">{cells}</tr> }
        })
        .collect_view()
}

/// No rows, and why.
#[component]
fn NoRows() -> impl IntoView {
    let grid = Grid::expect();
    let content = move || {
        let query = grid.query.get();
        if query.cursor.is_some() {
            return view! {
                <h2>{text::NO_MORE_ROWS}</h2>
                <p><a class="button" href=query.first().href()>{text::FIRST_PAGE}</a></p>
            };
        }
        if query.filter.is_open() {
            return view! {
                <h2>{text::NO_ORDERS_YET}</h2>
                <p>{text::NO_ORDERS_YET_MORE}</p>
            };
        }
        view! {
            <h2>{text::NO_MATCH}</h2>
            <p>{text::NO_MATCH_MORE}</p>
            <p><ClearFilters /></p>
        }
    };
    view! {
        <section class="empty" role="status">
            {Icon::Box.view()}
            {move || content()}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_turns_the_order_around() {
        let first = sorted(Sort::default(), SortKey::ShipBy);
        let second = sorted(first, SortKey::ShipBy);

        assert_eq!((first.to_string(), second.to_string()), ("ship_by".to_owned(), "-ship_by".to_owned()));
        assert_eq!(sorted(second, SortKey::Id).to_string(), "-id");
    }
}
