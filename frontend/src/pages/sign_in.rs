use crate::prelude::*;
use shared::{Session, SignIn};

use crate::api::Failure;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::frame::{Logo, title};
use crate::load::Request;
use crate::markup::{Show, handler, view};
use crate::session::{self, SessionState};
use crate::{api, browser, navigation, text};

/// E-mail and password; afterwards the page that was wanted.
#[component]
pub fn SignInPage() -> impl IntoView {
    let next = local_path(navigation::parameter("next"));
    let ended = navigation::parameter("ended").is_some();
    let state = session::state();
    // Also when an earlier session was resumed meanwhile.
    Effect::new(move |_| {
        if matches!(state.get(), SessionState::SignedIn(_)) {
            navigation::replace(&next);
        }
    });
    title(|| text::SIGN_IN.to_owned());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let code = RwSignal::new(None::<String>);
    let request = Request::new();
    Effect::new(move |_| {
        // The password was right; what is missing is no failure.
        if request.failure.with(|it| it.as_ref().and_then(Failure::code) == Some("second_factor_needed")) {
            code.set(Some(String::new()));
            request.failure.set(None);
            request_animation_frame(|| {
                browser::focus("#code");
            });
        }
    });
    let sign_in = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = SignIn {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            code: code.get_untracked(),
        };
        request.run(api::sign_in(&body), |session: Session| session::begin(session));
    };
    view! {
        <main class="sign-in">
            <Logo />
            <form class="card" on:submit=handler(sign_in)>
                <h1>{text::SIGN_IN}</h1>
                {ended.then(|| view! { <p class="note">{Icon::Info.view()} <span>{text::SESSION_ENDED}</span></p> })}
                {move || {
                    request
                        .failure
                        .get()
                        .map(|failure| view! { <FailureNote title=text::NOT_SIGNED_IN failure /> })
                }}
                <label class="field">
                    <span>{text::EMAIL}</span>
                    <input
                        type="email"
                        prop:name="email"
                        prop:required=true
                        prop:maxLength="254"
                        prop:autocomplete="username"
                        prop:autofocus=true
                        on:input=handler(move |event| email.set(event_target_value(&event)))
                    />
                </label>
                <label class="field">
                    <span>{text::PASSWORD}</span>
                    <input
                        type="password"
                        prop:name="password"
                        prop:required=true
                        prop:maxLength="128"
                        prop:autocomplete="current-password"
                        on:input=handler(move |event| password.set(event_target_value(&event)))
                    />
                </label>
                <Show when=move || code.with(Option::is_some)>
                    <label class="field">
                        <span>{text::CODE}</span>
                        <input
                            id="code"
                            type="text"
                            prop:required=true
                            prop:maxLength="32"
                            prop:autocomplete="one-time-code"
                            on:input=handler(move |event| code.set(Some(event_target_value(&event))))
                        />
                        <small class="quiet">{text::CODE_OR_RECOVERY_CODE}</small>
                    </label>
                </Show>
                <button type="submit" class="button primary wide" prop:disabled=move || request.busy.get()>
                    {move || if request.busy.get() { text::SIGNING_IN } else { text::SIGN_IN }}
                </button>
            </form>
            <p class="quiet">{text::TAGLINE}</p>
        </main>
    }
}

pub fn view() -> AnyView {
    view! { <SignInPage /> }
}

/// Where to go after signing in: only ever a page of this site.
fn local_path(next: Option<String>) -> String {
    let is_local = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.starts_with("/sign-in")
    };
    next.filter(is_local).unwrap_or_else(|| "/orders".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_leaves_the_site() {
        let cases = [
            (Some("/orders?status=error"), "/orders?status=error"),
            (Some("//evil.example"), "/orders"),
            (Some("https://evil.example"), "/orders"),
            (Some("/\\evil.example"), "/orders"),
            (Some("/sign-in?next=/sign-in"), "/orders"),
            (None, "/orders"),
        ];

        for (next, path) in cases {
            assert_eq!(local_path(next.map(str::to_owned)), path, "{next:?}");
        }
    }
}
