//! Form fields: a label, a hint, and what the server found wrong with the value.

use std::sync::Arc;

use crate::prelude::*;

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
                prop:required=required
                prop:placeholder=placeholder
                prop:autocomplete=if kind == "password" { "new-password" } else { "off" }
                spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || wrong.with(Option::is_some).to_string()
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

/// Several choices out of a list: words on the wire with what they are called.
pub fn checked_group(
    label: &'static str,
    hint: &'static str,
    chosen: RwSignal<Vec<String>>,
    choices: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
) -> AnyView {
    let choice = move |(word, label): (String, String)| {
        let (same, other) = (word.clone(), word);
        let choose = move |event| {
            let is_chosen = event_target_checked(&event);
            chosen.update(|chosen| {
                chosen.retain(|it| *it != other);
                if is_chosen {
                    chosen.push(other.clone());
                }
            });
        };
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || chosen.with(|chosen| chosen.contains(&same))
                    on:change=handler(choose)
                />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        <fieldset class="checked-group">
            <legend>{label}</legend>
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
            <div>{move || choices().into_iter().map(choice).collect_view()}</div>
        </fieldset>
    }
}

/// What is chosen from: words on the wire with what they are called, in the order in which they are shown.
pub type Choices = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

/// The choices of a list that never changes.
pub fn fixed_choices(choices: impl Iterator<Item = (&'static str, &'static str)>) -> Choices {
    let choices: Vec<_> = choices.map(|(word, label)| (word.to_owned(), label.to_owned())).collect();
    Arc::new(move || choices.clone())
}

/// One choice out of a list; a value that is not in it stays chosen until another one is.
pub fn select_field(
    label: impl Into<String>,
    value: RwSignal<String>,
    choices: Choices,
    hint: &'static str,
) -> AnyView {
    field(label.into(), select(value, choices), hint)
}

fn select(value: RwSignal<String>, choices: Choices) -> AnyView {
    let options = move || {
        let mut choices = choices();
        let current = value.get_untracked();
        if choices.iter().all(|(word, _)| *word != current) {
            choices.push((current.clone(), text::no_longer_there(&current)));
        }
        let option = |(word, label): (String, String)| {
            let same = word.clone();
            view! { <option prop:value=word prop:selected=move || value.get() == same>{label}</option> }
        };
        choices.into_iter().map(option).collect_view()
    };
    let choose = move |event| value.set(event_target_value(&event));
    view! { <select on:change=handler(choose)>{options}</select> }
}

/// One choice out of a list that is read from a shop; while there is no list, its number is typed.
///
/// `fixed` are the choices that are always there, each with its word; the first one chooses nothing in particular.
pub fn pick_field(
    label: &'static str,
    value: RwSignal<String>,
    listed: Choices,
    fixed: &'static [(&'static str, &'static str)],
) -> AnyView {
    let input = move || {
        if listed().is_empty() {
            let placeholder = fixed.first().map_or("", |(_, label)| *label);
            let typed = move |event| value.set(event_target_value(&event));
            return view! {
                <input
                    type="text"
                    prop:placeholder=placeholder
                    prop:value=move || value.get()
                    on:input=handler(typed)
                />
            };
        }
        let listed = listed.clone();
        let all = move || {
            let fixed = fixed.iter().map(|(word, label)| ((*word).to_owned(), (*label).to_owned()));
            fixed.chain(listed()).collect()
        };
        select(value, Arc::new(all))
    };
    field(label.to_owned(), view! { {input} }, "")
}

/// A field for sentences.
pub fn sentences_field(label: &'static str, value: RwSignal<String>, limit: usize) -> AnyView {
    let typed = move |event| value.set(event_target_value(&event));
    let input = view! {
        <textarea
            prop:rows="3"
            prop:maxLength=limit.to_string()
            prop:value=move || value.get()
            on:input=handler(typed)
        ></textarea>
    };
    field(label.to_owned(), input, "")
}

fn field(label: String, input: AnyView, hint: &'static str) -> AnyView {
    view! {
        <label class="field">
            <span>{label}</span>
            {input}
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
        </label>
    }
}
