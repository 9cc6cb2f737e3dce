//! Single keys. They never act inside a field or a dialog, and can be switched off.

use std::cell::RefCell;

use crate::prelude::*;
use leptos::ev;

use crate::browser;
use crate::components::dialog::Dialog;
use crate::markup::view;
use crate::preferences::Preferences;
use crate::{navigation, text};

/// What a key asks the page for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    Search,
    NextRow,
    PreviousRow,
    Select,
    SelectRange,
    Open,
    Issues,
}

/// Every key with its meaning, for the help and for nothing else.
const HELP: [(&str, &str); 11] = [
    ("/", "Search"),
    ("j", "Next row"),
    ("k", "Previous row"),
    ("x", "Select the row"),
    ("Shift x", "Select all rows up to here"),
    ("Enter", "Open the order"),
    ("e", "Show the issues of the order"),
    ("g o", "Go to the orders"),
    ("g c", "Go to the connections"),
    ("?", "This help"),
    ("Esc", "Close what is open"),
];

thread_local! {
    static HELP_OPEN: RefCell<Option<RwSignal<bool>>> = const { RefCell::new(None) };
}

/// What a key means, after `g` or not.
pub fn shortcut(key: &str) -> Option<Shortcut> {
    Some(match key {
        "/" => Shortcut::Search,
        "j" => Shortcut::NextRow,
        "k" => Shortcut::PreviousRow,
        "x" => Shortcut::Select,
        "X" => Shortcut::SelectRange,
        "Enter" => Shortcut::Open,
        "e" => Shortcut::Issues,
        _ => return None,
    })
}

/// Hears keys for as long as the frame lives, and hands the page's own ones to [`on`].
pub fn provide() {
    let after_g = StoredValue::new(false);
    let help = RwSignal::new(false);
    HELP_OPEN.set(Some(help));
    let shortcuts = Preferences::get().shortcuts;
    let heard = window_event_listener(ev::keydown, move |event| {
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if modified || !shortcuts.get_untracked() || browser::is_typing(event.target()) {
            return;
        }
        let key = event.key();
        let is_second = after_g.get_value();
        after_g.set_value(key == "g" && !is_second);
        match (is_second, key.as_str()) {
            (true, "o") => navigation::go("/orders"),
            (true, "c") => navigation::go("/connections"),
            (false, "?") => help.set(true),
            _ => {}
        }
    });
    on_cleanup(move || heard.remove());
}

/// Acts on the page's own keys while the calling component lives; `act` tells whether it did something.
pub fn on(act: impl Fn(Shortcut) -> bool + 'static) {
    let shortcuts = Preferences::get().shortcuts;
    let heard = window_event_listener(ev::keydown, move |event| {
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if modified || !shortcuts.get_untracked() || browser::is_typing(event.target()) {
            return;
        }
        if shortcut(&event.key()).is_some_and(&act) {
            event.prevent_default();
        }
    });
    on_cleanup(move || heard.remove());
}

/// Opens the list of keys.
pub fn show_help() {
    if let Some(open) = HELP_OPEN.with_borrow(|open| *open) {
        open.set(true);
    }
}

#[component]
pub fn ShortcutHelp() -> impl IntoView {
    let open = HELP_OPEN.with_borrow(|open| *open).unwrap_or_else(|| RwSignal::new(false));
    view! {
        <Dialog open close=move |()| open.set(false) title=text::KEYBOARD_HELP class="narrow">
            <dl class="keys">
                {HELP
                    .into_iter()
                    .map(|(keys, meaning)| {
                        let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
                        view! {
                            <div>
                                <dt>{keys}</dt>
                                <dd>{meaning}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
}
