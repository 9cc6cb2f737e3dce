//! The authenticator app: setting it up, its recovery codes, and taking it away.

use crate::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use shared::{ConfirmPassword, Profile, RecoveryCodes, SecondFactorCode, SecondFactorSetup};

use crate::components::copy_button::CopyButton;
use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::load::Request;
use crate::markup::{handler, view};
use crate::{api, text};

/// What is under way.
#[derive(Clone)]
pub enum Step {
    Rest,
    /// The password is asked for before this.
    Password(Wish),
    Scan(SecondFactorSetup),
    Codes(Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    SetUp,
    NewCodes,
    Remove,
}

/// How the account is protected, and what can be done about it; `changed` asks for the profile anew.
pub fn card(profile: Profile, step: RwSignal<Step>, changed: Callback<()>) -> AnyView {
    let is_missing = profile.second_factor_required && !profile.second_factor;
    let must = is_missing.then(
        || view! { <p class="note warn">{Icon::Alert.view()} <span>{text::SECOND_FACTOR_MUST}</span></p> },
    );
    let seen = move || match step.get() {
        Step::Rest => rest(&profile, step),
        Step::Password(wish) => view! { <PasswordFirst wish step changed /> },
        Step::Scan(setup) => view! { <Scan setup step changed /> },
        Step::Codes(codes) => kept_codes(codes, step),
    };
    view! {
        <section class="card second-factor">
            <h2>{text::SECOND_FACTOR}</h2>
            {must}
            {move || seen()}
        </section>
    }
}

fn rest(profile: &Profile, step: RwSignal<Step>) -> AnyView {
    let button = move |wish: Wish, label: &'static str, class: &'static str| {
        view! {
            <button
                type="button"
                class=class
                on:click=handler(move |_: web_sys::MouseEvent| step.set(Step::Password(wish)))
            >
                {label}
            </button>
        }
    };
    if !profile.second_factor {
        return view! {
            <p class="lead">{text::SECOND_FACTOR_MORE}</p>
            {button(Wish::SetUp, text::SET_UP_SECOND_FACTOR, "button primary")}
        };
    }
    let left = text::recovery_codes_left(profile.recovery_codes_left);
    let may_remove = !profile.second_factor_required;
    view! {
        <p class="lead">
            <span class="badge green">{Icon::CheckCircle.view()} {text::ON}</span> " " {left}
        </p>
        <div class="form-actions">
            {button(Wish::NewCodes, text::NEW_RECOVERY_CODES, "button")}
            {may_remove.then(|| button(Wish::Remove, text::REMOVE_SECOND_FACTOR, "button"))}
        </div>
    }
}

/// Asks for the password, for a stolen session must not be enough for this.
#[component]
fn PasswordFirst(wish: Wish, step: RwSignal<Step>, changed: Callback<()>) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let go_on = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = ConfirmPassword { password: password.get_untracked() };
        match wish {
            Wish::SetUp => {
                request.run(api::begin_second_factor(&body), move |setup| step.set(Step::Scan(setup)))
            }
            Wish::NewCodes => request.run(api::make_recovery_codes(&body), move |new: RecoveryCodes| {
                step.set(Step::Codes(new.codes));
                changed.run(());
            }),
            Wish::Remove => request.run(api::remove_second_factor(&body), move |()| {
                toast::show(Tone::Good, text::SECOND_FACTOR_REMOVED);
                step.set(Step::Rest);
                changed.run(());
            }),
        }
    };
    let (sentence, act, class) = match wish {
        Wish::SetUp => (text::PASSWORD_FOR_SET_UP, text::GO_ON, "button primary"),
        Wish::NewCodes => (text::PASSWORD_FOR_CODES, text::NEW_RECOVERY_CODES, "button primary"),
        Wish::Remove => (text::PASSWORD_FOR_REMOVAL, text::REMOVE_SECOND_FACTOR, "button grave"),
    };
    view! {
        <form class="settings" on:submit=handler(go_on)>
            <p class="lead">{sentence}</p>
            <TextField label=text::CURRENT_PASSWORD value=password kind="password" required=true pointer="/password" />
            {move || request.failure.get().map(|failure| view! { <FailureNote title=text::NOT_DONE failure /> })}
            <div class="form-actions">
                <button type="submit" class=class prop:disabled=move || request.busy.get()>{act}</button>
                <button type="button" class="button" on:click=handler(move |_: web_sys::MouseEvent| step.set(Step::Rest))>
                    {text::NOT_NOW}
                </button>
            </div>
        </form>
    }
}

/// Shows the secret to the app, and lets a code prove that it took it.
#[component]
fn Scan(setup: SecondFactorSetup, step: RwSignal<Step>, changed: Callback<()>) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let confirm = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = SecondFactorCode { code: code.get_untracked().trim().to_owned() };
        request.run(api::confirm_second_factor(&body), move |new: RecoveryCodes| {
            step.set(Step::Codes(new.codes));
            changed.run(());
        });
    };
    view! {
        <form class="settings" on:submit=handler(confirm)>
            <p class="lead">{text::SCAN_THIS}</p>
            <div class="scan">
                {qr_code(&setup.uri)}
                <div>
                    <p class="quiet">{text::OR_TYPE_THIS}</p>
                    <p class="secret"><code>{in_groups(&setup.secret)}</code> <CopyButton value=setup.secret what="the key" /></p>
                    <TextField label=text::CODE value=code required=true pointer="/code" hint=text::CODE_HINT />
                </div>
            </div>
            {move || request.failure.get().map(|failure| view! { <FailureNote title=text::NOT_DONE failure /> })}
            <div class="form-actions">
                <button type="submit" class="button primary" prop:disabled=move || request.busy.get()>{text::CONFIRM_CODE}</button>
                <button type="button" class="button" on:click=handler(move |_: web_sys::MouseEvent| step.set(Step::Rest))>
                    {text::NOT_NOW}
                </button>
            </div>
        </form>
    }
}

fn kept_codes(codes: Vec<String>, step: RwSignal<Step>) -> AnyView {
    let all = codes.join("\n");
    let items = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <div class="once">
            <p class="note">{Icon::Alert.view()} <span>{text::RECOVERY_CODES_ONCE}</span></p>
            <ul class="recovery-codes">{items}</ul>
            <div class="form-actions">
                <button type="button" class="button primary" on:click=handler(move |_: web_sys::MouseEvent| step.set(Step::Rest))>
                    {text::I_HAVE_KEPT_THEM}
                </button>
                <CopyButton value=all what="all recovery codes" />
            </div>
        </div>
    }
}

/// A picture that the app reads; dark on light in every theme, as readers want it.
fn qr_code(uri: &str) -> Option<AnyView> {
    // Fails only for text longer than any code holds; then there is still the key.
    let code = QrCode::encode_text(uri, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let view_box = format!("-4 -4 {0} {0}", size + 8);
    Some(view! {
        <svg class="qr-code" viewBox=view_box role="img" aria-label=text::QR_CODE>
            <path d=dark_modules(size, |x, y| code.get_module(x, y))></path>
        </svg>
    })
}

/// The dark squares as one path, a line for each run of them.
fn dark_modules(size: i32, is_dark: impl Fn(i32, i32) -> bool) -> String {
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let begin = x;
            while x < size && is_dark(x, y) {
                x += 1;
            }
            if x > begin {
                path.push_str(&format!("M{begin} {y}h{0}v1h-{0}z", x - begin));
            }
            x += 1;
        }
    }
    path
}

/// Four letters at a time, for those who type them.
fn in_groups(secret: &str) -> String {
    let letters: Vec<_> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_dark_squares_become_rectangles() {
        let rows = ["##.#", "....", "#...", "####"];

        let path = dark_modules(4, |x, y| rows[y as usize].as_bytes()[x as usize] == b'#');

        assert_eq!(path, "M0 0h2v1h-2zM3 0h1v1h-1zM0 2h1v1h-1zM0 3h4v1h-4z");
    }

    #[test]
    fn secrets_are_typed_in_groups_of_four() {
        assert_eq!(in_groups("JBSWY3DPEHPK3PXP"), "JBSW Y3DP EHPK 3PXP");
        assert_eq!(in_groups("ABCDE"), "ABCD E");
    }
}
