//! Where the page is: the address bar as a signal, and the links that change it.
//!
//! This is all that this page needs of a router; `leptos_router`, which does much more, would cost every first visit
//! 30 kB.

use crate::prelude::*;
use leptos::ev;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAnchorElement, MouseEvent};

use crate::route::Route;

/// Path and query of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    pub path: String,
    /// What follows the question mark.
    pub search: String,
}

impl Address {
    /// The address as a link within the site.
    pub fn href(&self) -> String {
        let question_mark = if self.search.is_empty() { "" } else { "?" };
        format!("{}{question_mark}{}", self.path, self.search)
    }

    fn of_browser() -> Self {
        let location = window().location();
        let search = location.search().unwrap_or_default();
        Self {
            path: location.pathname().unwrap_or_default(),
            search: search.strip_prefix('?').unwrap_or_default().to_owned(),
        }
    }
}

thread_local! {
    static ADDRESS: ArcRwSignal<Address> = ArcRwSignal::new(Address::of_browser());
}

/// Where the page is, as a signal.
pub fn address() -> Address {
    ADDRESS.with(ArcRwSignal::get)
}

/// Where the page is now.
pub fn address_untracked() -> Address {
    ADDRESS.with(ArcRwSignal::get_untracked)
}

/// The value of a parameter of the query.
pub fn parameter(name: &str) -> Option<String> {
    let pairs = crate::grid_query::pairs(&address_untracked().search);
    pairs.into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

/// Goes to another page, at its top.
pub fn go(href: &str) {
    change(href);
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Changes the address without moving the page.
pub fn change(href: &str) {
    if let Ok(history) = window().history() {
        // Fails only for other origins, and when a script floods the history.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(href));
    }
    follow();
}

/// Changes the address so that Back does not return to this one.
pub fn replace(href: &str) {
    if let Ok(history) = window().history() {
        // Fails only for other origins, and when a script floods the history.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(href));
    }
    follow();
}

/// Follows the address bar and the links on the page; to be called once, when the page starts.
pub fn start() {
    // The listeners live as long as the page.
    let _ = window_event_listener(ev::popstate, |_| follow());
    let _ = window_event_listener(ev::click, |event| {
        let Some(link) = link_of(&event) else { return };
        event.prevent_default();
        let href = format!("{}{}", link.pathname(), link.search());
        if link.has_attribute("data-noscroll") { change(&href) } else { go(&href) }
    });
}

fn follow() {
    let address = Address::of_browser();
    ADDRESS.with(|current| {
        if current.with_untracked(|current| *current != address) {
            current.set(address);
        }
    });
}

/// The link that a click is meant to follow inside this page; everything else is the browser's business.
fn link_of(event: &MouseEvent) -> Option<HtmlAnchorElement> {
    let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
    if event.default_prevented() || event.button() != 0 || modified {
        return None;
    }
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let is_here = window().location().origin().is_ok_and(|origin| origin == link.origin());
    let is_ours = Route::of(&link.pathname()) != Route::Unknown;
    let is_plain = link.target().is_empty() && link.hash().is_empty() && !link.has_attribute("download");
    (is_here && is_ours && is_plain).then_some(link)
}
