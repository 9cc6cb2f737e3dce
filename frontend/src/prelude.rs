//! What views and signals need, in place of Leptos' own prelude: the same, but for attributes and events.
//!
//! Leptos makes a type of each attribute and of each event, and compiles each type with each kind of value anew. Here
//! the attributes that every element may have, and all events, are names and no types; that alone makes the page a
//! twentieth smaller.

pub use leptos::prelude::{
    AnyView, ArcRwSignal, Callable, Callback, ChildrenFn, ClassAttribute, CollectView, CustomAttribute,
    Effect, ElementChild, For, IntoAny, IntoView, Memo, NodeRef, NodeRefAttribute, PropAttribute, RwSignal,
    Signal, StoredValue, StyleAttribute, ViewFn, component, document, event_target_checked,
    event_target_value, on_cleanup, provide_context, request_animation_frame, set_timeout_with_handle,
    untrack, use_context, window, window_event_listener,
};
pub use leptos::reactive::prelude::*;

use leptos::tachys::html::attribute::AttributeValue;
use leptos::tachys::html::attribute::custom::CustomAttr;
use leptos::tachys::html::event::{Custom, EventDescriptor, On, on};
use leptos::tachys::view::add_attr::AddAnyAttr;
use wasm_bindgen::JsCast;
use web_sys::Event;

/// Declares the attributes that any element may have, by the names that `view!` calls them and their own.
macro_rules! attributes {
    ($($method:ident $name:literal)+) => {
        /// Attributes that any element may have.
        pub trait PlainAttributes: AddAnyAttr + Sized {
            $(fn $method<V: AttributeValue>(self, value: V) -> Self::Output<CustomAttr<&'static str, V>> {
                self.attr($name, value)
            })+
        }
    };
}

attributes! {
    aria_busy "aria-busy"
    aria_current "aria-current"
    aria_describedby "aria-describedby"
    aria_disabled "aria-disabled"
    aria_expanded "aria-expanded"
    aria_haspopup "aria-haspopup"
    aria_hidden "aria-hidden"
    aria_invalid "aria-invalid"
    aria_keyshortcuts "aria-keyshortcuts"
    aria_label "aria-label"
    aria_live "aria-live"
    aria_pressed "aria-pressed"
    aria_selected "aria-selected"
    aria_sort "aria-sort"
    id "id"
    inputmode "inputmode"
    popover "popover"
    role "role"
    spellcheck "spellcheck"
    tabindex "tabindex"
    title "title"
}

impl<T: AddAnyAttr> PlainAttributes for T {}

/// A listener that hears of any event.
pub type Listener = Box<dyn FnMut(Event)>;

/// The listeners of an element.
pub trait PlainEvents: AddAnyAttr + Sized {
    fn on<E: EventDescriptor>(
        self,
        event: E,
        mut handle: impl FnMut(E::EventType) + 'static,
    ) -> Self::Output<On<Custom, Listener>>
    where
        E::EventType: JsCast,
    {
        let listener: Listener = Box::new(move |event| handle(event.unchecked_into()));
        self.add_any_attr(on(Custom::new(event.name()), listener))
    }
}

impl<T: AddAnyAttr> PlainEvents for T {}
