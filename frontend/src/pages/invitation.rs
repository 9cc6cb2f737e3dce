//! Where the link of an invitation leads: somebody chooses a password and is signed in.

use crate::prelude::*;
use shared::{AcceptInvitation, Session};

use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField};
use crate::components::icon::Icon;
use crate::frame::{Logo, title};
use crate::load::Request;
use crate::markup::{handler, view};
use crate::{api, browser, navigation, session, text};

pub fn view() -> AnyView {
    view! { <InvitationPage /> }
}

#[component]
fn InvitationPage() -> impl IntoView {
    title(|| text::INVITATION.to_owned());
    // After the number sign, so that no server and no log ever sees it.
    let token = browser::fragment().strip_prefix("token=").unwrap_or_default().to_owned();
    let has_token = !token.is_empty();
    let password = RwSignal::new(String::new());
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let accept = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = AcceptInvitation { token: token.clone(), password: password.get_untracked() };
        request.run(api::accept_invitation(&body), |session: Session| {
            session::begin(session);
            // The token is used up and must not stay in the history.
            navigation::replace("/orders");
        });
    };
    view! {
        <div class="sign-in">
            <Logo />
            <form class="card" on:submit=handler(accept)>
                <h1>{text::INVITATION}</h1>
                <p class="quiet">{text::INVITATION_MORE}</p>
                {(!has_token).then(|| view! {
                    <p class="note bad">{Icon::ErrorCircle.view()} <span>{text::NO_INVITATION_TOKEN}</span></p>
                })}
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::INVITATION_NOT_ACCEPTED failure /> })}
                <TextField
                    label=text::PASSWORD
                    value=password
                    kind="password"
                    required=true
                    pointer="/password"
                    hint=text::PASSWORD_HINT
                />
                <button
                    type="submit"
                    class="button primary wide"
                    prop:disabled=move || request.busy.get() || !has_token
                >
                    {text::ACCEPT_INVITATION}
                </button>
            </form>
        </div>
    }
}
