//! A list of pairs, such as a carrier for each country.

use leptos::prelude::*;

use crate::components::icon::Icon;
use crate::markup::{handler, view};
use crate::text;

/// What a side of the pairs is chosen from; while there is nothing to choose from, it is typed.
pub type Choices = Memo<Vec<(String, String)>>;

/// One pair; its number stays while it is changed.
#[derive(Clone, Copy)]
struct Pair {
    number: usize,
    key: RwSignal<String>,
    value: RwSignal<String>,
}

/// The pairs as they are typed.
#[derive(Clone, Copy)]
pub struct Pairs {
    rows: RwSignal<Vec<Pair>>,
    next: StoredValue<usize>,
}

impl Pairs {
    pub fn new(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let this = Self { rows: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        for (key, value) in pairs {
            this.add(key, value);
        }
        this
    }

    fn add(self, key: String, value: String) {
        let number = self.next.get_value();
        self.next.set_value(number + 1);
        let pair = Pair { number, key: RwSignal::new(key), value: RwSignal::new(value) };
        self.rows.update(|rows| rows.push(pair));
    }

    /// The pairs that are complete.
    pub fn get(self) -> Vec<(String, String)> {
        let trimmed = |value: RwSignal<String>| value.get_untracked().trim().to_owned();
        let rows = self.rows.get_untracked().into_iter().map(|pair| (trimmed(pair.key), trimmed(pair.value)));
        rows.filter(|(key, value)| !key.is_empty() && !value.is_empty()).collect()
    }
}

/// What the two sides of the pairs are called.
#[derive(Debug, Clone, Copy)]
pub struct Sides {
    pub title: &'static str,
    pub hint: &'static str,
    pub key: &'static str,
    pub value: &'static str,
    pub add: &'static str,
}

/// The pairs, one below the other, with a way to add and remove them.
pub fn map_field(sides: Sides, pairs: Pairs, keys: Choices, values: Choices) -> AnyView {
    let rows = pairs.rows;
    let row = move |pair: Pair| {
        let remove = move |_| rows.update(|rows| rows.retain(|other| other.number != pair.number));
        view! {
            <li>
                {side(sides.key, pair.key, keys)}
                {side(sides.value, pair.value, values)}
                <button type="button" class="icon-button" aria-label=text::REMOVE on:click=handler(remove)>
                    {Icon::Cross.view()}
                </button>
            </li>
        }
    };
    view! {
        <div class="map-field" role="group" aria-label=sides.title>
            <strong>{sides.title}</strong>
            <small class="quiet">{sides.hint}</small>
            <ul>
                <For each=move || rows.get() key=|pair| pair.number children=row />
            </ul>
            <button
                type="button"
                class="button small"
                on:click=handler(move |_| pairs.add(String::new(), String::new()))
            >
                {Icon::Plus.view()}
                {sides.add}
            </button>
        </div>
    }
}

fn side(label: &'static str, value: RwSignal<String>, choices: Choices) -> AnyView {
    super::fields::pick_field(label.to_owned(), value, choices, &[("", text::CHOOSE)])
}
