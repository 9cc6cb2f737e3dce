//! Form fields: a label, a hint, and what the server found wrong with the value.

use leptos::prelude::*;

use crate::api::Failure;
use crate::markup::{handler, view};
use crate::text;

/// The problem that the server found with a form, for the fields below it.
#[derive(Clone, Copy)]
pub struct FormFailure(pub RwSignal<Option<Failure>>);

fn wrong(pointer: &'static str) -> Memo<Option<String>> {
    let failure = use_context::<FormFailure>();
    Memo::new(move |_| {
        failure.and_then(|it| it.0.with(|failure| failure.as_ref().and_then(|it| it.field(pointer))))
    })
}

/// A field for text.
#[component]
pub fn TextField(
    label: &'static str,
    value: RwSignal<String>,
    /// Where the value is in the body that is sent.
    #[prop(optional)]
    pointer: &'static str,
    #[prop(optional)] hint: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] placeholder: &'static str,
) -> impl IntoView {
    let wrong = wrong(pointer);
    view! {
        <label class="field">
            <span>{label}</span>
            <input
                type=kind
                required=required
                placeholder=placeholder
                autocomplete=if kind == "password" { "new-password" } else { "off" }
                spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                on:input=handler(move |event| value.set(event_target_value(&event)))
            />
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
            {move || wrong.get().map(|detail| view! { <small class="field-error">{detail}</small> })}
        </label>
    }
}

/// A box to tick.
#[component]
pub fn SwitchField(
    label: &'static str,
    value: RwSignal<bool>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    view! {
        <label class="field switch">
            <input
                type="checkbox"
                role="switch"
                prop:checked=move || value.get()
                on:change=handler(move |event| value.set(event_target_checked(&event)))
            />
            <span>{label}</span>
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
        </label>
    }
}

/// One choice out of a few; the value is the choice's word on the wire.
#[component]
pub fn ChoiceField(
    label: &'static str,
    value: RwSignal<&'static str>,
    choices: Vec<(&'static str, &'static str)>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
    let options = choices
        .into_iter()
        .map(|(word, label)| view! { <option value=word selected=move || value.get() == word>{label}</option> })
        .collect_view();
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some(word) = words.iter().find(|word| **word == chosen) {
            value.set(word);
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change=handler(choose)>{options}</select>
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
        </label>
    }
}

/// One choice out of a list that is read from a shop; while there is no list, its number is typed.
///
/// `fixed` are the choices that are always there, each with its word; the first one chooses nothing in particular.
pub fn pick_field(
    label: String,
    value: RwSignal<String>,
    choices: Memo<Vec<(String, String)>>,
    fixed: &'static [(&'static str, &'static str)],
) -> AnyView {
    let options = move || {
        let choices = choices.get();
        let current = value.get_untracked();
        let is_known = choices.iter().any(|(word, _)| *word == current)
            || fixed.iter().any(|(word, _)| *word == current);
        let unknown = (!is_known).then(|| (current.clone(), text::no_longer_there(&current)));
        let fixed = fixed.iter().map(|(word, label)| ((*word).to_owned(), (*label).to_owned()));
        fixed
            .chain(choices)
            .chain(unknown)
            .map(|(word, label)| {
                let same = word.clone();
                view! { <option value=word selected=move || value.get() == same>{label}</option> }
            })
            .collect_view()
    };
    let input = move || {
        if choices.with(Vec::is_empty) {
            return view! {
                <input
                    type="text"
                    autocomplete="off"
                    placeholder=fixed.first().map(|(_, label)| *label)
                    prop:value=move || value.get()
                    on:input=handler(move |event| value.set(event_target_value(&event)))
                />
            };
        }
        view! {
            <select on:change=handler(move |event| value.set(event_target_value(&event)))>{options()}</select>
        }
    };
    view! { <label class="field"><span>{label}</span> {input}</label> }
}
