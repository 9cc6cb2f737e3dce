use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::markup::view;

/// The start page is the grid.
pub fn view() -> AnyView {
    view! { <Redirect path="/orders" /> }
}
