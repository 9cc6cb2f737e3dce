use crate::prelude::*;

use crate::markup::view;
use crate::text;

/// What to do before the first order can arrive.
#[component]
pub fn FirstRun() -> impl IntoView {
    let steps = text::FIRST_STEPS
        .into_iter()
        .enumerate()
        .map(|(index, (title, more))| {
            view! {
                <li class=if index == 0 { "done" } else { "" }>
                    <strong>{title}</strong>
                    <p class="quiet">{more}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="first-run">
            <h1>{text::WELCOME}</h1>
            <p>{text::WELCOME_MORE}</p>
            <ol class="steps">{steps}</ol>
            <a class="button primary" href="/connections/new">{text::ADD_CONNECTION}</a>
        </section>
    }
}
