//! The grids that are looked at every day, as plain links.

use crate::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};
use shared::{OrderFilter, OrderStatus, Sort, SortKey, SpecialKind, StoreOrderFilter, TimeRange};

use crate::components::dropdown::{CloseDropdown, Dropdown};
use crate::components::icon::Icon;
use crate::grid_query::GridQuery;
use crate::markup::{handler, view};
use crate::orders::grid_state::Grid;
use crate::{browser, clock, text};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    ToShipToday,
    Late,
    Errors,
    NotInStore,
    CancellationRequests,
    Deleted,
}

impl View {
    const ALL: [Self; 6] = [
        Self::ToShipToday,
        Self::Late,
        Self::Errors,
        Self::NotInStore,
        Self::CancellationRequests,
        Self::Deleted,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::ToShipToday => "To ship today",
            Self::Late => "Late",
            Self::Errors => "Errors",
            Self::NotInStore => "Not in PrestaShop",
            Self::CancellationRequests => "Cancellation requests",
            Self::Deleted => "Deleted orders",
        }
    }

    /// What it shows; `now` is to the minute, so that the address stays the same for a while.
    fn filter(self, now: DateTime<Utc>, tomorrow: DateTime<Utc>) -> OrderFilter {
        let open = OrderFilter::default();
        let ship_before = |time| OrderFilter {
            ship_by: TimeRange { gte: None, lt: Some(time) },
            sort: Sort { key: SortKey::ShipBy, descending: false },
            ..OrderFilter::default()
        };
        match self {
            Self::ToShipToday => ship_before(tomorrow),
            Self::Late => ship_before(now),
            Self::Errors => OrderFilter { status: vec![OrderStatus::Error], ..open },
            // Orders that wait for their release, or have ended without a sale, are not missed in the store.
            Self::NotInStore => OrderFilter {
                store_order_id: Some(StoreOrderFilter::Empty),
                status: vec![
                    OrderStatus::Error,
                    OrderStatus::AwaitingShipment,
                    OrderStatus::PartiallyShipped,
                    OrderStatus::AwaitingCollection,
                    OrderStatus::InTransit,
                ],
                ..open
            },
            Self::CancellationRequests => {
                OrderFilter { special: vec![SpecialKind::CancellationRequested], ..open }
            }
            Self::Deleted => OrderFilter { archived: true, ..open },
        }
    }
}

/// A button that lists the views, and names the one that is shown.
#[component]
pub fn Views() -> impl IntoView {
    let grid = Grid::expect();
    let current =
        move || grid.query.with(|query| View::ALL.into_iter().find(|view| is_shown(*view, &query.filter)));
    view! {
        <span class="filter" class:in-use=move || current().is_some()>
            <Dropdown
                id="views"
                button_class="chip lone"
                button=move || {
                    view! {
                        {Icon::Eye.view()}
                        <span>{current().map_or(text::VIEWS, View::label)}</span>
                        {Icon::ChevronDown.view()}
                    }
                }
            >
                <ViewLinks />
            </Dropdown>
        </span>
    }
}

/// The links themselves.
#[component]
pub fn ViewLinks() -> impl IntoView {
    let grid = Grid::expect();
    let close = use_context::<CloseDropdown>();
    let follow = move |_: web_sys::MouseEvent| {
        if let Some(close) = close {
            close.close();
        }
    };
    let now = clock::now_untracked();
    let now = now - TimeDelta::nanoseconds(now.timestamp_nanos_opt().unwrap_or_default() % 60_000_000_000);
    View::ALL
        .map(|it| {
            let filter = it.filter(now, browser::midnight(-1));
            let href = GridQuery { filter, ..grid.query.get_untracked().first() }.href();
            let is_shown = move || grid.query.with(|query| is_shown(it, &query.filter));
            view! {
                <a
                    class="menu-item"
                    href=href
                    data-noscroll="true"
                    aria-current=move || is_shown().then_some("true")
                    on:click=handler(follow)
                >
                    {it.label()}
                </a>
            }
        })
        .collect_view()
}

/// Whether a filter is that of a view, also when the view was opened a while ago.
fn is_shown(view: View, filter: &OrderFilter) -> bool {
    let end = filter.ship_by.lt.unwrap_or_default();
    let is_midnight = end == browser::midnight(-1);
    match view {
        View::ToShipToday if !is_midnight => false,
        View::Late if is_midnight || end > clock::now_untracked() => false,
        view => view.filter(end, end) == *filter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_addresses() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let tomorrow = "2026-11-23T23:00:00Z".parse().unwrap();
        let href =
            |view: View| GridQuery { filter: view.filter(now, tomorrow), ..GridQuery::default() }.href();

        assert_eq!(href(View::ToShipToday), "/orders?ship_by[lt]=2026-11-23T23:00:00Z&sort=ship_by");
        assert_eq!(href(View::Late), "/orders?ship_by[lt]=2026-11-23T10:00:00Z&sort=ship_by");
        assert_eq!(href(View::Errors), "/orders?status=error");
        assert_eq!(href(View::CancellationRequests), "/orders?special=cancellation_requested");
        assert_eq!(href(View::Deleted), "/orders?archived=true");
    }
}
