//! A button with a panel below it, on the browser's own popover: Escape and a click elsewhere close it.

use crate::markup::{Show, handler, view};
use crate::prelude::*;
use js_sys::Reflect;
use leptos::html;
use wasm_bindgen::JsValue;
use web_sys::{DomRect, Event};

/// Space kept between a panel and the edge of the window, in CSS pixels.
const MARGIN: f64 = 8.0;
/// A panel opens upwards when less than this is free below its button and more above, in CSS pixels.
const ROOM: f64 = 320.0;

/// Where a panel goes, relative to the page, in CSS pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Place {
    pub left: i32,
    pub top: Option<i32>,
    pub bottom: Option<i32>,
    /// What is free on that side of the button.
    pub room: i32,
}

impl Place {
    /// Beside a button, inside the window.
    pub fn beside(anchor: &DomRect, width: i32) -> Self {
        let window = window();
        // Without the scroll bars, which would cover what lies below them.
        let root = document().document_element();
        let (inner_width, inner_height) = root
            .map_or((800.0, 800.0), |root| (f64::from(root.client_width()), f64::from(root.client_height())));
        let (scroll_x, scroll_y) =
            (window.scroll_x().unwrap_or_default(), window.scroll_y().unwrap_or_default());
        let left = anchor.left().min(inner_width - f64::from(width) - MARGIN).max(MARGIN) + scroll_x;
        let left = left as i32;
        if inner_height - anchor.bottom() < ROOM && anchor.top() > inner_height - anchor.bottom() {
            let bottom = inner_height - anchor.top() + 4.0 - scroll_y;
            let room = (anchor.top() - 2.0 * MARGIN) as i32;
            return Self { left, top: None, bottom: Some(bottom as i32), room };
        }
        let top = anchor.bottom() + 4.0 + scroll_y;
        let room = (inner_height - anchor.bottom() - 2.0 * MARGIN) as i32;
        Self { left, top: Some(top as i32), bottom: None, room }
    }

    pub fn left_style(&self) -> String {
        format!("{}px", self.left)
    }

    pub fn top_style(&self) -> String {
        self.top.map_or_else(|| "auto".to_owned(), |top| format!("{top}px"))
    }

    /// Panels scroll inside rather than leave the window; one that finds hardly any room leaves it all the same.
    pub fn height_style(&self) -> String {
        format!("{}px", self.room.max(ROOM as i32 - 40))
    }

    pub fn bottom_style(&self) -> String {
        self.bottom.map_or_else(|| "auto".to_owned(), |bottom| format!("{bottom}px"))
    }
}

/// Whether a `toggle` or `beforetoggle` event opens its popover.
pub fn opens(event: &Event) -> bool {
    Reflect::get(event, &JsValue::from_str("newState")).is_ok_and(|state| state == "open")
}

/// Lets the content of a dropdown close it.
#[derive(Clone, Copy)]
pub struct CloseDropdown(NodeRef<html::Div>);

impl CloseDropdown {
    pub fn close(self) {
        if let Some(panel) = self.0.get_untracked() {
            // Fails only when it is closed already.
            let _ = panel.hide_popover();
        }
    }
}

/// A button and its panel. The panel's content is made when it opens.
#[component]
pub fn Dropdown(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    #[prop(into)] button_class: Signal<String>,
    /// The accessible name, where the button's content does not say it.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(into)] button: ViewFn,
    /// Width of the panel in CSS pixels.
    #[prop(default = 260)]
    width: i32,
    children: ChildrenFn,
) -> impl IntoView {
    let anchor = NodeRef::<html::Button>::new();
    let panel = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    let place = RwSignal::new(Place::default());
    provide_context(CloseDropdown(panel));
    let before = move |event: Event| {
        if let (true, Some(anchor)) = (opens(&event), anchor.get_untracked()) {
            place.set(Place::beside(&anchor.get_bounding_client_rect(), width));
            open.set(true);
        }
    };
    view! {
        <button
            type="button"
            class=move || button_class.get()
            popovertarget=id.clone()
            aria-label=label
            aria-expanded=move || open.get().to_string()
            node_ref=anchor
        >
            {move || button.run()}
        </button>
        <div
            id=id
            popover="auto"
            class="popover"
            node_ref=panel
            style:left=move || place.get().left_style()
            style:top=move || place.get().top_style()
            style:bottom=move || place.get().bottom_style()
            style:width=move || format!("{width}px")
            style:max-height=move || place.get().height_style()
            on:beforetoggle=before
            on:toggle=handler(move |event: Event| open.set(opens(&event)))
        >
            <Show when=move || open.get()>{children()}</Show>
        </div>
    }
}
