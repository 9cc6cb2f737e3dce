use crate::prelude::*;
use shared::{Issue, OrderId, Page};

use crate::api;
use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::load::Load;
use crate::markup::view;
use crate::order_detail::fixes::fix_buttons;
use crate::order_detail::issues::IssueCard;
use crate::orders::grid_state::Grid;
use crate::text;

/// The open issues of the order whose badge was clicked: what happened, what to do, what happens next.
#[component]
pub fn IssuesDialog() -> impl IntoView {
    let grid = Grid::expect();
    let open = Memo::new(move |_| grid.issues_of.with(Option::is_some));
    let close = move |()| {
        if grid.issues_of.with_untracked(Option::is_some) {
            grid.issues_of.set(None);
        }
    };
    let title = move || grid.issues_of.get().map(text::issues_of).unwrap_or_default();
    view! {
        <Dialog open close title=Signal::derive(title)>
            {move || grid.issues_of.get().map(|id| view! { <OpenIssues id /> })}
        </Dialog>
    }
}

#[component]
fn OpenIssues(id: OrderId) -> impl IntoView {
    let grid = Grid::expect();
    let issues = Load::<Page<Issue>>::new();
    let load = move || issues.run(api::open_issues(id));
    load();
    let order =
        move || grid.rows.with(|rows| rows.iter().find(|row| row.id == id).map(|row| row.order.get()));
    let card = move |issue: Issue| {
        let fixes = order().and_then(|order| fix_buttons(&issue, &order));
        view! { <IssueCard issue fixes /> }
    };
    view! {
        {move || {
            issues
                .request
                .failure
                .get()
                .map(|failure| {
                    view! {
                        <FailureNote title=text::ISSUES_NOT_LOADED failure retry=Callback::new(move |()| load()) />
                    }
                })
        }}
        {move || match issues.value.get() {
            None => view! { <p class="quiet" role="status">{text::LOADING}</p> },
            Some(page) if page.items.is_empty() => view! { <p>{text::NO_OPEN_ISSUES}</p> },
            Some(page) => page.items.into_iter().map(card).collect_view().into_any(),
        }}
        <footer>
            <a class="button" href=format!("/orders/{id}")>{text::VIEW_ORDER}</a>
        </footer>
    }
}
