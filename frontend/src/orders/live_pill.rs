use crate::prelude::*;

use crate::components::icon::Icon;
use crate::markup::{Show, handler, view};
use crate::orders::grid_state::Grid;
use crate::{navigation, text};

/// Tells of new orders without moving a row; a click shows them.
#[component]
pub fn LivePill() -> impl IntoView {
    let grid = Grid::expect();
    let show = move |_| {
        let first = grid.query.with_untracked(|query| query.first());
        if first == grid.query.get_untracked() {
            grid.reload();
        } else {
            navigation::go(&first.href());
        }
        window().scroll_to_with_x_and_y(0.0, 0.0);
    };
    view! {
        <div class="live-pill" role="status">
            <Show when=move || !grid.fresh.with(|fresh| fresh.is_empty())>
                <button type="button" on:click=handler(show)>
                    {Icon::ArrowUp.view()}
                    {move || text::new_orders(grid.fresh.with(|fresh| fresh.len()))}
                </button>
            </Show>
        </div>
    }
}
