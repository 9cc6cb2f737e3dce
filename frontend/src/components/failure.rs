use crate::prelude::*;

use crate::api::Failure;
use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::markup::{handler, view};
use crate::text;

/// What went wrong, the next step, and the id to name when asking for help.
#[component]
pub fn FailureNote(
    /// What did not work, such as "The orders could not be loaded".
    #[prop(into)]
    title: String,
    failure: Failure,
    /// Tries again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let request_id = failure.request_id().map(str::to_owned);
    view! {
        <section class="note bad" role="alert">
            {Icon::ErrorCircle.view()}
            <div>
                <strong>{title}</strong>
                <p>{failure.sentence()}</p>
                {request_id
                    .map(|id| {
                        view! {
                            <p class="quiet">
                                "Request " <code>{id.clone()}</code>
                                <CopyButton value=id what="request id" />
                            </p>
                        }
                    })}
            </div>
            {retry
                .map(|retry| {
                    view! {
                        <button type="button" class="button" on:click=handler(move |_| retry.run(()))>
                            {text::TRY_AGAIN}
                        </button>
                    }
                })}
        </section>
    }
}
