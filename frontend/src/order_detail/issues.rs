use crate::prelude::*;
use shared::{Issue, IssueCode, OrderDetail, REASON, Role, Severity};

use crate::components::icon::Icon;
use crate::components::time::{Ago, coarse, here_with_zone};
use crate::markup::view;
use crate::order_detail::attempts_href;
use crate::order_detail::fixes::fix_buttons;
use crate::{clock, session, text};

/// How many open problems need somebody.
pub fn open_errors(issues: &[Issue]) -> usize {
    let needs_somebody = |issue: &&Issue| issue.resolved_at.is_none() && issue.severity == Severity::Error;
    issues.iter().filter(needs_somebody).count()
}

/// The open issues, one card each, then the resolved ones folded away.
pub fn issues(order: &OrderDetail) -> AnyView {
    if order.issues.is_empty() {
        return ().into_any();
    }
    let (resolved, open): (Vec<_>, Vec<_>) =
        order.issues.iter().cloned().partition(|issue| issue.resolved_at.is_some());
    let heading = text::open_issues(open.len());
    let open = open
        .into_iter()
        .map(|issue| {
            // The buyer's request has its own card above, with both answers.
            let is_answered_above = issue.code == IssueCode::CancelRequestOpen;
            let fixes = fix_buttons(&issue, &order.summary).filter(|_| !is_answered_above);
            view! { <IssueCard issue fixes=fixes /> }
        })
        .collect_view();
    let resolved = (!resolved.is_empty()).then(|| {
        let heading = text::resolved_issues(resolved.len());
        let cards = resolved.into_iter().map(|issue| view! { <IssueCard issue fixes=None /> }).collect_view();
        view! {
            <details>
                <summary>{heading}</summary>
                {cards}
            </details>
        }
    });
    view! {
        <section id="issues" class="issues" tabindex="-1" aria-label=text::ISSUES>
            <h2>{heading}</h2>
            {open}
            {resolved}
        </section>
    }
}

/// One issue: what happened, what to do, and what happens by itself.
#[component]
pub fn IssueCard(
    issue: Issue,
    /// The buttons that put it right.
    fixes: Option<AnyView>,
) -> impl IntoView {
    let (icon, tone) = match (issue.resolved_at, issue.severity) {
        (Some(_), _) => (Icon::CheckCircle, "issue resolved"),
        (None, Severity::Error) => (Icon::ErrorCircle, "issue error"),
        (None, Severity::Warning) => (Icon::Alert, "issue warning"),
    };
    let attempts = text::attempts(issue.attempts);
    let attempts = if session::may(Role::Operator) {
        view! { <a href=attempts_href(issue.order_id)>{attempts}</a> }
    } else {
        view! { <span>{attempts}</span> }
    };
    let reason = issue.facts.get(REASON).filter(|reason| !issue.sentence.contains(*reason)).cloned();
    let next = {
        let (at, retry) = (issue.next_retry_at, issue.retry);
        move || match at {
            Some(at) if at > clock::now() => text::next_try(&coarse(at - clock::now())),
            Some(_) => text::NEXT_TRY_NOW.to_owned(),
            None => retry.promise().to_owned(),
        }
    };
    let state = match issue.resolved_at {
        Some(at) => view! { <span>{text::RESOLVED} " " <Ago at=at /></span> },
        None => view! { <span title=issue.next_retry_at.map(here_with_zone)>{move || next()}</span> },
    };
    view! {
        <article class=tone>
            {icon.view()}
            <div>
                <h3>{issue.title}</h3>
                <p>{issue.sentence}</p>
                {reason.map(|reason| view! { <p class="quiet">{text::REASON} ": " <bdi>{reason}</bdi></p> })}
                {issue.resolved_at.is_none().then(|| view! { <p class="remedy">{issue.remedy}</p> })}
                {fixes}
                <p class="issue-meta quiet">
                    {state}
                    {attempts}
                    <span>{text::SINCE} " " <Ago at=issue.opened_at /></span>
                    <code>{issue.code.as_str()}</code>
                </p>
            </div>
        </article>
    }
}
