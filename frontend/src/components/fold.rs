use crate::prelude::*;
use web_sys::Event;

use crate::markup::{Show, handler, view};

/// Something folded away, which is made when it is first opened.
pub fn fold(summary: AnyView, content: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    let opened = RwSignal::new(false);
    view! {
        // The first thing that can happen to it is that it opens.
        <details class="fold" on:toggle=handler(move |_: Event| opened.set(true))>
            <summary>{summary}</summary>
            <Show when=move || opened.get()>{content()}</Show>
        </details>
    }
}
