//! The grids that are looked at every day, as plain links.

use crate::prelude::*;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use shared::OrderFilter;

use crate::components::dropdown::{CloseDropdown, Dropdown};
use crate::components::icon::Icon;
use crate::grid_query::{PATH, search_of};
use crate::markup::{handler, view};
use crate::orders::grid_state::Grid;
use crate::{browser, clock, session, text};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    ToShipToday,
    Late,
    Errors,
    NotInStore,
    CancellationRequests,
    Mine,
    Deleted,
}

impl View {
    const ALL: [Self; 7] = [
        Self::ToShipToday,
        Self::Late,
        Self::Errors,
        Self::NotInStore,
        Self::CancellationRequests,
        Self::Mine,
        Self::Deleted,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::ToShipToday => "To ship today",
            Self::Late => "Late",
            Self::Errors => "Errors",
            Self::NotInStore => "Not in PrestaShop",
            Self::CancellationRequests => "Cancellation requests",
            Self::Mine => "Assigned to me",
            Self::Deleted => "Deleted orders",
        }
    }

    /// Its filters as an address spells them; `end` is when the time to ship runs out.
    fn search(self, end: DateTime<Utc>) -> String {
        let constant = match self {
            Self::ToShipToday | Self::Late => {
                let end = end.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                return format!("?ship_by[lt]={end}&sort=ship_by");
            }
            Self::Errors => "?status=error",
            // Orders that wait for their release, or have ended without a sale, are not missed in the store.
            Self::NotInStore => {
                "?status=error,awaiting_shipment,partially_shipped,awaiting_collection,in_transit&store_order_id=empty"
            }
            Self::CancellationRequests => "?special=cancellation_requested",
            Self::Mine => {
                return session::user().map_or_else(String::new, |user| format!("?assignee={}", user.id));
            }
            Self::Deleted => "?archived=true",
        };
        constant.to_owned()
    }

    /// The address of its grid; times are to the minute, so that it stays the same for a while.
    fn href(self) -> String {
        let end = match self {
            Self::Late => {
                let now = clock::now_untracked();
                now - TimeDelta::nanoseconds(now.timestamp_nanos_opt().unwrap_or_default() % 60_000_000_000)
            }
            _ => browser::midnight(-1),
        };
        format!("{PATH}{}", self.search(end))
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
    View::ALL
        .map(|it| {
            let href = it.href();
            let is_shown = move || grid.query.with(|query| is_shown(it, &query.filter));
            view! {
                <a
                    class="menu-item"
                    href=href
                    data-noscroll="true"
                    aria-current=move || is_shown().to_string()
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
    let is_in_time = match view {
        View::ToShipToday => end == browser::midnight(-1),
        View::Late => end <= clock::now_untracked(),
        _ => true,
    };
    is_in_time && view.search(end) == search_of(&filter.to_pairs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid_query::GridQuery;

    #[test]
    fn views_are_addresses_that_read_back_as_themselves() {
        let end = "2026-11-23T23:00:00Z".parse().unwrap();

        for view in View::ALL {
            let search = view.search(end);
            let (query, ignored) = GridQuery::read(&search);
            assert_eq!(ignored, [], "{search}");
            assert_eq!(search_of(&query.filter.to_pairs()), search);
        }
    }
}
