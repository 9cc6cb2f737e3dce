//! One's own account: password, second factor and sessions.

use crate::prelude::*;
use shared::{ChangePassword, Profile, UserSession};

use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField};
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::settings::confirm::{Question, confirmed};
use crate::settings::listing::{Nothing, cell, listing, table};
use crate::{api, text};

use second_factor::Step;

mod second_factor;

pub fn view() -> AnyView {
    view! { <AccountPage /> }
}

#[component]
fn AccountPage() -> impl IntoView {
    title(|| text::YOUR_ACCOUNT.to_owned());
    let profile = Load::<Profile>::new();
    let reload = Callback::new(move |()| profile.run(api::profile()));
    reload.run(());
    let step = RwSignal::new(Step::Rest);
    let failure = move || {
        let failure = profile.request.failure.get();
        failure.map(|failure| view! { <FailureNote title=text::ACCOUNT_NOT_LOADED failure retry=reload /> })
    };
    let who = move || {
        profile.value.get().map(|it| {
            view! { <p class="lead"><bdi>{it.email}</bdi> " · " {text::role(it.role)}</p> }
        })
    };
    view! {
        <div class="page narrow-page">
            <header class="page-header"><h1>{text::YOUR_ACCOUNT}</h1></header>
            {move || failure()}
            {move || who()}
            <div class="cards">
                {move || profile.value.get().map(|it| second_factor::card(it, step, reload))}
                <Password />
                <Sessions />
            </div>
        </div>
    }
}

#[component]
fn Password() -> impl IntoView {
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let change = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = ChangePassword { current: current.get_untracked(), new: new.get_untracked() };
        request.run(api::change_password(&body), move |()| {
            current.set(String::new());
            new.set(String::new());
            toast::show(Tone::Good, text::PASSWORD_CHANGED);
        });
    };
    view! {
        <section class="card">
            <h2>{text::PASSWORD}</h2>
            <form class="settings" on:submit=handler(change)>
                <TextField label=text::CURRENT_PASSWORD value=current kind="password" required=true pointer="/current" />
                <TextField
                    label=text::NEW_PASSWORD
                    value=new
                    kind="password"
                    required=true
                    pointer="/new"
                    hint=text::PASSWORD_HINT
                />
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::PASSWORD_NOT_CHANGED failure /> })}
                <div class="form-actions">
                    <button type="submit" class="button" prop:disabled=move || request.busy.get()>{text::CHANGE_PASSWORD}</button>
                    <span class="quiet">{text::OTHER_SESSIONS_END}</span>
                </div>
            </form>
        </section>
    }
}

#[component]
fn Sessions() -> impl IntoView {
    let sessions = Load::<Vec<UserSession>>::new();
    let reload = move || sessions.run(api::sessions());
    reload();
    let ended = Callback::new(move |()| reload());
    let ending_others = Request::new();
    let end_others = move || {
        ending_others.run(api::end_other_sessions(), move |()| {
            toast::show(Tone::Good, text::OTHER_SESSIONS_ENDED);
            reload();
        });
    };
    let others = Question {
        id: "other-sessions".to_owned(),
        ask: text::END_OTHERS,
        label: text::END_OTHERS.to_owned(),
        sentence: text::ABOUT_TO_END_OTHERS.to_owned(),
        act: text::END_OTHERS,
    };
    let end_others = confirmed(others, ending_others, end_others);
    let rows = move |sessions: Vec<UserSession>| {
        table(text::SESSIONS, &text::SESSION_COLUMNS, sessions.into_iter().map(|it| row(it, ended)).collect())
    };
    let nothing = Nothing { icon: Icon::User, title: text::NO_SESSIONS, more: "" };
    view! {
        <section class="card">
            <h2>{text::SESSIONS}</h2>
            {listing(sessions, text::SESSIONS_NOT_LOADED, reload, nothing, rows)}
            {end_others}
        </section>
    }
}

fn row(session: UserSession, ended: Callback<()>) -> AnyView {
    let request = Request::new();
    let id = session.id.clone();
    let end = move || {
        request.run(api::end_session(&id), move |()| {
            toast::show(Tone::Good, text::SESSION_IS_ENDED);
            ended.run(());
        });
    };
    let browser = session.user_agent.unwrap_or_else(|| text::UNKNOWN_BROWSER.to_owned());
    let question = Question {
        id: format!("session-{}", session.id.as_str()),
        ask: text::END_SESSION,
        label: text::end_session(&browser),
        sentence: text::about_to_end(&browser),
        act: text::END_SESSION,
    };
    let step = if session.current {
        view! { <span class="badge green">{text::THIS_SESSION}</span> }
    } else {
        confirmed(question, request, end)
    };
    let (begun, used) = (view! { <Ago at=session.created_at /> }, view! { <Ago at=session.last_used_at /> });
    let [_, of_begin, of_use, _] = text::SESSION_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row">{browser}</th>
            {cell(of_begin, begun)}
            {cell(of_use, used)}
            <td class="row-actions">{step}</td>
        </tr>
    }
}
