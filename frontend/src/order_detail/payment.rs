use crate::prelude::*;
use shared::{ComparedAmount, Money, Payment};

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
    view! {
        <section class="card">
            <h2>{text::PAYMENT}</h2>
            <p class="quiet">{paid}</p>
            <table class="sums">
                <tbody>{rows}</tbody>
            </table>
            {compared_amounts(payment)}
        </section>
    }
}

/// Both sides line by line, to the cent.
fn compared_amounts(payment: &Payment) -> AnyView {
    let store_total = match &payment.store_total {
        Some(total) => money(total).into_any(),
        None => view! { <span class="faint">{text::NOT_CREATED}</span> },
    };
    view! {
        <table class="sums compared">
            <caption>{text::COMPARED}</caption>
            <thead>
                <tr>
                    <td></td>
                    <th prop:scope="col" class="number">{text::TIKTOK_SHOP}</th>
                    <th prop:scope="col" class="number">{text::PRESTASHOP}</th>
                    <th prop:scope="col" class="number">{text::DIFFERENCE}</th>
                </tr>
            </thead>
            <tbody>
                {payment.compared.iter().map(compared_row).collect_view()}
                <tr class="total">
                    <th prop:scope="row">{text::EXPECTED}</th>
                    <td class="number">{money(&payment.expected_store_total)}</td>
                    <td class="number">{store_total}</td>
                    <td class="number">{payment.difference.as_ref().map(difference)}</td>
                </tr>
            </tbody>
        </table>
    }
}

fn compared_row(row: &ComparedAmount) -> AnyView {
    let amount = |amount: &Option<Money>| amount.as_ref().map(money);
    let label = match row.pieces.or(row.store_pieces) {
        Some(pieces) => text::pieces_of(pieces, &row.label),
        None => row.label.clone(),
    };
    let other_pieces = match (row.pieces, row.store_pieces) {
        (Some(sold), Some(kept)) if sold != kept => Some(text::in_the_store(kept)),
        _ => None,
    };
    view! {
        <tr>
            <th prop:scope="row">
                {label}
                {other_pieces.map(|pieces| view! { <span class="mismatch">{pieces}</span> })}
            </th>
            <td class="number">{amount(&row.expected)}</td>
            <td class="number">{amount(&row.store)}</td>
            <td class="number">{row.difference.as_ref().map(difference)}</td>
        </tr>
    }
}
