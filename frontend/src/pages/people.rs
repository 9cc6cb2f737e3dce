//! Who may sign in, and who has been invited to.

use crate::prelude::*;
use shared::{CreateInvitation, Invitation, NewInvitation, Role, UpdateUser, UserAccount};

use crate::api::Failure;
use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::fields::{Choices, FormFailure, SwitchField, TextField, fixed_choices, select_field};
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::settings::confirm::{Question, confirmed};
use crate::settings::fields::errors_below;
use crate::settings::listing::{Nothing, cell, listing, table};
use crate::settings::once::shown_once;
use crate::{api, session, text};

pub fn view() -> AnyView {
    view! { <PeoplePage /> }
}

#[component]
fn PeoplePage() -> impl IntoView {
    title(|| text::PEOPLE.to_owned());
    let people = Load::<Vec<UserAccount>>::new();
    let invitations = Load::<Vec<Invitation>>::new();
    let reload_people = move || people.run(api::users());
    let reload_invitations = move || invitations.run(api::invitations());
    reload_people();
    reload_invitations();
    let inviting = RwSignal::new(false);
    let changing = RwSignal::new(None::<UserAccount>);
    let changed = Callback::new(move |()| reload_people());
    let people_rows = move |people: Vec<UserAccount>| {
        let rows = people.into_iter().map(|person| person_row(person, changing, changed)).collect();
        table(text::PEOPLE, &text::PEOPLE_COLUMNS, rows)
    };
    let invitation_rows = move |invitations: Vec<Invitation>| {
        let withdrawn = Callback::new(move |()| reload_invitations());
        let rows = invitations.into_iter().map(|it| invitation_row(it, withdrawn)).collect();
        table(text::INVITATIONS, &text::INVITATION_COLUMNS, rows)
    };
    let nobody = Nothing { icon: Icon::User, title: text::NOBODY, more: "" };
    let none_open =
        Nothing { icon: Icon::User, title: text::NO_INVITATIONS, more: text::NO_INVITATIONS_MORE };
    let close_change = Callback::new(move |()| changing.set(None));
    let change_title = move || {
        changing.with(|person| person.as_ref().map_or_else(String::new, |it| text::change_person(&it.email)))
    };
    view! {
        <div class="page">
            <header class="page-header">
                <h1>{text::PEOPLE}</h1>
                <button type="button" class="button primary" on:click=handler(move |_: web_sys::MouseEvent| inviting.set(true))>
                    {Icon::Plus.view()} {text::INVITE_SOMEBODY}
                </button>
            </header>
            {listing(people, text::PEOPLE_NOT_LOADED, reload_people, nobody, people_rows)}
            <h2 class="list-title">{text::INVITATIONS}</h2>
            {listing(invitations, text::INVITATIONS_NOT_LOADED, reload_invitations, none_open, invitation_rows)}
            <Dialog
                class="narrow"
                open=move || inviting.get()
                close=move |()| inviting.set(false)
                title=Signal::derive(|| text::INVITE_SOMEBODY.to_owned())
            >
                <Invite
                    invited=Callback::new(move |()| reload_invitations())
                    close=Callback::new(move |()| inviting.set(false))
                />
            </Dialog>
            <Dialog
                class="narrow"
                open=move || changing.with(Option::is_some)
                close=close_change
                title=Signal::derive(change_title)
            >
                {move || changing.get().map(|person| view! { <ChangePerson person changed close=close_change /> })}
            </Dialog>
        </div>
    }
}

fn person_row(
    person: UserAccount,
    changing: RwSignal<Option<UserAccount>>,
    changed: Callback<()>,
) -> AnyView {
    let removing = Request::new();
    let (id, version) = (person.id, person.version);
    let email = person.email.clone();
    let remove = move || {
        let done = text::person_removed(&email);
        removing.run(api::remove_user(id, version), move |()| {
            toast::show(Tone::Good, done);
            changed.run(());
        });
    };
    let is_me = session::user().is_some_and(|me| me.id == id);
    let state = if person.disabled {
        view! { <span class="badge gray">{Icon::Ban.view()} {text::DISABLED}</span> }
    } else {
        view! { <span class="badge green">{Icon::CheckCircle.view()} {text::MAY_SIGN_IN}</span> }
    };
    let second_factor = if person.second_factor { text::ON } else { text::OFF };
    let last_sign_in =
        person.last_sign_in_at.map_or_else(|| text::NEVER.into_any(), |at| view! { <Ago at /> });
    let question = Question {
        id: format!("person-{id}"),
        ask: text::REMOVE,
        label: text::remove_person(&person.email),
        sentence: text::about_to_remove(&person.email),
        act: text::REMOVE_PERSON,
    };
    let label = text::change_person(&person.email);
    let of_change = person.clone();
    let steps = if is_me {
        view! { <a class="text-link" href="/account">{text::YOUR_ACCOUNT}</a> }
    } else {
        view! {
            <button
                type="button"
                class="button small"
                aria-label=label
                on:click=handler(move |_: web_sys::MouseEvent| changing.set(Some(of_change.clone())))
            >
                {text::CHANGE}
            </button>
            {confirmed(question, removing, remove)}
        }
    };
    let [_, of_role, of_factor, of_sign_in, of_state, _] = text::PEOPLE_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row">
                <bdi>{person.email}</bdi>
                {is_me.then(|| view! { <span class="quiet">{text::THAT_IS_YOU}</span> })}
            </th>
            {cell(of_role, text::role(person.role).into_any())}
            {cell(of_factor, second_factor.into_any())}
            {cell(of_sign_in, last_sign_in)}
            {cell(of_state, state)}
            <td class="row-actions">{steps}</td>
        </tr>
    }
}

fn invitation_row(invitation: Invitation, withdrawn: Callback<()>) -> AnyView {
    let withdrawing = Request::new();
    let id = invitation.id;
    let withdraw = move || {
        withdrawing.run(api::withdraw_invitation(id), move |()| {
            toast::show(Tone::Good, text::INVITATION_WITHDRAWN);
            withdrawn.run(());
        });
    };
    let question = Question {
        id: format!("invitation-{id}"),
        ask: text::WITHDRAW,
        label: text::withdraw_invitation(&invitation.email),
        sentence: text::about_to_withdraw(&invitation.email),
        act: text::WITHDRAW_INVITATION,
    };
    let expires = view! { <Ago at=invitation.expires_at /> };
    let [_, of_role, of_inviter, of_end, _] = text::INVITATION_COLUMNS;
    view! {
        <tr>
            <th prop:scope="row"><bdi>{invitation.email}</bdi></th>
            {cell(of_role, text::role(invitation.role).into_any())}
            {cell(of_inviter, view! { <bdi>{invitation.invited_by}</bdi> })}
            {cell(of_end, expires)}
            <td class="row-actions">{confirmed(question, withdrawing, withdraw)}</td>
        </tr>
    }
}

fn roles() -> Choices {
    fixed_choices(Role::ALL.iter().map(|role| (role.as_str(), text::role_and_rights(*role))))
}

/// The form for an invitation, then its link.
#[component]
fn Invite(invited: Callback<()>, close: Callback<()>) -> impl IntoView {
    let link = RwSignal::new(None::<String>);
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let email = RwSignal::new(String::new());
    let role = RwSignal::new(Role::Operator.as_str().to_owned());
    let invite = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = CreateInvitation {
            email: email.get_untracked().trim().to_owned(),
            role: role.get_untracked().parse().unwrap_or(Role::Viewer),
        };
        request.run(api::invite(&body), move |new: NewInvitation| {
            link.set(Some(new.link));
            invited.run(());
        });
    };
    let form = move || {
        view! {
            <form class="dialog-form" on:submit=handler(invite)>
                <TextField label=text::EMAIL value=email kind="email" required=true pointer="/email" />
                {select_field(text::ROLE, role, roles(), "")}
                {errors_below("/role")}
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::NOT_INVITED failure /> })}
                <footer>
                    <button type="submit" class="button primary" prop:disabled=move || request.busy.get()>
                        {text::MAKE_INVITATION}
                    </button>
                </footer>
            </form>
        }
    };
    let seen = move || match link.get() {
        None => form(),
        Some(link) => shown_once(text::THE_INVITATION, link, text::INVITATION_ONCE, close),
    };
    view! { {move || seen()} }
}

#[component]
fn ChangePerson(person: UserAccount, changed: Callback<()>, close: Callback<()>) -> impl IntoView {
    let request = Request::new();
    provide_context(FormFailure(request.failure));
    let role = RwSignal::new(person.role.as_str().to_owned());
    let may_sign_in = RwSignal::new(!person.disabled);
    let takes_factor_away = RwSignal::new(false);
    let (id, version) = (person.id, person.version);
    let done = text::person_changed(&person.email);
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = UpdateUser {
            role: role.get_untracked().parse().ok(),
            disabled: Some(!may_sign_in.get_untracked()),
            second_factor: takes_factor_away.get_untracked().then_some(false),
        };
        let done = done.clone();
        request.run(api::update_user(id, version, &body), move |_| {
            toast::show(Tone::Good, done);
            changed.run(());
            close.run(());
        });
    };
    let failure = move || {
        request.failure.get().map(|failure| {
            let is_stale = matches!(&failure, Failure::Problem(problem) if problem.status == 412);
            let title = if is_stale { text::CHANGED_MEANWHILE } else { text::NOT_SAVED };
            view! { <FailureNote title failure /> }
        })
    };
    view! {
        <form class="dialog-form" on:submit=handler(save)>
            {select_field(text::ROLE, role, roles(), "")}
            {errors_below("/role")}
            <SwitchField label=text::MAY_SIGN_IN value=may_sign_in hint=text::MAY_SIGN_IN_HINT />
            {person
                .second_factor
                .then(|| view! {
                    <SwitchField label=text::RESET_SECOND_FACTOR value=takes_factor_away hint=text::RESET_SECOND_FACTOR_HINT />
                })}
            {move || failure()}
            <footer>
                <button type="submit" class="button primary" prop:disabled=move || request.busy.get()>{text::SAVE}</button>
            </footer>
        </form>
    }
}
