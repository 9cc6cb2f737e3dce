//! The fields that the forms of actions share.

use leptos::prelude::*;

use crate::markup::{handler, view};
use crate::text;

/// One choice out of a list that the server gives; while it is empty, it says that it is on its way.
pub fn select_field(
    label: &'static str,
    value: RwSignal<String>,
    choices: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    is_loading: impl Fn() -> bool + Send + Sync + 'static,
) -> AnyView {
    let choices = Memo::new(move |_| choices());
    let is_loading = Memo::new(move |_| is_loading());
    let options = move || {
        let choices = choices.get();
        let first = if choices.is_empty() && is_loading.get() { text::ASKING_TIKTOK } else { text::CHOOSE };
        let options = choices
            .into_iter()
            .map(|(key, label)| {
                let word = key.clone();
                view! { <option value=key selected=move || value.get() == word>{label}</option> }
            })
            .collect_view();
        view! {
            <option value="" disabled=true selected=move || value.get().is_empty()>{first}</option>
            {options}
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select
                required=true
                aria-busy=move || is_loading.get().to_string()
                on:change=handler(move |event| value.set(event_target_value(&event)))
            >
                {options}
            </select>
        </label>
    }
}

/// A field for a few words or, with `rows`, for sentences.
pub fn words_field(label: &'static str, value: RwSignal<String>, limit: usize, rows: Option<u8>) -> AnyView {
    let limit = limit.to_string();
    let input = match rows {
        Some(rows) => view! {
            <textarea
                rows=rows.to_string()
                maxlength=limit
                prop:value=move || value.get()
                on:input=handler(move |event| value.set(event_target_value(&event)))
            ></textarea>
        },
        None => view! {
            <input
                type="text"
                autocomplete="off"
                spellcheck="false"
                maxlength=limit
                prop:value=move || value.get()
                on:input=handler(move |event| value.set(event_target_value(&event)))
            />
        },
    };
    view! { <label class="field"><span>{label}</span> {input}</label> }
}
