use leptos::prelude::*;
use rust_decimal::Decimal;
use shared::{Money, Payment};

use crate::components::icon::Icon;
use crate::components::money::money;
use crate::components::time::here;
use crate::markup::view;
use crate::text;

/// What was paid, and whether the store says the same.
#[component]
pub fn PaymentCard(payment: Payment) -> impl IntoView {
    let rows = payment
        .rows
        .iter()
        .map(|row| {
            view! {
                <tr class:total=row.is_total>
                    <th scope="row">{row.label.clone()}</th>
                    <td class="number">{money(&row.amount)}</td>
                </tr>
            }
        })
        .collect_view();
    let paid = match (&payment.method, payment.paid_at) {
        (Some(method), Some(at)) => format!("{method}, {}", here(at)),
        (Some(method), None) => format!("{method}, {}", text::NOT_PAID),
        (None, Some(at)) => here(at),
        (None, None) => text::NOT_PAID.to_owned(),
    };
    let store_total = match &payment.store_total {
        Some(total) => money(total).into_any(),
        None => view! { <span class="faint">{text::NOT_CREATED}</span> },
    };
    view! {
        <section class="card">
            <h2>{text::PAYMENT}</h2>
            <p class="quiet">{paid}</p>
            <table class="sums">
                <caption class="visually-hidden">{text::TIKTOK_AMOUNTS}</caption>
                <tbody>{rows}</tbody>
            </table>
            <table class="compare">
                <caption class="visually-hidden">{text::COMPARED}</caption>
                <thead>
                    <tr>
                        <th scope="col" class="number">{text::EXPECTED}</th>
                        <th scope="col" class="number">{text::STORE_TOTAL}</th>
                        <th scope="col" class="number">{text::DIFFERENCE}</th>
                    </tr>
                </thead>
                <tbody>
                    <tr>
                        <td class="number">{money(&payment.expected_store_total)}</td>
                        <td class="number">{store_total}</td>
                        <td class="number">{payment.difference.as_ref().map(difference)}</td>
                    </tr>
                </tbody>
            </table>
        </section>
    }
}

/// A tick for nothing, the amount for anything else.
fn difference(amount: &Money) -> AnyView {
    if amount.amount == Decimal::ZERO {
        view! { <span class="match">{Icon::Check.view()} {text::EQUAL}</span> }
    } else {
        let sign = if amount.amount > Decimal::ZERO { "+" } else { "" };
        view! { <strong class="mismatch">{sign} {money(amount)}</strong> }
    }
}
