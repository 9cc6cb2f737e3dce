use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::Role;

use crate::components::icon::Icon;
use crate::markup::{Show, handler, view};
use crate::orders::actions::Action;
use crate::orders::grid_state::Grid;
use crate::{session, text};

/// What can be done with the selected orders.
#[component]
pub fn BulkBar() -> impl IntoView {
    let grid = Grid::expect();
    let running = RwSignal::new(false);
    let start = move |action: Action| {
        let orders = grid.selected();
        running.set(true);
        spawn_local(async move {
            action.start_all(orders).await;
            running.try_set(false);
            grid.selection.try_set(Vec::new());
        });
    };
    let button = move |action: Action, icon: Icon| {
        view! {
            <button
                type="button"
                class="button"
                disabled=move || running.get() || !session::may(Role::Operator)
                on:click=handler(move |_| start(action))
            >
                {icon.view()}
                {action.bulk_label()}
            </button>
        }
    };
    view! {
        <Show when=move || grid.selection.with(|selection| !selection.is_empty())>
            <section class="bulk-bar" aria-label=text::SELECTED_ORDERS>
                <strong aria-live="polite">
                    {move || text::selected(grid.selection.with(Vec::len))}
                </strong>
                {button(Action::Sync, Icon::Refresh)}
                {button(Action::Import, Icon::Download)}
                <button
                    type="button"
                    class="icon-button"
                    aria-label=text::CLEAR_SELECTION
                    on:click=handler(move |_| grid.selection.set(Vec::new()))
                >
                    {Icon::Cross.view()}
                </button>
            </section>
        </Show>
    }
}
