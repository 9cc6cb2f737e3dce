//! A list of pairs, such as a carrier for each country.

use std::sync::Arc;

use crate::prelude::*;

use crate::components::fields::{Choices, pick_field};
use crate::components::icon::Icon;
use crate::markup::{Keyed, handler, keyed_list, view};
use crate::text;

/// One pair; its number stays while it is changed.
#[derive(Clone, Copy)]
struct Pair {
    number: i64,
    key: RwSignal<String>,
    value: RwSignal<String>,
}

/// The pairs as they are typed.
#[derive(Clone, Copy)]
pub struct Pairs {
    rows: RwSignal<Vec<Pair>>,
}

impl Pairs {
    pub fn new(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let this = Self { rows: RwSignal::new(Vec::new()) };
        for (key, value) in pairs {
            this.add(key, value);
        }
        this
    }

    fn add(self, key: String, value: String) {
        let number = self.rows.with_untracked(|rows| rows.last().map_or(0, |last| last.number + 1));
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
    let row = Arc::new(move |pair: Pair| {
        let remove = move |_| rows.update(|rows| rows.retain(|other| other.number != pair.number));
        view! {
            <li>
                {side(sides.key, pair.key, keys.clone())}
                {side(sides.value, pair.value, values.clone())}
                <button type="button" class="icon-button" aria-label=text::REMOVE on:click=handler(remove)>
                    {Icon::Cross.view()}
                </button>
            </li>
        }
    });
    view! {
        <div class="map-field" role="group" aria-label=sides.title>
            <strong>{sides.title}</strong>
            <small class="quiet">{sides.hint}</small>
            <ul>
                {keyed_list(move || {
                    let keyed = |pair: Pair| {
                        let row = row.clone();
                        Keyed::new(pair.number, move || row(pair))
                    };
                    rows.get().into_iter().map(keyed).collect()
                })}
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
    pick_field(label, value, choices, &[("", "–")])
}
