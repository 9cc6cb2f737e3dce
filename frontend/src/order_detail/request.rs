use crate::prelude::*;
use shared::{ActionFacts, ActionKind, ActionOptions, OrderDetail, OrderSummary, action_refusal};

use crate::actions::form::{Target, action_form};
use crate::actions::{icon, refusal};
use crate::clock;
use crate::components::icon::Icon;
use crate::components::time::{fine, here_with_zone};
use crate::load::{Answer, Load};
use crate::markup::{handler, view};
use crate::text;

/// The buyer wants to cancel: why, until when to answer, and both answers.
#[component]
pub fn RequestCard(order: Answer<OrderDetail>, options: Load<ActionOptions>) -> impl IntoView {
    let summary = move || order.with(|order| order.map(|order| order.summary.clone()));
    let is_open = Memo::new(move |_| {
        let is_asked = |order: &OrderDetail| {
            action_refusal(ActionKind::AcceptCancellation, &ActionFacts::from(&order.summary)).is_none()
        };
        order.with(|order| order.is_some_and(is_asked))
    });
    let answering = RwSignal::new(None::<ActionKind>);
    let card = move || {
        view! {
            <section id="request" class="card request" tabindex="-1" aria-label=text::BUYER_WANTS_TO_CANCEL>
                <h2>{Icon::Alert.view()} {text::BUYER_WANTS_TO_CANCEL}</h2>
                {move || why(options)}
                {move || match (answering.get(), untrack(summary)) {
                    (Some(kind), Some(order)) => {
                        let back = move |_: bool| answering.set(None);
                        action_form(kind, Target::One(Box::new(order)), Callback::new(back))
                    }
                    _ => summary().map(|order| answers(&order, answering)).into_any(),
                }}
            </section>
        }
    };
    view! { {move || is_open.get().then(card)} }
}

fn why(options: Load<ActionOptions>) -> Option<AnyView> {
    let request = options.value.with(|it| it.and_then(|it| it.cancellation_request.clone()))?;
    let reason = request.reason.map(|reason| view! { <p>{text::buyer_says(&reason)}</p> });
    let deadline = request.deadline.map(|at| {
        view! {
            <p title=here_with_zone(at)>
                <strong>{move || text::time_to_answer(&fine(at - clock::now()))}</strong>
                " "
                {text::ANSWERED_BY_ITSELF}
            </p>
        }
    });
    Some(view! { {reason} {deadline} })
}

fn answers(order: &OrderSummary, answering: RwSignal<Option<ActionKind>>) -> AnyView {
    let button = |kind: ActionKind| {
        let refusal = refusal(kind, order);
        let ask = move |_| {
            if refusal.is_none() {
                answering.set(Some(kind));
            }
        };
        view! {
            <button
                type="button"
                class="button"
                id=format!("answer-{kind}")
                aria-disabled=refusal.map(|_| "true")
                title=refusal
                on:click=handler(ask)
            >
                {icon(kind).view()}
                {text::action_label(kind)}
            </button>
        }
    };
    view! {
        <div class="fixes">
            {button(ActionKind::AcceptCancellation)}
            {button(ActionKind::RejectCancellation)}
        </div>
    }
}
