use crate::prelude::*;
use shared::PAGE_SIZES;

use crate::components::icon::Icon;
use crate::markup::view;
use crate::orders::grid_state::Grid;
use crate::text;

/// Previous and next page, page size, and which rows these are.
#[component]
pub fn Pager() -> impl IntoView {
    let grid = Grid::expect();
    let range = move || {
        let shown = grid.rows.with(Vec::len) as i64;
        let from = grid.query.with(|query| query.from) as i64;
        text::rows_of(from, shown, grid.total())
    };
    let previous = move || {
        let cursor = grid.edges.with(|edges| edges.previous.clone())?;
        Some(grid.query.with(|query| query.previous(cursor).href()))
    };
    let next = move || {
        let cursor = grid.edges.with(|edges| edges.next.clone())?;
        let shown = grid.rows.with(Vec::len);
        Some(grid.query.with(|query| query.next(cursor, shown).href()))
    };
    let sizes = PAGE_SIZES
        .into_iter()
        .map(|size| {
            let chosen = move || grid.query.with(|query| query.limit == size);
            view! {
                <a
                    href=move || grid.query.with(|query| query.with_limit(size).href())
                    aria-current=move || chosen().to_string()
                    aria-label=text::rows_per_page(size)
                >
                    {size}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="pager" aria-label=text::PAGES prop:hidden=move || grid.rows.with(Vec::is_empty)>
            <p class="page-range">{move || range()}</p>
            <p class="page-sizes">
                <span class="quiet">{text::ROWS}</span>
                {sizes}
            </p>
            {move || page_link(previous(), text::PREVIOUS_PAGE, Icon::ChevronLeft, "prev")}
            {move || page_link(next(), text::NEXT_PAGE, Icon::ChevronRight, "next")}
        </nav>
    }
}

/// A link where there is a page, and a dimmed word where there is none.
fn page_link(href: Option<String>, label: &'static str, icon: Icon, rel: &'static str) -> AnyView {
    let content = match icon {
        Icon::ChevronLeft => view! { {icon.view()} {label} },
        _ => view! { {label} {icon.view()} },
    };
    match href {
        Some(href) => view! { <a class="button" href=href rel=rel>{content}</a> },
        None => view! { <span class="button" aria-disabled="true">{content}</span> },
    }
}
