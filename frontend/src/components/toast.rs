//! Short messages at the edge of the page; they go by themselves and stay in the list of notifications.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dropdown::Dropdown;
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::markup::{handler, view};
use crate::{browser, clock, text};

/// How long a message stays, unless somebody is reading it.
const SHOWN_MS: i32 = 8_000;
const STEP_MS: i32 = 200;
/// At most this many messages are kept in the list.
const KEPT: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Neutral,
    Bad,
}

impl Tone {
    const fn look(self) -> (Icon, &'static str) {
        match self {
            Self::Good => (Icon::CheckCircle, "good"),
            Self::Neutral => (Icon::Info, "neutral"),
            Self::Bad => (Icon::ErrorCircle, "bad"),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Toast {
    number: u32,
    tone: Tone,
    message: String,
    /// One line for each part, such as each order of a bulk action.
    details: Vec<String>,
    at: DateTime<Utc>,
    visible: bool,
}

thread_local! {
    static TOASTS: ArcRwSignal<Vec<Toast>> = ArcRwSignal::new(Vec::new());
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// Shows a message.
pub fn show(tone: Tone, message: impl Into<String>) {
    show_with_details(tone, message, Vec::new());
}

/// Shows a message with one line for each part of what was done.
pub fn show_with_details(tone: Tone, message: impl Into<String>, details: Vec<String>) {
    let number = NEXT.get();
    NEXT.set(number + 1);
    let at = clock::now_untracked();
    let toast = Toast { number, tone, message: message.into(), details, at, visible: true };
    TOASTS.with(|toasts| {
        toasts.update(|toasts| {
            toasts.insert(0, toast);
            toasts.truncate(KEPT);
        });
    });
    spawn_local(async move {
        let mut left_ms = SHOWN_MS;
        while left_ms > 0 {
            browser::sleep(STEP_MS).await;
            if !IS_READING.get() {
                left_ms -= STEP_MS;
            }
        }
        hide(number);
    });
}

fn hide(number: u32) {
    TOASTS.with(|toasts| {
        toasts.update(|toasts| {
            for toast in toasts.iter_mut().filter(|toast| toast.number == number) {
                toast.visible = false;
            }
        });
    });
}

/// The messages that are shown now; while somebody reads them, with pointer or keyboard, they all stay.
#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = TOASTS.with(Clone::clone);
    view! {
        <div
            class="toaster"
            role="status"
            aria-label=text::NOTIFICATIONS
            on:pointerenter=handler(|_| IS_READING.set(true))
            on:pointerleave=handler(|_| IS_READING.set(false))
            on:focusin=handler(|_| IS_READING.set(true))
            on:focusout=handler(|_| IS_READING.set(false))
        >
            {move || toasts.get().into_iter().filter(|toast| toast.visible).rev().map(card).collect_view()}
        </div>
    }
}

fn card(toast: Toast) -> AnyView {
    let number = toast.number;
    let (icon, tone) = toast.tone.look();
    view! {
        <div class=format!("toast {tone}")>
            {icon.view()}
            <div>
                <p>{toast.message}</p>
                {details_list(toast.details)}
            </div>
            <button
                type="button"
                class="icon-button"
                aria-label=text::DISMISS
                on:click=handler(move |_| hide(number))
            >
                {Icon::Cross.view()}
            </button>
        </div>
    }
}

fn details_list(details: Vec<String>) -> Option<AnyView> {
    if details.is_empty() {
        return None;
    }
    let lines = details.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    Some(view! { <ul>{lines}</ul> })
}

/// A bell with the messages of this visit.
#[component]
pub fn NotificationList() -> impl IntoView {
    view! {
        <Dropdown
            id="notifications"
            button_class="icon-button"
            label=text::NOTIFICATIONS
            button=|| Icon::Bell.view()
            width=340
        >
            {move || {
                let toasts = TOASTS.with(Clone::clone).get();
                if toasts.is_empty() {
                    return view! { <p class="quiet popover-text">{text::NO_NOTIFICATIONS}</p> };
                }
                let items = toasts
                    .into_iter()
                    .map(|toast| {
                        let (icon, tone) = toast.tone.look();
                        view! {
                            <li class=format!("notification {tone}")>
                                {icon.view()}
                                <div>
                                    <p>{toast.message}</p>
                                    {details_list(toast.details)}
                                    <p class="quiet"><Ago at=toast.at /></p>
                                </div>
                            </li>
                        }
                    })
                    .collect_view();
                view! { <ul class="notifications">{items}</ul> }
            }}
        </Dropdown>
    }
}
