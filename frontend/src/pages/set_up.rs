use crate::prelude::*;
use shared::{Session, SetUp};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::frame::{Logo, title};
use crate::load::Request;
use crate::markup::{handler, view};
use crate::{api, browser, navigation, session, text};

/// Shorter passwords are refused.
const MIN_PASSWORD: usize = 12;

pub fn view() -> AnyView {
    view! { <SetUpPage /> }
}

/// Creates the first admin, with the token of the link that the server printed.
#[component]
fn SetUpPage() -> impl IntoView {
    let token = browser::fragment().strip_prefix("token=").unwrap_or_default().to_owned();
    let has_token = !token.is_empty();
    title(|| text::SET_UP.to_owned());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let request = Request::new();
    let set_up = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = SetUp {
            token: token.clone(),
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        request.run(api::set_up(&body), move |session: Session| {
            session::begin(session);
            // The token is used up and must not stay in the history.
            navigation::replace("/orders");
        });
    };
    view! {
        <div class="sign-in">
            <Logo />
            <form class="card" on:submit=handler(set_up)>
                <h1>{text::SET_UP}</h1>
                <p class="quiet">{text::SET_UP_MORE}</p>
                {(!has_token)
                    .then(|| view! { <p class="note bad">{Icon::ErrorCircle.view()} <span>{text::NO_SETUP_TOKEN}</span></p> })}
                {move || {
                    request
                        .failure
                        .get()
                        .map(|failure| view! { <FailureNote title=text::NOT_SET_UP failure /> })
                }}
                <label class="field">
                    <span>{text::EMAIL}</span>
                    <input
                        type="email"
                        prop:required=true
                        prop:maxLength="254"
                        prop:autocomplete="username"
                        on:input=handler(move |event| email.set(event_target_value(&event)))
                    />
                </label>
                <label class="field">
                    <span>{text::PASSWORD}</span>
                    <input
                        type="password"
                        prop:required=true
                        prop:minLength=MIN_PASSWORD.to_string()
                        prop:maxLength="128"
                        prop:autocomplete="new-password"
                        aria-describedby="password-hint"
                        on:input=handler(move |event| password.set(event_target_value(&event)))
                    />
                    <small id="password-hint" class="quiet">{text::PASSWORD_HINT}</small>
                </label>
                <button type="submit" class="button primary wide" prop:disabled=move || request.busy.get() || !has_token>
                    {text::CREATE_ADMIN}
                </button>
            </form>
        </div>
    }
}
