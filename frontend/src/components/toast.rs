//! Short messages at the edge of the page; they go by themselves and stay in the list of notifications.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::prelude::*;
use chrono::{DateTime, Utc};
use leptos::task::spawn_local;

use crate::components::dropdown::Dropdown;
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::markup::{Keyed, Show, handler, keyed_list, view};
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

/// What a message says.
#[derive(Clone)]
pub struct Said {
    pub tone: Tone,
    pub message: String,
    /// What can be done about it while it is shown.
    pub offer: Option<Offer>,
}

impl Said {
    pub fn new(tone: Tone, message: impl Into<String>) -> Self {
        Self { tone, message: message.into(), offer: None }
    }
}

/// A button inside a message.
#[derive(Clone)]
pub struct Offer {
    pub label: &'static str,
    /// When it is too late; the seconds left are counted down.
    pub until: Option<DateTime<Utc>>,
    pub accept: Arc<dyn Fn() + Send + Sync>,
}

/// Names a message, so that it can say something else later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToastId(u32);

#[derive(Clone)]
struct Toast {
    id: ToastId,
    /// Grows whenever it says something else.
    version: u32,
    said: Said,
    at: DateTime<Utc>,
    is_visible: bool,
    /// How long it still stays.
    left_ms: Arc<AtomicI32>,
}

thread_local! {
    static TOASTS: ArcRwSignal<Vec<Toast>> = ArcRwSignal::new(Vec::new());
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// Forgets every message, also those that are kept.
pub fn forget_all() {
    TOASTS.with(|toasts| toasts.update(Vec::clear));
}

/// Shows a message.
pub fn show(tone: Tone, message: impl Into<String>) -> ToastId {
    say(Said::new(tone, message))
}

/// Shows a message, perhaps with a button.
pub fn say(said: Said) -> ToastId {
    let id = ToastId(NEXT.replace(NEXT.get() + 1));
    change(id, said);
    id
}

/// Lets a message say how its story went on, and shows it again for its whole time.
pub fn change(id: ToastId, said: Said) {
    let left_ms = Arc::new(AtomicI32::new(SHOWN_MS));
    let at = clock::now_untracked();
    let mut toast = Toast { id, version: 0, said, at, is_visible: true, left_ms: left_ms.clone() };
    update(move |toasts| {
        if let Some(position) = toasts.iter().position(|other| other.id == id) {
            toast.version = toasts.remove(position).version + 1;
        }
        toasts.insert(0, toast);
        toasts.truncate(KEPT);
    });
    spawn_local(async move {
        while left_ms.load(Ordering::Relaxed) > 0 {
            browser::sleep(STEP_MS).await;
            if !IS_READING.get() {
                left_ms.fetch_sub(STEP_MS, Ordering::Relaxed);
            }
        }
        update(move |toasts| {
            // Unless it says something else by now, which has a time of its own.
            for toast in toasts.iter_mut().filter(|toast| Arc::ptr_eq(&toast.left_ms, &left_ms)) {
                toast.is_visible = false;
            }
        });
    });
}

fn update(change: impl FnOnce(&mut Vec<Toast>)) {
    TOASTS.with(|toasts| toasts.update(change));
}

/// The messages that are shown now; while somebody reads them, with pointer or keyboard, they all stay.
#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = TOASTS.with(Clone::clone);
    let visible = move || {
        let visible = toasts.get().into_iter().filter(|toast| toast.is_visible).rev();
        let keyed = |toast: Toast| {
            let key = i64::from(toast.id.0) << 32 | i64::from(toast.version);
            Keyed::new(key, move || card(toast.clone()))
        };
        visible.map(keyed).collect()
    };
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
            {keyed_list(visible)}
        </div>
    }
}

fn card(toast: Toast) -> AnyView {
    let left_ms = toast.left_ms;
    // The message's own clock ends it, so that there is one way to go.
    let dismiss = move |()| {
        IS_READING.set(false);
        left_ms.store(0, Ordering::Relaxed);
    };
    let dismiss = Callback::new(dismiss);
    let Said { tone, message, offer } = toast.said;
    let (icon, class) = tone.look();
    view! {
        <div class=format!("toast {class}")>
            {icon.view()}
            <p>{message}</p>
            {offer.map(|offer| offer_button(offer, dismiss))}
            <button
                type="button"
                class="icon-button"
                aria-label=text::DISMISS
                on:click=handler(move |_| dismiss.run(()))
            >
                {Icon::Cross.view()}
            </button>
        </div>
    }
}

fn offer_button(offer: Offer, dismiss: Callback<()>) -> AnyView {
    let Offer { label, until, accept } = offer;
    let is_open = RwSignal::new(true);
    let countdown = RwSignal::new(String::new());
    if let Some(until) = until {
        spawn_local(async move {
            loop {
                let seconds = (until - clock::now_untracked()).num_milliseconds().div_euclid(1_000) + 1;
                if seconds < 1 || countdown.try_set(format!(" {seconds} s")).is_some() {
                    break;
                }
                browser::sleep(STEP_MS).await;
            }
            is_open.try_set(false);
        });
    }
    let press = move || {
        accept();
        dismiss.run(());
    };
    let press = Arc::new(press);
    view! {
        <Show when=move || is_open.get()>
            {
                let press = press.clone();
                view! {
                    <button type="button" class="button small" on:click=handler(move |_| press())>
                        {label}
                        <span aria-hidden="true">{move || countdown.get()}</span>
                    </button>
                }
            }
        </Show>
    }
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
                        let Said { tone, message, .. } = toast.said;
                        let (icon, tone) = tone.look();
                        view! {
                            <li class=format!("notification {tone}")>
                                {icon.view()}
                                <div>
                                    <p>{message}</p>
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
