//! Thin, typed wrappers around what the browser offers; nothing in here knows of orders.

use crate::prelude::{document, window};
use chrono::{DateTime, Utc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, HtmlElement, Url, VisibilityState};

/// The browser's clock.
pub fn now() -> DateTime<Utc> {
    // Milliseconds since 1970 fit an i64 for longer than chrono counts.
    DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
}

/// Minutes by which the user's zone is ahead of UTC at that moment; summer time included.
pub fn zone_offset_minutes(at: DateTime<Utc>) -> i32 {
    let date = js_sys::Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
    -(date.get_timezone_offset() as i32)
}

/// The user's zone by its IANA name, such as `Europe/Paris`; empty where the browser does not tell.
pub fn zone_name() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &JsValue::from_str("timeZone"))
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_default()
}

/// Whether this browser keeps preferences at all.
pub fn keeps_notes() -> bool {
    window().local_storage().is_ok_and(|storage| storage.is_some())
}

/// A preference kept in this browser.
pub fn stored(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Keeps a preference in this browser; without a value it is forgotten. A browser that refuses is obeyed.
pub fn store(key: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = match value {
            Some(value) => storage.set_item(key, value),
            None => storage.remove_item(key),
        };
    }
}

/// A key that nobody has used before, and nobody can guess.
///
/// It is made of the browser's random bytes, for `crypto.randomUUID` exists on secure origins only.
pub fn random_key() -> String {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        // Fails only for more bytes than these.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts text on the clipboard; tells whether the browser let us.
pub async fn copy(text: &str) -> bool {
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

/// Has the browser save a file under this name; tells whether it could be handed over.
pub fn save(file: &Blob, name: &str) -> bool {
    let Ok(address) = Url::create_object_url_with_blob(file) else { return false };
    let link = document().create_element("a").ok().and_then(|it| it.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(link) = &link {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    // The browser has its own hold on the file by now; fails for no address that was just made.
    let _ = Url::revoke_object_url(&address);
    link.is_some()
}

/// Whether nobody can see the page now.
pub fn is_hidden() -> bool {
    document().visibility_state() == VisibilityState::Hidden
}

/// Waits.
pub async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    // The promise of a timer cannot be rejected.
    let _ = JsFuture::from(promise).await;
}

/// What follows the number sign in the address bar; no server sees it.
pub fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix('#').unwrap_or_default().to_owned()
}

/// The first element that matches a CSS selector.
pub fn element(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Moves the keyboard to the first element that matches; scrolling is left to the caller.
pub fn focus(selector: &str) -> bool {
    element(selector).is_some_and(|element| element.focus().is_ok())
}

/// Keeps the keyboard where it is while the page around it is drawn anew: on the element of the same id.
pub fn keep_focus() {
    let Some(id) = document().active_element().map(|element| element.id()).filter(|id| !id.is_empty()) else {
        return;
    };
    crate::prelude::request_animation_frame(move || {
        let is_lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        if let (true, Some(element)) = (is_lost, document().get_element_by_id(&id))
            && let Ok(element) = element.dyn_into::<HtmlElement>()
        {
            // Fails for no element that is on the page.
            let _ = element.focus();
        }
    });
}

/// How far the page is scrolled down, in CSS pixels.
pub fn scroll_top() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// Whether single keys belong to what has the keyboard: a field, an open dialog, or an open menu.
pub fn is_typing(target: Option<web_sys::EventTarget>) -> bool {
    let in_field = target
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .and_then(|element| element.closest("input:not([type=checkbox]), textarea, select").ok().flatten())
        .is_some();
    in_field || element("dialog[open], [popover]:popover-open").is_some()
}

/// When the user's day began that is so many days before today.
pub fn midnight(days_ago: i32) -> DateTime<Utc> {
    let today = js_sys::Date::new_0();
    time_of(&js_sys::Date::new_with_year_month_day(
        today.get_full_year(),
        today.get_month() as i32,
        today.get_date() as i32 - days_ago,
    ))
}

/// When the day of a date field (`2026-11-23`) begins in the user's zone, or the day after it.
pub fn midnight_of(date: &str, days_later: i32) -> Option<DateTime<Utc>> {
    let mut parts = date.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: i32 = parts.next()?.parse().ok()?;
    let day: i32 = parts.next()?.parse().ok()?;
    Some(time_of(&js_sys::Date::new_with_year_month_day(year, month - 1, day + days_later)))
}

/// The user's day at that moment, as a date field wants it.
pub fn date_field(at: DateTime<Utc>) -> String {
    let local = at + chrono::TimeDelta::minutes(i64::from(zone_offset_minutes(at)));
    local.date_naive().to_string()
}

fn time_of(date: &js_sys::Date) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(date.get_time() as i64).unwrap_or_default()
}

/// Names the tab.
pub fn set_title(page: &str) {
    document().set_title(&format!("{page} · orderbridge"));
}

/// Loads the page anew.
pub fn reload() {
    // Fails only where scripts may not navigate.
    let _ = window().location().reload();
}

/// Loads the style sheet whose address a `meta` element of that name tells, and tells whether it is there. Where no
/// element does, the page has all its styles.
pub async fn load_styles(name: &str) -> bool {
    let meta = element(&format!("meta[name={name}]"));
    let Some(address) = meta.and_then(|meta| meta.get_attribute("content")) else { return true };
    if element(&format!("link[href='{address}']")).is_some() {
        return true;
    }
    let (Some(head), Ok(link)) = (document().head(), document().create_element("link")) else { return false };
    let loaded = js_sys::Promise::new(&mut |loaded, failed| {
        for (name, value) in [("rel", "stylesheet"), ("href", &address)] {
            // Fails only for names that are none.
            let _ = link.set_attribute(name, value);
        }
        let _ = link.add_event_listener_with_callback("load", &loaded);
        let _ = link.add_event_listener_with_callback("error", &failed);
        let _ = head.append_child(&link);
    });
    let is_loaded = JsFuture::from(loaded).await.is_ok();
    if !is_loaded {
        // So that the next attempt makes one.
        link.remove();
    }
    is_loaded
}
