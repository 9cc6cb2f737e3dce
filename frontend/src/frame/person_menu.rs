use crate::prelude::*;
use leptos::task::spawn_local;

use crate::components::dropdown::{CloseDropdown, Dropdown};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::frame::shortcuts;
use crate::markup::{handler, view};
use crate::preferences::{Preferences, Theme};
use crate::{session, text};

/// Who is signed in, how the page looks, and the way out.
#[component]
pub fn PersonMenu() -> impl IntoView {
    view! {
        <Dropdown
            id="person"
            button_class="icon-button"
            label=text::YOU_AND_SETTINGS
            button=|| Icon::User.view()
            width=280
        >
            <PersonPanel />
        </Dropdown>
    }
}

#[component]
fn PersonPanel() -> impl IntoView {
    let preferences = Preferences::get();
    let person = session::user().map(|user| {
        view! {
            <p class="person">
                <strong>{user.email}</strong>
                <span class="quiet">{text::role(user.role)}</span>
            </p>
        }
    });
    let close = use_context::<CloseDropdown>();
    let sign_out = move |_| {
        spawn_local(async {
            if let Err(failure) = session::sign_out().await {
                toast::show(Tone::Bad, failure.sentence());
            }
        });
    };
    let show_help = move |_| {
        if let Some(close) = close {
            close.close();
        }
        shortcuts::show_help();
    };
    let theme = preferences.theme;
    let themes = Theme::ALL
        .into_iter()
        .map(|choice| {
            let (shown, chosen) = (theme.clone(), theme.clone());
            view! {
                <label>
                    <input
                        type="radio"
                        prop:name="theme"
                        prop:checked=move || shown.get() == choice
                        on:change=handler(move |_| chosen.set(choice))
                    />
                    <span>{choice.label()}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        {person}
        <a class="menu-item" href="/account">{text::YOUR_ACCOUNT}</a>
        <fieldset class="segments">
            <legend>{text::THEME}</legend>
            <div>{themes}</div>
        </fieldset>
        {switch(text::COMPACT_ROWS, preferences.compact)}
        {switch(text::SINGLE_KEYS, preferences.shortcuts)}
        <button
            type="button"
            class="menu-item"
            on:click=handler(show_help)
        >
            {text::KEYBOARD_HELP}
            <kbd>"?"</kbd>
        </button>
        <button type="button" class="menu-item" on:click=handler(sign_out)>
            {text::SIGN_OUT}
        </button>
    }
}

fn switch(label: &'static str, on: ArcRwSignal<bool>) -> impl IntoView {
    let shown = on.clone();
    view! {
        <label class="menu-item">
            <span>{label}</span>
            <input
                type="checkbox"
                role="switch"
                prop:checked=move || shown.get()
                on:change=handler(move |event| on.set(event_target_checked(&event)))
            />
        </label>
    }
}
