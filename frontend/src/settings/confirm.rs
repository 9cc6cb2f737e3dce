//! A step that cannot be taken back: a button, then in its place the question, which names the object and the effect.

use crate::prelude::*;

use crate::components::failure::FailureNote;
use crate::load::Request;
use crate::markup::{handler, view};
use crate::{browser, text};

/// What is asked before a step.
pub struct Question {
    /// Unique on the page.
    pub id: String,
    /// The words on the button that asks for the step.
    pub ask: &'static str,
    /// What the button is called for those who do not see what it stands beside.
    pub label: String,
    /// Names the object and the effect.
    pub sentence: String,
    /// The words on the button that takes the step.
    pub act: &'static str,
}

/// The button of a question, and the question once it is pressed. The step is sent through `request`.
pub fn confirmed(question: Question, request: Request, act: impl Fn() + Send + Sync + 'static) -> AnyView {
    let Question { id, ask, label, sentence, act: act_words } = question;
    let open = RwSignal::new(false);
    let act = Callback::new(move |()| act());
    let to_question = format!("#{id}-question button");
    let to_button = format!("#{id}");
    let asked = Callback::new(move |()| {
        request.failure.set(None);
        open.set(true);
        focus_when_drawn(to_question.clone());
    });
    let kept = Callback::new(move |()| {
        open.set(false);
        focus_when_drawn(to_button.clone());
    });
    let seen = move || {
        if !open.get() {
            return view! {
                <button
                    type="button"
                    id=id.clone()
                    class="button small"
                    aria-label=label.clone()
                    on:click=handler(move |_: web_sys::MouseEvent| asked.run(()))
                >
                    {ask}
                </button>
            };
        }
        view! {
            <div class="question" id=format!("{id}-question") role="group" aria-label=label.clone()>
                <p>{sentence.clone()}</p>
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::NOT_DONE failure /> })}
                <div class="form-actions">
                    <button
                        type="button"
                        class="button small"
                        on:click=handler(move |_: web_sys::MouseEvent| kept.run(()))
                    >
                        {text::KEEP}
                    </button>
                    <button
                        type="button"
                        class="button small grave"
                        prop:disabled=move || request.busy.get()
                        on:click=handler(move |_: web_sys::MouseEvent| act.run(()))
                    >
                        {act_words}
                    </button>
                </div>
            </div>
        }
    };
    view! { {move || seen()} }
}

fn focus_when_drawn(selector: String) {
    request_animation_frame(move || {
        browser::focus(&selector);
    });
}
