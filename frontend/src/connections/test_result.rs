use crate::prelude::*;
use shared::{CheckOutcome, ConnectionTest};

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::load::Load;
use crate::markup::view;
use crate::text;

/// What the test of a connection found, check by check.
#[component]
pub fn TestResult(test: Load<ConnectionTest>) -> impl IntoView {
    let outcome = move || {
        if test.request.busy.get() {
            return view! { <p class="quiet testing" role="status">{text::TESTING}</p> };
        }
        if let Some(failure) = test.request.failure.get() {
            return view! { <FailureNote title=text::NOT_TESTED failure /> };
        }
        test.value.get().map(result).into_any()
    };
    view! { {move || outcome()} }
}

fn result(test: ConnectionTest) -> AnyView {
    let has_warning = test.checks.iter().any(|check| check.outcome == CheckOutcome::Warning);
    let checks = test
        .checks
        .into_iter()
        .map(|check| check_item(check.outcome, check.name, check.detail))
        .collect_view();
    let (class, summary) = match (test.passed, has_warning) {
        (true, false) => ("good", text::TEST_PASSED),
        (true, true) => ("good", text::TEST_PASSED_WITH_WARNINGS),
        (false, _) => ("bad", text::TEST_FAILED),
    };
    view! {
        <section class="card test-result" role="status">
            <h3 class=class>{summary}</h3>
            <ul class="checks">{checks}</ul>
        </section>
    }
}

/// One check with its outcome.
pub fn check_item(outcome: CheckOutcome, name: String, detail: String) -> AnyView {
    let (icon, class, word) = look(outcome);
    view! {
        <li class=class>
            {icon.view()}
            <div>
                <strong>{name}</strong>
                <span class="visually-hidden">{word}</span>
                <p>{detail}</p>
            </div>
        </li>
    }
}

const fn look(outcome: CheckOutcome) -> (Icon, &'static str, &'static str) {
    match outcome {
        CheckOutcome::Passed => (Icon::CheckCircle, "passed", "passed: "),
        CheckOutcome::Warning => (Icon::Alert, "warning", "warning: "),
        CheckOutcome::Failed => (Icon::ErrorCircle, "failed", "failed: "),
        CheckOutcome::Skipped => (Icon::Pause, "skipped", "not looked at: "),
    }
}
