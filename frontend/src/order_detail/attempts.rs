use crate::prelude::*;

use crate::api::{Attempt, AttemptCall};
use crate::components::copy_button::copy_text_button;
use crate::components::fold::fold;
use crate::components::time::{Ago, duration};
use crate::markup::view;
use crate::text;

/// One try of one effect, with its calls folded away.
pub fn attempt_view(attempt: Attempt) -> AnyView {
    let Attempt { kind, started_at, duration_ms, outcome, title, asked_by, calls, .. } = attempt;
    let number = calls.len();
    let calls = move || {
        let calls = calls.iter().cloned().map(call_view).collect_view();
        view! { <ol class="calls">{calls}</ol> }
    };
    let calls = (number > 0).then(|| fold(text::calls(number).into_any(), calls));
    view! {
        <li class=format!("attempt {outcome}")>
            <p>
                <b>{text::attempt_kind(&kind)}</b>
                ": "
                {text::attempt_outcome(&outcome)}
                {title.map(|title| format!(" ({title})"))}
            </p>
            <p class="quiet">
                <bdi>{text::asked_by(asked_by.as_deref())}</bdi>
                " · "
                {duration(duration_ms)}
                " · "
                <Ago at=started_at />
            </p>
            {calls}
        </li>
    }
}

fn call_view(call: AttemptCall) -> AnyView {
    let AttemptCall { side, method, path, status, duration_ms, request_id, sent, answered, curl } = call;
    let status = status.map_or_else(|| text::NO_ANSWER.to_owned(), |status| status.to_string());
    let facts = format!("{} · {status} · {}", text::actor(&side), duration(duration_ms));
    let summary = view! {
        <code>{method} " " {path}</code>
        " "
        <span class="quiet">{facts}</span>
    };
    let content = move || {
        let request_id = request_id.clone().map(|id| {
            view! { <span class="quiet">{text::REQUEST_ID} " " <code>{id}</code></span> }
        });
        view! {
            <p class="call-tools">{copy_text_button(text::COPY_CURL, curl.clone())} {request_id}</p>
            {sent.clone().map(|sent| code_block(text::SENT, sent))}
            {answered.clone().map(|answered| code_block(text::ANSWERED, answered))}
        }
    };
    view! { <li>{fold(summary, content)}</li> }
}

/// Text as a machine wrote it, under its name; a long one scrolls by itself, also without a pointer.
pub fn code_block(name: &'static str, text: String) -> AnyView {
    view! {
        <h4>{name}</h4>
        <pre tabindex="0" role="region" aria-label=name>{text}</pre>
    }
}
