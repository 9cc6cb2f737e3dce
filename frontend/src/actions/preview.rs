use crate::prelude::*;
use shared::{ActionKind, CheckOutcome, ImportPreview, OrderId, PreviewCheck, PreviewOrder, Role};

use crate::actions::{ask, panel};
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::money::money;
use crate::connections::test_result::check_item;
use crate::load::Load;
use crate::markup::{handler, view};
use crate::{api, session, text};

/// Every check of an import with its outcome, and the store order that it would make. Nothing is written.
pub fn preview(id: OrderId) -> AnyView {
    let preview = Load::<ImportPreview>::new();
    let load = move || preview.run(api::import_preview(id));
    load();
    let content = move || {
        if let Some(failure) = preview.request.failure.get() {
            let retry = Callback::new(move |()| load());
            return view! { <FailureNote title=text::NOT_PREVIEWED failure retry=retry /> };
        }
        match preview.value.get() {
            None => view! { <p class="quiet" role="status">{text::PREVIEWING}</p> },
            Some(preview) => found(id, preview),
        }
    };
    view! { {content} }
}

fn found(id: OrderId, preview: ImportPreview) -> AnyView {
    let (class, summary) =
        if preview.ready { ("good", text::PREVIEW_READY) } else { ("bad", text::PREVIEW_BLOCKED) };
    let begin = move |_| {
        ask::begin(id, ActionKind::Import);
        panel::close();
    };
    let checks = preview.checks.into_iter().map(check).collect_view();
    let can_import = preview.ready && session::may(Role::Operator);
    view! {
        <p class=format!("verdict {class}") role="status">{summary}</p>
        <ul class="checks">{checks}</ul>
        {preview.store_order.map(store_order)}
        {can_import
            .then(|| {
                view! {
                    <footer>
                        <button type="button" class="button primary" on:click=handler(begin)>
                            {Icon::Download.view()}
                            {text::IMPORT}
                        </button>
                    </footer>
                }
            })}
    }
}

fn check(check: PreviewCheck) -> AnyView {
    let outcome = match (check.passed, check.unseen) {
        (false, _) => CheckOutcome::Failed,
        (true, true) => CheckOutcome::Warning,
        (true, false) => CheckOutcome::Passed,
    };
    check_item(outcome, check.name, check.detail)
}

fn store_order(order: PreviewOrder) -> AnyView {
    let rows = order
        .rows
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th prop:scope="row">
                        <bdi>{row.name}</bdi>
                        {row.sku.map(|sku| view! { <code class="quiet"><bdi>{sku}</bdi></code> })}
                    </th>
                    <td class="number">{row.quantity} " × " {money(&row.unit_price)}</td>
                    <td class="number">{money(&row.total)}</td>
                </tr>
            }
        })
        .collect_view();
    let fact = |label: &'static str, value: String| view! { <div><dt>{label}</dt><dd>{value}</dd></div> };
    let expected = money(&order.expected_total);
    let expected = if order.total == order.expected_total {
        view! { <span class="match">{Icon::Check.view()} {expected}</span> }
    } else {
        view! { <strong class="mismatch">{expected}</strong> }
    };
    view! {
        <h3>{text::STORE_ORDER_TO_BE}</h3>
        <table class="sums">
            <tbody>
                {rows}
                <tr class="total">
                    <th prop:scope="row" prop:colSpan="2">{text::STORE_TOTAL}</th>
                    <td class="number">{money(&order.total)}</td>
                </tr>
            </tbody>
        </table>
        <dl class="facts">
            <div><dt>{text::EXPECTED_TOTAL}</dt><dd>{expected}</dd></div>
            {fact(text::CARRIER_NAME, order.carrier)}
            {fact(text::PAYMENT, order.payment_label)}
            {fact(text::CUSTOMER_EMAIL, order.customer_email)}
        </dl>
    }
}
