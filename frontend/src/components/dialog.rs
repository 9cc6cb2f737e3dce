//! A modal dialog on the browser's own `dialog` element, which traps the keyboard and closes on Escape.

use crate::prelude::*;
use leptos::html;

use crate::components::icon::Icon;
use crate::markup::{Show, handler, view};
use crate::text;

/// A dialog that is open while the signal says so; its content lives only as long.
///
/// Whatever closes it in the browser calls `close`, which must make the signal say so.
#[component]
pub fn Dialog(
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] close: Callback<()>,
    #[prop(into)] title: Signal<String>,
    /// Further classes, such as `sheet`.
    #[prop(optional)]
    class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            // Fails only for an element outside the page; an effect runs after it was put there.
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    // The backdrop belongs to the dialog element, so a click on it has the dialog itself as target.
    let close_on_backdrop = move |event: web_sys::MouseEvent| {
        if event.target() == event.current_target() {
            close.run(());
        }
    };
    view! {
        <dialog
            class=format!("dialog {class}")
            aria-label=move || title.get()
            node_ref=dialog
            on:close=handler(move |_| close.run(()))
            on:click=handler(close_on_backdrop)
        >
            <Show when=move || open.get()>
                <div class="dialog-frame">
                    <header>
                        <h2>{move || title.get()}</h2>
                        <button
                            type="button"
                            class="icon-button"
                            aria-label=text::CLOSE
                            on:click=handler(move |_| close.run(()))
                        >
                            {Icon::Cross.view()}
                        </button>
                    </header>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
}
