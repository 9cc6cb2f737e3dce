//! The words of the grid.

use shared::{ChannelStatus, FirstIssue, OrderId};

use crate::components::money::count;

// The grid.
sentences! {
    ORDERS "Orders"
    ORDER_STATUS "Order Status"
    ALL "All"
    ID "ID"
    STORE_ORDER "PS Order ID"
    TIKTOK_ORDER_ID_HEAD "TikTok Shop Order ID"
    TIKTOK_ORDER_ID "TikTok Shop order id"
    CREATED_AT "Created At"
    FULFILLMENT_TYPE "Fulfillment Type"
    STORE_STATUS "Store Order Status"
    SHIP_BY "Ship by"
    VIEW "View"
    ACTIONS "Actions"
    MORE_ACTIONS "More"
    NOT_CREATED "Not created"
    DELETED_IN_STORE "Deleted in store"
    PAGES "Pages"
    ROWS "Rows"
    PREVIOUS_PAGE "Previous"
    NEXT_PAGE "Next"
    FIRST_PAGE "Go to the first page"
    SELECT_PAGE "Select all orders of this page"
    SELECTED_ORDERS "Selected orders"
    CLEAR_SELECTION "Clear the selection"
    SEARCH_LABEL "Search orders by id, SKU, product or tracking number"
    SEARCH_PLACEHOLDER "Search id, SKU, product, tracking…"
    FILTERS "Filters"
    VIEWS "Views"
    CLEAR_FILTERS "Clear filters"
    SHOW_ORDERS "Show orders"
    ID_HINT "Several ids are separated by spaces or commas."
    TAG_HINT "One or several tags, separated by commas."
    ISSUE_HINT "One or several codes, separated by commas."
    YES "Yes"
    DELETED_ORDERS "Deleted orders"
    TIKTOK_ID_HINT "The first digits (4 or more), or several full ids separated by spaces."
    OVERDUE "Overdue"
    WITHIN_24_HOURS "Within 24 hours"
    WITHIN_3_DAYS "Within 3 days"
    ORDERS_NOT_LOADED "The orders could not be loaded"
    ISSUES_NOT_LOADED "The issues could not be loaded"
    NO_OPEN_ISSUES "No issue is open any more."
    NO_ORDERS_YET "No orders yet"
    NO_ORDERS_YET_MORE "They appear here by themselves as soon as TikTok Shop has one."
    NO_MATCH "No order matches"
    NO_MATCH_MORE "Change the search or the filters to see more."
    NO_MORE_ROWS "There are no orders on this page any more"
    IMPORT "Import to PrestaShop"
    VIEW_ORDER "View order"
    SELLER_CENTER "Seller Center"
    OPEN_IN_SELLER_CENTER "Open in Seller Center"
    OPEN_IN_PRESTASHOP "Open in PrestaShop"
    COPY_TIKTOK_ID "Copy TikTok Shop order id"
}

// First run.
sentences! {
    WELCOME "Welcome to orderbridge"
    WELCOME_MORE "Connect a TikTok shop with a PrestaShop store, and its orders arrive by themselves."
    ADD_CONNECTION "Add a connection"
}

/// The steps to the first order; the first one is done by whoever reads them.
pub const FIRST_STEPS: [(&str, &str); 4] = [
    ("Sign in", "Done."),
    ("Connect TikTok Shop", "App key, app secret and an authorization code from the Partner Center."),
    ("Connect PrestaShop", "The store's address and a webservice key; the test names missing permissions."),
    ("Watch orders arrive", "Each order is shown first and then imported, exactly once."),
];

pub fn rows_of(from: i64, shown: i64, total: Option<(i64, bool)>) -> String {
    if shown == 0 {
        return String::new();
    }
    let until = from + shown - 1;
    let rows = format!("{}–{}", count(from), count(until));
    match total {
        Some((total, true)) => format!("{rows} of more than {}", count(total.max(until))),
        Some((total, false)) => format!("{rows} of {}", count(total.max(until))),
        None => rows,
    }
}

pub fn rows_per_page(size: u32) -> String {
    format!("{size} rows on a page")
}

pub fn orders_shown(shown: usize) -> String {
    match shown {
        0 => "No orders.".to_owned(),
        1 => "1 order shown.".to_owned(),
        shown => format!("{shown} orders shown."),
    }
}

pub fn new_orders(number: usize) -> String {
    if number == 1 { "1 new order, show".to_owned() } else { format!("{number} new orders, show") }
}

pub fn selected(number: i64) -> String {
    format!("{} selected", count(number))
}

pub fn state_number(id: i64) -> String {
    format!("State {id}")
}

pub fn clear_filter(name: &str) -> String {
    format!("Clear the filter “{name}”")
}

pub fn search_in(column: &str) -> String {
    format!("Search in {column}")
}

pub fn days_in_zone(zone: &str) -> String {
    if zone.is_empty() { "Days are those of your time zone.".to_owned() } else { format!("Days in {zone}.") }
}

pub fn ignored_parameters(list: &str) -> String {
    format!("Parts of this address were left out: {list}.")
}

pub fn select_order(id: OrderId) -> String {
    format!("Select order {id}")
}

pub fn view_order(id: OrderId) -> String {
    format!("View order {id}")
}

pub fn actions_of(id: OrderId) -> String {
    format!("Actions for order {id}")
}

pub fn issues_of(id: OrderId) -> String {
    format!("Issues of order {id}")
}

pub fn error_title(first_issue: &str, channel_status: &ChannelStatus) -> String {
    format!("{first_issue}. TikTok Shop says {channel_status}. Click for the reason and the remedy.")
}

pub fn warnings(number: i32, first: Option<&FirstIssue>) -> String {
    match first {
        Some(issue) if number == 1 => format!("Warning: {}", issue.title),
        Some(issue) => format!("{number} warnings, first: {}", issue.title),
        None => format!("{number} warnings"),
    }
}

pub fn order_times(received: &str, imported: Option<&str>) -> String {
    let imported = imported.map(|imported| format!("\nImported {imported}")).unwrap_or_default();
    format!("\nReceived {received}{imported}")
}

pub fn reference(reference: &str) -> String {
    format!("Reference {reference}")
}

pub const fn no_store_page(is_created: bool) -> &'static str {
    if is_created { "Its address in the store is not known." } else { "There is no store order yet." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_say_which_rows_they_show() {
        assert_eq!(rows_of(51, 50, Some((1_234, false))), "51–100 of 1,234");
        assert_eq!(rows_of(1, 25, Some((10_000, true))), "1–25 of more than 10,000");
        // A count that lags behind the rows is not believed.
        assert_eq!(rows_of(1, 3, Some((2, false))), "1–3 of 3");
        assert_eq!(rows_of(1, 0, Some((0, false))), "");
    }
}
