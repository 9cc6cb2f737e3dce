use crate::prelude::*;
use shared::Payment;

use crate::components::money::{difference, money};
use crate::components::time::here;
use crate::markup::view;
use crate::text;

/// What was paid, and whether the store says the same.
pub fn payment_card(payment: &Payment) -> AnyView {
    let rows = payment
        .rows
        .iter()
        .map(|row| {
            view! {
                <tr class=if row.is_total { "total" } else { "" }>
                    <th prop:scope="row">{row.label.clone()}</th>
                    <td class="number">{money(&row.amount)}</td>
                    <td></td>
                    <td></td>
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
            <table class="sums compared">
                <caption class="visually-hidden">{text::COMPARED}</caption>
                <thead>
                    <tr>
                        <td></td>
                        <th prop:scope="col" class="number">{text::TIKTOK_SHOP}</th>
                        <th prop:scope="col" class="number">{text::PRESTASHOP}</th>
                        <th prop:scope="col" class="number">{text::DIFFERENCE}</th>
                    </tr>
                </thead>
                <tbody>
                    {rows}
                    <tr class="total">
                        <th prop:scope="row">{text::EXPECTED}</th>
                        <td class="number">{money(&payment.expected_store_total)}</td>
                        <td class="number">{store_total}</td>
                        <td class="number">{payment.difference.as_ref().map(difference)}</td>
                    </tr>
                </tbody>
            </table>
        </section>
    }
}
