use std::time::Duration;

use crate::prelude::*;
use leptos::html;
use leptos::leptos_dom::helpers::TimeoutHandle;

use crate::components::icon::Icon;
use crate::markup::{handler, view};
use crate::orders::grid_state::Grid;
use crate::{navigation, text};

/// The pause in typing after which the search starts.
const DEBOUNCE: Duration = Duration::from_millis(250);

/// The one search box: ids, SKU, product, tracking number, `key:value` terms.
#[component]
pub fn SearchBox() -> impl IntoView {
    let grid = Grid::expect();
    let input = NodeRef::<html::Input>::new();
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let searched = Memo::new(move |_| grid.query.with(|query| query.filter.q.clone().unwrap_or_default()));
    // Back and links change the search too; what is being typed is left alone.
    Effect::new(move |_| {
        let searched = searched.get();
        let Some(input) = input.get() else { return };
        let is_typing = document().active_element().is_some_and(|active| active == **input);
        if !is_typing || searched.is_empty() {
            input.set_value(&searched);
        }
    });
    let search = move |typed: String| {
        let typed = Some(typed.trim().to_owned()).filter(|typed| !typed.is_empty());
        let query = grid.query.get_untracked();
        if query.filter.q != typed {
            navigation::replace(&query.filtered(|filter| filter.q = typed).href());
        }
    };
    let stop = move || {
        if let Some(handle) = waiting.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    on_cleanup(stop);
    let later = move |event| {
        stop();
        let typed = event_target_value(&event);
        waiting.set_value(set_timeout_with_handle(move || search(typed), DEBOUNCE).ok());
    };
    let at_once = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        stop();
        search(input.get_untracked().map(|input| input.value()).unwrap_or_default());
    };
    view! {
        <form class="search" role="search" on:submit=handler(at_once)>
            {Icon::Search.view()}
            <input
                type="search"
                id="search"
                node_ref=input
                aria-label=text::SEARCH_LABEL
                aria-keyshortcuts="/"
                prop:placeholder=text::SEARCH_PLACEHOLDER
                prop:maxLength="200"
                prop:autocomplete="off"
                spellcheck="false"
                on:input=handler(later)
            />
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
}
