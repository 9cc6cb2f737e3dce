//! The words of an order's page.

use shared::{OrderId, StoreOrderId};

use crate::components::money::count;
use crate::text::{PRESTASHOP, TIKTOK_SHOP};

// An order.
sentences! {
    TOTAL "Total paid"
    CONNECTION "Connection"
    CHANNEL_SAYS "TikTok Shop says"
    SHIP_ORDER "Ship the order"
    ANSWER_BUYER "Answer the buyer"
    NOTHING_TO_DO "Nothing to do"
    ORDER_NOT_LOADED "The order could not be loaded"
    ISSUES "Issues"
    RESOLVED "Resolved"
    SINCE "Since"
    NEXT_TRY_NOW "The next try is due now."
    PRODUCTS "Products"
    PRODUCT "Product"
    SKU "SKU"
    QUANTITY "Qty"
    UNIT_PRICE "Unit price"
    SELLER_DISCOUNT "Your discount"
    PLATFORM_DISCOUNT "TikTok's discount"
    LINE_TOTAL "Paid"
    STORE_PRODUCT "Store product"
    NOT_LINKED "Not linked"
    NO_SKU "None"
    GIFT "Gift"
    BUNDLE "Bundle"
    SHIPPING "Shipping"
    ADDRESS_HIDDEN "TikTok Shop hides the address for now."
    SHOW_ADDRESS "Show address"
    NEW_ADDRESS "New address"
    ADDRESS_BEFORE "Before the change"
    REVEAL_IS_RECORDED "Recorded in the timeline."
    ADDRESS_NOT_SHOWN "The address could not be shown"
    BUYER_MESSAGE "Buyer's message"
    PACKAGES "Packages"
    NO_PACKAGES "None yet."
    NO_CARRIER "Carrier not chosen"
    NO_TRACKING "no tracking number"
    TRACKING_NUMBER "tracking number"
    PAYMENT "Payment"
    NOT_PAID "not paid yet"
    COMPARED "Beside the store order"
    EXPECTED "Total in store"
    STORE_TOTAL "Store total"
    DIFFERENCE "Difference"
    EQUAL "None"
    WHY_THIS_STATUS "Why this status"
    TIMELINE "Timeline"
    TIMELINE_NOT_LOADED "The timeline could not be loaded"
    SHOW_OLDER "Show older entries"
    SHOW_TOPIC "Show"
    NOTHING_TOLD "Nothing of this kind so far."
}

// What was tried, and raw data.
sentences! {
    NO_ANSWER "no answer"
    REQUEST_ID "Request id"
    COPY_CURL "Copy as cURL"
    SENT "Sent"
    ANSWERED "Answered"
    RAW_DATA "Raw data"
    RAW_DATA_NOT_LOADED "The raw data could not be loaded"
    NO_ANSWER_BEFORE "TikTok Shop said nothing else before."
    CHANGED_SINCE "Changed since the answer before"
    LATEST_ANSWER "The latest answer"
}

/// What the timeline can be narrowed to: topics as the API names them, and their words.
pub const TOPICS: &[(&str, &str)] = &[
    ("", "Everything"),
    ("status,store state,sync", "Status"),
    ("import", "Import"),
    ("shipping", "Shipping"),
    ("cancellation", "Cancellation"),
    ("issue", "Issues"),
    ("note,archive,privacy,undo", "People"),
    ("attempts", "Attempts and their calls"),
];

// What puts an issue right.
sentences! {
    OPEN_SETTINGS "Open the connection's settings"
    UPDATE_STORE_ADDRESS "Update the address in the store"
    RETRY_ALL "Retry all"
    MARK_ALL_HANDLED "Mark all as handled"
    BUYER_WANTS_TO_CANCEL "The buyer wants to cancel"
    ANSWERED_BY_ITSELF "Afterwards TikTok Shop accepts it by itself."
}

// Shipping it.
sentences! {
    SHIP_THIS_ORDER "Ship this order"
    UNITS "What is in the parcel"
    TRACKING_NUMBER_FIELD "Tracking number"
    TRACKING_LETTERS "Letters and digits only, please."
    TRACKING_LENGTH "Tracking numbers have 4 to 50 letters and digits, one digit at least."
    TELL_TIKTOK "Mark as shipped"
    SHIP_WITH_TIKTOK "Ship with TikTok's label"
    TIKTOK_MAKES_THE_LABEL "TikTok chooses the carrier and makes the label; get it here afterwards."
    ONE_CORRECTION "One correction is left: TikTok Shop allows no second one."
    NO_CORRECTION_LEFT "No correction is left; TikTok Shop allows one for each order."
    SEND_CORRECTION "Send correction"
}

// Notes and tags.
sentences! {
    NOTES_AND_TAGS "Notes and tags"
    NEW_NOTE "New note, for colleagues only"
}

pub fn same_problem(others: i64) -> String {
    if others == 1 {
        "1 other order has this problem.".to_owned()
    } else {
        format!("{} other orders have this problem.", count(others))
    }
}

pub fn unblocks(others: i64) -> String {
    if others == 1 {
        "This fix unblocks 1 other order.".to_owned()
    } else {
        format!("This fix unblocks {} other orders.", count(others))
    }
}

pub fn time_to_answer(left: &str) -> String {
    format!("{left} left to answer.")
}

pub fn pieces_of(pieces: i32, product: &str) -> String {
    format!("{pieces} × {product}")
}

pub fn in_the_store(pieces: i32) -> String {
    format!("{pieces} in the store")
}

pub fn units_of(product: &str) -> String {
    format!("How many of {product}")
}

pub fn of_units(all: usize) -> String {
    format!("of {all}")
}

pub fn store_reference(id: StoreOrderId, reference: Option<&str>) -> String {
    reference.map_or_else(|| format!("#{id}"), |reference| format!("#{id} · {reference}"))
}

pub fn order_number(id: OrderId) -> String {
    format!("Order {id}")
}

pub fn fix_problems(number: usize) -> String {
    if number == 1 { "Fix 1 problem".to_owned() } else { format!("Fix {number} problems") }
}

pub fn open_issues(number: usize) -> String {
    match number {
        0 => "No open issues".to_owned(),
        1 => "1 open issue".to_owned(),
        number => format!("{number} open issues"),
    }
}

pub fn resolved_issues(number: usize) -> String {
    if number == 1 { "1 resolved issue".to_owned() } else { format!("{number} resolved issues") }
}

pub fn attempts(number: i32) -> String {
    match number {
        0 => "What was tried".to_owned(),
        1 => "Tried once".to_owned(),
        number => format!("Tried {number} times"),
    }
}

pub fn calls(number: usize) -> String {
    if number == 1 { "1 call".to_owned() } else { format!("{number} calls") }
}

pub fn attempt_kind(kind: &str) -> String {
    let words = match kind {
        "import_order" => "Import",
        "adopt_store_order" => "Adoption of a store order",
        "register_reference" => "Store order's number to TikTok Shop",
        "push_store_state" => "Status to the store",
        "push_store_tracking" => "Tracking number to the store",
        "ship_packages" => "Shipment",
        "fetch_labels" => "Label",
        "cancel_order" => "Cancellation",
        "answer_cancellation" => "Answer to the buyer",
        "refresh_order" => "Look at TikTok Shop",
        other => return status_words(other),
    };
    words.to_owned()
}

pub fn attempt_outcome(outcome: &str) -> String {
    if outcome == "unknown" { "not known yet" } else { outcome }.to_owned()
}

pub fn asked_by(actor: Option<&str>) -> String {
    actor.map_or_else(|| "By itself".to_owned(), |who| format!("For {}", self::actor(who)))
}

pub fn raw_versions(schema: &str, updated: &str, read: &str) -> String {
    format!("Order interface {schema}. Updated on TikTok Shop {updated}, read {read}.")
}

pub fn next_try(left: &str) -> String {
    format!("Next try in {left}")
}

pub fn product_number(id: i64) -> String {
    format!("Product {id}")
}

pub fn product_and_combination(product: i64, combination: Option<i64>) -> String {
    match combination {
        Some(combination) => format!("Product {product}, combination {combination}"),
        None => product_number(product),
    }
}

pub fn package_and_units(id: &str, units: i32) -> String {
    let pieces = if units == 1 { "piece" } else { "pieces" };
    format!("Package {id} · {units} {pieces}")
}

pub fn status_words(status: &str) -> String {
    let words = status.replace('_', " ").to_ascii_lowercase();
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| std::iter::once(first.to_ascii_uppercase()).chain(letters).collect())
        .unwrap_or_default()
}

pub fn fact_name(name: &str) -> String {
    name.replace('_', " ")
}

pub fn actor(actor: &str) -> String {
    match actor {
        "tiktok" => TIKTOK_SHOP.to_owned(),
        "store" => PRESTASHOP.to_owned(),
        other => other.to_owned(),
    }
}

pub fn actor_kind(actor: &str) -> &'static str {
    match actor {
        "tiktok" => "tiktok",
        "store" => "store",
        "orderbridge" => "orderbridge",
        _ => "person",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_written_as_people_write() {
        assert_eq!(status_words("AWAITING_SHIPMENT"), "Awaiting shipment");
        assert_eq!(status_words(""), "");
    }
}
