use leptos::prelude::*;
use shared::{ActionKind, ActionOptions, OrderDetail, OrderSummary};

use crate::actions::form::{Target, action_form};
use crate::actions::{icon, refusal};
use crate::clock;
use crate::components::icon::Icon;
use crate::components::time::{fine, here_with_zone};
use crate::load::Load;
use crate::markup::{handler, view};
use crate::text;

/// The buyer wants to cancel: why, until when to answer, and both answers.
#[component]
pub fn RequestCard(order: Memo<Option<OrderDetail>>, options: Load<ActionOptions>) -> impl IntoView {
    let summary = Memo::new(move |_| order.with(|order| order.as_ref().map(|order| order.summary.clone())));
    let is_open = Memo::new(move |_| {
        summary.with(|order| {
            order.as_ref().is_some_and(|order| {
                shared::action_refusal(ActionKind::AcceptCancellation, &order.into()).is_none()
            })
        })
    });
    let answering = RwSignal::new(None::<ActionKind>);
    let card = move || {
        view! {
            <section id="request" class="card request" tabindex="-1" aria-label=text::BUYER_WANTS_TO_CANCEL>
                <h2>{Icon::Alert.view()} {text::BUYER_WANTS_TO_CANCEL}</h2>
                {move || why(options)}
                {move || match (answering.get(), summary.get_untracked()) {
                    (Some(kind), Some(order)) => {
                        let back = move |()| answering.set(None);
                        action_form(kind, Target::One(Box::new(order)), Callback::new(back))
                    }
                    _ => summary.get().map(|order| answers(&order, answering)).into_any(),
                }}
            </section>
        }
    };
    view! { {move || is_open.get().then(card)} }
}

fn why(options: Load<ActionOptions>) -> Option<AnyView> {
    let request = options.value.with(|it| it.as_ref().and_then(|it| it.cancellation_request.clone()))?;
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
