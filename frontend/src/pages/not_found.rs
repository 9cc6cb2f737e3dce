use crate::prelude::*;

use crate::components::icon::Icon;
use crate::frame::title;
use crate::markup::view;
use crate::text;

pub fn view() -> AnyView {
    view! { <NotFound /> }
}

/// What an address shows that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    title(|| text::NOT_FOUND.to_owned());
    view! {
        <section class="empty">
            {Icon::Search.view()}
            <h1>{text::NOT_FOUND}</h1>
            <p><a class="button" href="/orders">{text::BACK_TO_ORDERS}</a></p>
        </section>
    }
}
