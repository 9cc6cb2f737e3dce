use crate::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::markup::{handler, view};
use crate::{browser, text};

/// How long the button shows that it has copied.
const SHOWN_MS: i32 = 1_500;

/// A small button that puts text on the clipboard.
#[component]
pub fn CopyButton(
    #[prop(into)] value: String,
    /// What is copied, such as "TikTok Shop order id".
    what: &'static str,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let label = format!("Copy {what} {value}");
    view! {
        <button type="button" class="icon-button copy" class:done=move || copied.get() aria-label=label title=format!("Copy {what}") on:click=handler(move |_| copy(value.clone(), copied))>
            {icon(copied)}
        </button>
    }
}

/// A button that says what it puts on the clipboard.
pub fn copy_text_button(words: &'static str, value: String) -> AnyView {
    let copied = RwSignal::new(false);
    view! {
        <button type="button" class="button small" on:click=handler(move |_| copy(value.clone(), copied))>
            {icon(copied)}
            {words}
        </button>
    }
}

fn icon(copied: RwSignal<bool>) -> impl Fn() -> AnyView {
    move || if copied.get() { Icon::Check.view() } else { Icon::Copy.view() }
}

fn copy(value: String, copied: RwSignal<bool>) {
    spawn_local(async move {
        if !browser::copy(&value).await {
            toast::show(Tone::Bad, text::COPY_REFUSED);
            return;
        }
        crate::components::announcer::announce(text::COPIED);
        copied.try_set(true);
        browser::sleep(SHOWN_MS).await;
        copied.try_set(false);
    });
}
