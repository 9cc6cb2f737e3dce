//! Reasons for cancelling and for refusing to, by market and status.

use super::order::Status;

const EU_UNPAID: &[&str] = &[
    "seller_cancel_unpaid_reason_out_of_stock",
    "seller_cancel_unpaid_reason_wrong_price",
    "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed",
    "seller_cancel_unpaid_reason_buyer_requested_cancellation",
];
const EU_PAID: &[&str] = &[
    "seller_cancel_reason_out_of_stock",
    "seller_cancel_reason_wrong_price",
    "seller_cancel_paid_reason_address_not_deliver",
    "seller_cancel_paid_reason_buyer_requested_cancellation",
];
const GB_UNPAID: &[&str] = &[
    "seller_cancel_unpaid_reason_out_of_stock_uk",
    "seller_cancel_unpaid_reason_wrong_price_uk",
    "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed_uk",
];
const GB_PAID: &[&str] = &[
    "seller_cancel_reason_out_of_stock_uk",
    "seller_cancel_reason_wrong_price_uk",
    "seller_cancel_paid_reason_address_not_deliver_uk",
];
// Nobody knows the keys of the other markets: here they resemble those of the EU, and are not the same.
const UNLISTED_UNPAID: &[&str] =
    &["seller_cancel_unpaid_reason_wrong_price_local", "seller_cancel_unpaid_reason_out_of_stock_local"];
const UNLISTED_PAID: &[&str] = &[
    "seller_cancel_reason_wrong_price_local",
    "seller_cancel_paid_reason_address_not_deliver_local",
    "seller_cancel_reason_out_of_stock_local",
];
const EU_REJECT: &[&str] =
    &["ecom_reverse_reject_cancel_reason_product_packed", "ecom_refund_reject_reason_cancel_unacceptable_uk"];
const GB_REJECT: &[&str] = &[
    "seller_reject_apply_product_has_been_packed",
    "order_manage_list_action_respond_popup_reject_reason_delivered_uk",
    "order_manage_list_action_respond_popup_reject_reason_buyer_agree_uk",
    "order_manage_list_action_respond_popup_reject_reason_invalid_cancellation_reason_uk",
];

/// What a seller may give as the reason in this status.
pub fn seller_reasons(market: &str, status: Status) -> &'static [&'static str] {
    match (market, status) {
        ("GB", Status::Unpaid) => GB_UNPAID,
        ("GB", _) => GB_PAID,
        ("DE" | "ES" | "FR" | "IE" | "IT", Status::Unpaid) => EU_UNPAID,
        ("DE" | "ES" | "FR" | "IE" | "IT", _) => EU_PAID,
        (_, Status::Unpaid) => UNLISTED_UNPAID,
        (_, _) => UNLISTED_PAID,
    }
}

/// Whether some seller of the market could give this reason in some status.
pub fn is_seller_reason(market: &str, reason: &str) -> bool {
    [Status::Unpaid, Status::AwaitingShipment]
        .into_iter()
        .any(|status| seller_reasons(market, status).contains(&reason))
}

/// Whether the reason belongs to buyers or to the platform.
pub fn is_reason_of_others(reason: &str) -> bool {
    ["ecom_order_", "buyer_", "system_", "package_", "platform_", "returned_", "threepl_", "ecom_cb_"]
        .iter()
        .any(|prefix| reason.starts_with(prefix))
}

/// What a seller may answer when refusing a buyer's request.
pub fn reject_reasons(market: &str) -> &'static [&'static str] {
    if market == "GB" { GB_REJECT } else { EU_REJECT }
}

/// The text shown for a key: on orders there is only this text, never the key.
pub fn text(key: &str) -> String {
    let known = [
        ("out_of_stock", "Out of stock"),
        ("wrong_price", "Pricing error"),
        ("address_not_deliver", "Unable to deliver to buyer address"),
        ("buyer_requested_cancellation", "Buyer requested cancellation"),
        ("buyer_hasnt_paid", "Buyer did not pay on time"),
        ("created_by_mistakes", "Order created by mistake"),
        ("no_longer_needed", "No longer needed"),
        ("high_delivery_costs", "Delivery costs are too high"),
        ("wrong_delivery_info", "Need to change delivery information"),
        ("better_price", "Found a better price"),
        ("unpaid_time_out", "Payment was not completed in time"),
        ("shipping_timeout", "Seller did not ship in time"),
        ("untracked", "Carrier did not collect in time"),
        ("product_packed", "Product has been packed"),
        ("product_has_been_packed", "Product has been packed"),
    ];
    known
        .iter()
        .find(|(part, _)| key.contains(part))
        .map_or_else(|| "Other".to_owned(), |(_, text)| (*text).to_owned())
}
