//! How views are written here so that the page stays small: with the types of their parts erased.
//!
//! Leptos compiles a view into one large type, and code that builds and changes exactly that type. That is fast, and
//! many times the size of code which is shared: this page would weigh half as much again. A page that phones load has
//! more use for the bytes.

use crate::prelude::*;

/// Leptos' own `view!`, with the type of the result erased at once.
///
/// Inside, what changes is written `name=move || signal.get()` and not `name=signal`: closures share one type, and
/// each kind of signal would bring its own. What few elements have is set as a property, `prop:maxLength` rather than
/// `maxlength`: properties are names, where Leptos makes a type of each attribute.
macro_rules! erased_view {
    ($($tokens:tt)*) => { ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { $($tokens)* }) };
}
pub(crate) use erased_view as view;

/// An event handler with its type erased, for the same reason as in [`view!`].
pub fn handler<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}

/// What `aria-current` says of a link in a navigation.
pub fn current_page(is_current: bool) -> String {
    if is_current { "page" } else { "false" }.to_owned()
}

/// One of a list of views; as long as its key is in the list, it stays as it is.
pub struct Keyed {
    pub key: i64,
    pub view: Box<dyn Fn() -> AnyView + Send + Sync>,
}

impl Keyed {
    pub fn new(key: i64, view: impl Fn() -> AnyView + Send + Sync + 'static) -> Self {
        Self { key, view: Box::new(view) }
    }
}

/// Leptos' own `For`, compiled once instead of once for each use.
pub fn keyed_list(items: impl Fn() -> Vec<Keyed> + Send + Sync + 'static) -> AnyView {
    let items: Box<dyn Fn() -> Vec<Keyed> + Send + Sync> = Box::new(items);
    view! { <For each=items key=|item: &Keyed| item.key children=|item: Keyed| (item.view)() /> }
}

/// Leptos' own `Show`, compiled once instead of once for each use.
#[component]
pub fn Show(#[prop(into)] when: Signal<bool>, children: ChildrenFn) -> impl IntoView {
    let when = Memo::new(move |_| when.get());
    view! { {move || if when.get() { children() } else { ().into_any() }} }
}
