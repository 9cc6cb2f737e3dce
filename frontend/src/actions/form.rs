//! What is asked before an action: a confirmation that names the order and the effect, a reason, or a few words.

use std::sync::Arc;

use crate::prelude::*;
use shared::{
    ActionKind, ActionOptions, ActionRequest, Assignee, ChannelReason, MAX_NOTE_CHARACTERS, OrderSummary,
    StoreOrderId, UserId,
};

use crate::actions::bulk_run::{self, Selection};
use crate::actions::options::{common_cancel_reasons, options_of};
use crate::actions::{ask, plain_request};
use crate::api::Failure;
use crate::components::fields::{Choices, TextField, checked_group, select_field, sentences_field};
use crate::components::icon::Icon;
use crate::components::time::here;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::{api, browser, text};

/// At most this many characters in the comment of a refusal.
const MAX_COMMENT_CHARACTERS: usize = 500;

/// Which orders an action is for.
#[derive(Clone)]
pub enum Target {
    One(Box<OrderSummary>),
    Many(Selection),
}

impl Target {
    /// What it is called in a question.
    fn name(&self) -> String {
        match self {
            Self::One(order) => text::order_and_tiktok_id(order.id, &order.tiktok_order_id),
            Self::Many(selection) => text::number_of_orders(selection.count),
        }
    }

    async fn ask(self, request: ActionRequest) -> Result<(), Failure> {
        match self {
            Self::One(order) => ask::ask(order.id, &request).await,
            Self::Many(selection) => bulk_run::begin(request, selection).await,
        }
    }
}

/// What is chosen and typed into a form.
#[derive(Clone, Copy)]
struct Answers {
    /// A reason, or a person.
    chosen: RwSignal<String>,
    words: RwSignal<String>,
    /// Tags to take off.
    removed: RwSignal<Vec<String>>,
    /// Units to cancel; none means the whole order.
    units: RwSignal<Vec<String>>,
}

impl Answers {
    /// What is to be asked for; `None` while something is missing.
    fn request(self, kind: ActionKind) -> Option<ActionRequest> {
        let words = self.words.get().trim().to_owned();
        let chosen = Some(self.chosen.get()).filter(|chosen| !chosen.is_empty());
        match kind {
            ActionKind::Cancel => {
                chosen.map(|reason| ActionRequest::Cancel { reason, line_item_ids: self.units.get() })
            }
            ActionKind::RejectCancellation => {
                let comment = Some(words).filter(|words| !words.is_empty());
                chosen.map(|reason| ActionRequest::RejectCancellation { reason, comment })
            }
            ActionKind::Adopt => {
                let number = words.trim_start_matches('#').parse().ok().filter(|number| *number > 0);
                number.map(|number| ActionRequest::Adopt { store_order_id: StoreOrderId(number) })
            }
            ActionKind::Note => (!words.is_empty()).then_some(ActionRequest::Note { text: words }),
            ActionKind::Tag => {
                let tags = words.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                let add: Vec<_> = tags.map(ToOwned::to_owned).collect();
                let remove = self.removed.get();
                let is_nothing = add.is_empty() && remove.is_empty();
                (!is_nothing).then_some(ActionRequest::Tag { add, remove })
            }
            ActionKind::Assign => {
                let assignee_id = chosen.and_then(|id| id.parse().ok()).map(UserId);
                Some(ActionRequest::Assign { assignee_id })
            }
            kind => plain_request(kind),
        }
    }
}

/// The form of an action; `close` is called when it was asked for (`true`), or shall not be.
pub fn action_form(kind: ActionKind, target: Target, close: Callback<bool>) -> AnyView {
    let answers = Answers {
        chosen: RwSignal::new(String::new()),
        words: RwSignal::new(String::new()),
        removed: RwSignal::new(Vec::new()),
        units: RwSignal::new(Vec::new()),
    };
    let sending = Request::new();
    let is_ready = Memo::new(move |_| answers.request(kind).is_some() && !sending.busy.get());
    let name = target.name();
    let effect = text::effect_of(kind, matches!(target, Target::Many(_)));
    let body = fields(kind, &target, answers);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let (true, Some(request)) = (is_ready.get_untracked(), untrack(|| answers.request(kind))) {
            sending.run_task(target.clone().ask(request), move || close.run(true));
        }
    };
    let is_grave = matches!(kind, ActionKind::Cancel | ActionKind::Archive | ActionKind::AcceptCancellation);
    request_animation_frame(|| {
        let first = ".action-form select, .action-form input, .action-form textarea";
        if !browser::focus(first) {
            browser::focus(".action-form [type=submit]");
        }
    });
    view! {
        <form class="action-form" aria-label=text::question(kind, &name) on:submit=handler(submit)>
            <h3>{text::question(kind, &name)}</h3>
            {effect.map(|effect| view! { <p>{effect}</p> })}
            {body}
            {move || {
                sending
                    .failure
                    .get()
                    .map(|failure| view! { <p class="field-error" role="alert">{failure.sentence()}</p> })
            }}
            <footer>
                <button type="button" class="button" on:click=handler(move |_| close.run(false))>
                    {text::keep(kind)}
                </button>
                <button
                    type="submit"
                    class=if is_grave { "button primary grave" } else { "button primary" }
                    aria-disabled=move || (!is_ready.get()).to_string()
                >
                    {text::confirm(kind)}
                </button>
            </footer>
        </form>
    }
}

fn fields(kind: ActionKind, target: &Target, answers: Answers) -> AnyView {
    match (kind, target) {
        (ActionKind::Cancel, Target::One(order)) => {
            let options = options_of(order.id, || true);
            let reasons = reason_field(answers.chosen, options, |options| options.cancel_reasons.clone());
            let refusal = move || {
                let refusal = options.value.with(|it| it.and_then(|it| it.not_cancelable.clone()));
                refusal.map(
                    |words| view! { <p class="field-error" role="alert">{text::not_cancelable(&words)}</p> },
                )
            };
            view! { {reasons} {units_field(answers.units, options)} {refusal} }
        }
        (ActionKind::Cancel, Target::Many(_)) => {
            let reasons = || with_first(text::CHOOSE, common_cancel_reasons());
            select_field(text::REASON, answers.chosen, Arc::new(reasons), "")
        }
        (ActionKind::AcceptCancellation | ActionKind::RejectCancellation, Target::One(order)) => {
            let options = options_of(order.id, || true);
            let request = move || {
                let request = options.value.with(|it| it.and_then(|it| it.cancellation_request.clone()));
                request.map(|request| {
                    let reason = request.reason.map(|reason| text::buyer_says(&reason));
                    let deadline = request.deadline.map(|at| text::answer_before(&here(at)));
                    view! { <p class="quiet">{reason} " " {deadline}</p> }
                })
            };
            let rest = (kind == ActionKind::RejectCancellation).then(|| {
                let reasons = reason_field(answers.chosen, options, |options| {
                    options
                        .cancellation_request
                        .as_ref()
                        .map(|it| it.reject_reasons.clone())
                        .unwrap_or_default()
                });
                let comment = sentences_field(text::COMMENT, answers.words, MAX_COMMENT_CHARACTERS);
                view! { {reasons} {comment} }
            });
            view! { {request} {rest} }
        }
        (ActionKind::Adopt, _) => {
            view! { <TextField label=text::STORE_ORDER_NUMBER value=answers.words /> }.into_any()
        }
        (ActionKind::Note, _) => sentences_field(text::NOTE, answers.words, MAX_NOTE_CHARACTERS),
        (ActionKind::Tag, _) => {
            let tags = match target {
                Target::One(order) => order.tags.clone(),
                Target::Many(_) => Vec::new(),
            };
            let chips = tags.into_iter().map(|tag| removable_tag(tag, answers.removed)).collect_view();
            view! {
                <p class="tags">{chips}</p>
                <TextField label=text::NEW_TAGS value=answers.words />
            }
        }
        (ActionKind::Assign, _) => {
            if let Target::One(order) = target {
                let id = order.assignee.as_ref().map(|it| it.id.to_string()).unwrap_or_default();
                answers.chosen.set(id);
            }
            assignee_field(answers.chosen)
        }
        _ => ().into_any(),
    }
}

/// One of the people who may act on orders, or nobody.
fn assignee_field(value: RwSignal<String>) -> AnyView {
    let people = Load::<Vec<Assignee>>::new();
    people.run(api::assignees());
    let field = move || {
        if let Some(failure) = people.request.failure.get() {
            return view! { <p class="field-error">{failure.sentence()}</p> };
        }
        let Some(people) = people.value.get() else {
            return view! { <p class="quiet">{text::LOADING}</p> };
        };
        let people: Vec<_> = people.into_iter().map(|it| (it.id.to_string(), it.email)).collect();
        let choices = move || with_first(text::NO_ASSIGNEE, people.clone());
        select_field(text::ASSIGNED_TO, value, Arc::new(choices), "")
    };
    view! { {field} }.into_any()
}

fn reason_field(
    value: RwSignal<String>,
    options: Load<ActionOptions>,
    reasons: fn(&ActionOptions) -> Vec<ChannelReason>,
) -> AnyView {
    let choices: Choices = Arc::new(move || {
        options.value.with(|options| {
            let is_complete = options.is_some_and(|it| it.complete);
            let listed = options.map(reasons).unwrap_or_default();
            let first = if listed.is_empty() && !is_complete { text::ASKING_TIKTOK } else { text::CHOOSE };
            with_first(first, listed.into_iter().map(|reason| (reason.key, reason.text)).collect())
        })
    });
    let failure = move || {
        options.request.failure.get().map(|failure| view! { <p class="field-error">{failure.sentence()}</p> })
    };
    view! { {select_field(text::REASON, value, choices, "")} {failure} }
}

/// Which units are meant, where TikTok Shop cancels single ones.
fn units_field(chosen: RwSignal<Vec<String>>, options: Load<ActionOptions>) -> AnyView {
    let units = Memo::new(move |_| {
        options.value.with(|options| options.map(|it| it.cancelable_units.clone()).unwrap_or_default())
    });
    let boxes = move || {
        let choices =
            move || units.get().into_iter().map(|unit| (unit.line_item_id, unit.label)).collect::<Vec<_>>();
        let is_offered = units.with(|units| !units.is_empty());
        is_offered.then(|| checked_group(text::UNITS_TO_CANCEL, text::UNITS_TO_CANCEL_HINT, chosen, choices))
    };
    view! { {boxes} }.into_any()
}

/// The choices below one that chooses nothing.
pub fn with_first(first: &str, mut choices: Vec<(String, String)>) -> Vec<(String, String)> {
    choices.insert(0, (String::new(), first.to_owned()));
    choices
}

/// A tag that the order has; a press marks it to be taken off, another one keeps it.
fn removable_tag(tag: String, removed: RwSignal<Vec<String>>) -> AnyView {
    let (name, label) = (tag.clone(), text::remove_tag(&tag));
    let is_removed = move || removed.with(|removed| removed.contains(&name));
    let is_removed = Memo::new(move |_| is_removed());
    let press = {
        let tag = tag.clone();
        move |_| {
            removed.update(|removed| {
                let before = removed.len();
                removed.retain(|other| *other != tag);
                if removed.len() == before {
                    removed.push(tag.clone());
                }
            });
        }
    };
    view! {
        <button
            type="button"
            class="tag"
            class:removed=move || is_removed.get()
            aria-pressed=move || is_removed.get().to_string()
            aria-label=label
            on:click=handler(press)
        >
            <bdi>{tag}</bdi>
            {Icon::Cross.view()}
        </button>
    }
}
