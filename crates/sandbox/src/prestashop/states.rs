//! Order states: what moving an order does to its stock, invoice, payments and mails.

use rust_decimal::Decimal;

use super::prices;
use super::record::{Id, Record, six_decimals};
use super::shop::{NO_DATE, Shop};
use super::stock;

/// The state or the order does not exist; the shop dies with an empty answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownState;

/// Moves an order to a state, with everything that follows except the history row and the mail.
///
/// # Errors
/// Order or state are unknown. With a known order the stock of the attempted change stays changed.
pub fn change(
    shop: &mut Shop,
    order: Id,
    new_state: Id,
    use_existing_payment: bool,
) -> Result<(), UnknownState> {
    let old_state = shop.get("orders", order).ok_or(UnknownState)?.id_of("current_state");
    move_stock(shop, order, old_state, new_state);
    let state = shop.get("order_states", new_state).cloned().ok_or(UnknownState)?;
    let reserved_before = stock::reserves(shop, old_state);
    let reserved_after = stock::reserves(shop, new_state);
    let now = shop.now();
    let Some(record) = shop.get_mut("orders", order) else { return Err(UnknownState) };
    record.set("current_state", new_state.to_string());
    record.set("valid", state.text("logable"));
    record.set("date_upd", &*now);
    let (has_invoice, has_delivery) =
        (record.id_of("invoice_number") != 0, record.id_of("delivery_number") != 0);
    stock::follow(shop, order, reserved_before, reserved_after);
    if state.flag("invoice") && !has_invoice {
        add_invoice(shop, order, use_existing_payment);
    } else if state.flag("delivery") && !has_delivery {
        set_delivery_slip(shop, order);
    }
    if state.flag("paid") {
        pay_the_rest(shop, order);
    }
    if state.flag("delivery") {
        set_delivery_date(shop, order);
    }
    Ok(())
}

/// Adds a row to the history of an order and returns its id.
pub fn add_history(shop: &mut Shop, order: Id, state: Id, employee: Id) -> Id {
    let record = Record::default()
        .with("id_employee", employee)
        .with("id_order_state", state)
        .with("id_order", order)
        .with("date_add", shop.now());
    shop.insert("order_histories", record)
}

/// Sends the mail of a state to the buyer of an order, if the state has one.
pub fn send_state_mail(shop: &mut Shop, order: Id, state: Id) {
    let Some(state) = shop.get("order_states", state).filter(|state| state.flag("send_email")) else {
        return;
    };
    let Some(record) = shop.get("orders", order) else { return };
    let language = record.id_of("id_lang");
    let to =
        shop.get("customers", record.id_of("id_customer")).map_or("", |buyer| buyer.text("email")).to_owned();
    let subject = state.localized("name", language).to_owned();
    let template = state.localized("template", language).to_owned();
    if !template.is_empty() && !to.is_empty() {
        shop.send_mail(&to, &subject, &template);
    }
}

/// Takes or gives back the stock of an order's rows as the step from one state to another wants it.
fn move_stock(shop: &mut Shop, order: Id, old_state: Id, new_state: Id) {
    if shop.get("order_states", old_state).is_none() {
        return;
    }
    let void = [shop.configured_id("PS_OS_ERROR"), shop.configured_id("PS_OS_CANCELED")];
    let logable = |id: Id| shop.get("order_states", id).is_some_and(|state| state.flag("logable"));
    let (was_logable, is_logable) = (logable(old_state), logable(new_state));
    let (was_void, is_void) = (void.contains(&old_state), void.contains(&new_state));
    let sign = match (was_logable, is_logable) {
        (false, true) if was_void => -1,
        (true, false) if is_void => 1,
        (false, false) if is_void && !was_void => 1,
        // Only 9.x takes the stock again when a canceled order leaves that state unpaid.
        (false, false) if was_void && !is_void && shop.version.is_nine() => -1,
        _ => return,
    };
    let rows: Vec<(Id, Id, i64)> = shop
        .order_details(order)
        .map(|detail| {
            (
                detail.id_of("product_id"),
                detail.id_of("product_attribute_id"),
                detail.integer("product_quantity"),
            )
        })
        .collect();
    for (product, combination, quantity) in rows {
        stock::change(shop, product, combination, sign * quantity);
    }
}

/// The number that the next invoice gets: one more than the highest.
#[must_use]
pub fn next_invoice_number(shop: &Shop) -> Id {
    let highest = shop.table("order_invoices").iter().map(|invoice| invoice.id_of("number")).max();
    highest.unwrap_or(0) + 1
}

fn add_invoice(shop: &mut Shop, order: Id, use_existing_payment: bool) {
    if !shop.configured("PS_INVOICE") {
        return;
    }
    let number = next_invoice_number(shop);
    insert_invoice(shop, order, number, use_existing_payment);
}

/// Writes the invoice of an order under a number, and links the order's rows and payments to it.
pub fn insert_invoice(shop: &mut Shop, order: Id, number: Id, use_existing_payment: bool) {
    let Some(record) = shop.get("orders", order).cloned() else { return };
    let now = shop.now();
    let copied = [
        ("total_discount_tax_excl", "total_discounts_tax_excl"),
        ("total_discount_tax_incl", "total_discounts_tax_incl"),
        ("total_paid_tax_excl", "total_paid_tax_excl"),
        ("total_paid_tax_incl", "total_paid_tax_incl"),
        ("total_products", "total_products"),
        ("total_products_wt", "total_products_wt"),
        ("total_shipping_tax_excl", "total_shipping_tax_excl"),
        ("total_shipping_tax_incl", "total_shipping_tax_incl"),
        ("total_wrapping_tax_excl", "total_wrapping_tax_excl"),
        ("total_wrapping_tax_incl", "total_wrapping_tax_incl"),
    ];
    let mut invoice = Record::default()
        .with("id_order", order)
        .with("number", number)
        .with("delivery_date", NO_DATE)
        .with("shipping_tax_computation_method", 0)
        .with("shop_address", &shop.settings.shop_name)
        .with("date_add", &now);
    for (field, source) in copied {
        invoice.set(field, record.text(source));
    }
    let invoice = shop.insert("order_invoices", invoice);
    let children = |resource| shop.belonging_to(resource, order).map(|child| child.id).collect::<Vec<Id>>();
    let (details, carriers) = (children("order_details"), children("order_carriers"));
    for id in details {
        if let Some(detail) = shop.get_mut("order_details", id) {
            detail.set("id_order_invoice", invoice.to_string());
        }
    }
    for id in carriers {
        if let Some(carrier) = shop.get_mut("order_carriers", id) {
            carrier.set("id_order_invoice", invoice.to_string());
        }
    }
    if let Some(record) = shop.get_mut("orders", order) {
        record.set("invoice_number", number.to_string());
        record.set("invoice_date", &*now);
        record.set("date_upd", &*now);
    }
    if use_existing_payment {
        let linked: Vec<Id> = shop
            .table("order_payments")
            .iter()
            .filter(|payment| payment.text("order_reference") == record.text("reference"))
            .map(|payment| payment.id)
            .filter(|payment| !shop.invoice_payments.iter().any(|(_, _, known)| known == payment))
            .collect();
        shop.invoice_payments.extend(linked.into_iter().map(|payment| (order, invoice, payment)));
    }
}

fn set_delivery_slip(shop: &mut Shop, order: Id) {
    if !shop.configured("PS_INVOICE") {
        return;
    }
    let highest = shop.table("order_invoices").iter().map(|invoice| invoice.id_of("delivery_number")).max();
    let number = (highest.unwrap_or(0) + 1).to_string();
    let now = shop.now();
    let invoices: Vec<Id> = shop.belonging_to("order_invoices", order).map(|invoice| invoice.id).collect();
    for id in invoices {
        if let Some(invoice) = shop.get_mut("order_invoices", id) {
            invoice.set("delivery_number", &*number);
            invoice.set("delivery_date", &*now);
        }
    }
    if let Some(record) = shop.get_mut("orders", order) {
        record.set("delivery_number", number);
        record.set("delivery_date", now);
    }
}

fn set_delivery_date(shop: &mut Shop, order: Id) {
    let now = shop.now();
    let invoices: Vec<Id> = shop.belonging_to("order_invoices", order).map(|invoice| invoice.id).collect();
    for id in invoices {
        if let Some(invoice) = shop.get_mut("order_invoices", id) {
            invoice.set("delivery_date", &*now);
        }
    }
    if let Some(record) = shop.get_mut("orders", order) {
        record.set("delivery_date", now);
    }
}

/// Books what the payments linked to an order's invoices leave open as a new payment named after the module.
fn pay_the_rest(shop: &mut Shop, order: Id) {
    let invoices: Vec<Record> = shop.belonging_to("order_invoices", order).cloned().collect();
    for invoice in invoices {
        let paid: Decimal = shop
            .invoice_payments
            .iter()
            .filter(|(_, linked, _)| *linked == invoice.id)
            .filter_map(|(_, _, payment)| shop.get("order_payments", *payment))
            .map(|payment| payment.decimal("amount"))
            .sum();
        let rest = prices::round(shop, invoice.decimal("total_paid_tax_incl") - paid, 2);
        if rest > Decimal::ZERO {
            let Some(record) = shop.get("orders", order).cloned() else { return };
            let method = shop.settings.payment_modules.get(record.text("module")).cloned();
            let payment = add_payment(shop, &record, rest, method.as_deref().unwrap_or_default());
            shop.invoice_payments.push((order, invoice.id, payment));
        }
    }
}

/// Books a payment for an order and adds it to what was really paid.
pub fn add_payment(shop: &mut Shop, order: &Record, amount: Decimal, method: &str) -> Id {
    let payment = Record::default()
        .with("order_reference", order.text("reference"))
        .with("id_currency", order.text("id_currency"))
        .with("amount", six_decimals(amount))
        .with("payment_method", method)
        .with("conversion_rate", order.text("conversion_rate"))
        .with("date_add", shop.now());
    let payment = shop.insert("order_payments", payment);
    let now = shop.now();
    if let Some(record) = shop.get_mut("orders", order.id) {
        let paid = record.decimal("total_paid_real") + amount;
        record.set_amount("total_paid_real", paid);
        record.set("date_upd", now);
    }
    payment
}
