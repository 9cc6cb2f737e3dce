//! A secret that is shown once.

use crate::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::markup::{handler, view};
use crate::text;

/// The secret with a button to copy it, why it must be kept now, and the button that says that it was.
pub fn shown_once(what: &'static str, secret: String, why: &'static str, done: Callback<()>) -> AnyView {
    view! {
        <div class="once">
            <p class="note">{Icon::Alert.view()} <span>{why}</span></p>
            <p class="secret"><code>{secret.clone()}</code> <CopyButton value=secret what=what /></p>
            <div class="form-actions">
                <button type="button" class="button primary" on:click=handler(move |_: web_sys::MouseEvent| done.run(()))>
                    {text::I_HAVE_KEPT_IT}
                </button>
            </div>
        </div>
    }
}
