use crate::prelude::*;
use shared::OrderStatus;

use crate::components::money::count;
use crate::markup::{current_page, view};
use crate::orders::filters::link;
use crate::orders::grid_state::Grid;
use crate::text;

/// The statuses with their counts; each is a link that changes the status filter.
#[component]
pub fn StatusTabs() -> impl IntoView {
    let grid = Grid::expect();
    let tabs = std::iter::once(None)
        .chain(OrderStatus::ALL.iter().copied().map(Some))
        .map(|status| view! { <StatusTab grid status /> })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=text::ORDER_STATUS>
            <ul>{tabs}</ul>
        </nav>
    }
}

/// The tab of one status, or of all.
#[component]
fn StatusTab(grid: Grid, status: Option<OrderStatus>) -> impl IntoView {
    let number = move || {
        grid.counts
            .value
            .with(|counts| counts.map(|counts| status.map_or(counts.all, |status| counts.of(status))))
    };
    let chosen = Memo::new(move |_| {
        grid.query.with(|query| match (status, query.filter.status.as_slice()) {
            (None, []) => true,
            (Some(status), [only]) => *only == status,
            _ => false,
        })
    });
    let hidden = Signal::derive(move || {
        let hidden_when_empty = status.is_some_and(OrderStatus::hidden_when_empty);
        hidden_when_empty && !chosen.get() && number().unwrap_or(0) == 0
    });
    let href = link(move |filter| filter.status = status.into_iter().collect());
    let alarming = Signal::derive(move || status == Some(OrderStatus::Error) && number().unwrap_or(0) > 0);
    let at_least = move || grid.counts.value.with(|counts| counts.is_some_and(|counts| counts.at_least));
    let shown = move || {
        number().map(|number| {
            let more = if at_least() && number > 0 { "+" } else { "" };
            format!("{}{more}", count(number))
        })
    };
    view! {
        <li prop:hidden=move || hidden.get()>
            <a
                href=move || href.get()
                data-noscroll="true"
                aria-current=move || current_page(chosen.get())
                class:alarming=move || alarming.get()
            >
                {status.map_or(text::ALL, OrderStatus::label)}
                <span class="count">{move || shown()}</span>
            </a>
        </li>
    }
}
