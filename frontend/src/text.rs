//! The message catalogue: every sentence of the page that is not the server's, in one place.

use shared::{
    ChannelStatus, EmailPolicy, FirstIssue, IdentityRule, MoneyBasis, OrderId, Role, StoreOrderId, SyncRun,
    SyncRunState,
};

use crate::components::money::count;
use crate::orders::actions::Action;

macro_rules! sentences {
    ($($name:ident $text:literal)+) => { $(pub const $name: &str = $text;)+ };
}

// The frame.
sentences! {
    TAGLINE "TikTok Shop orders in your PrestaShop store, each exactly once."
    STARTING "Starting…"
    LOADING "Loading…"
    COULD_NOT_START "orderbridge could not start"
    SKIP_TO_CONTENT "Skip to the content"
    OFFLINE "You are offline. What you see may be out of date; it refreshes by itself once you are back."
    SERVER_UNREACHABLE "The server could not be reached. Check your connection and try again."
    SESSION_ENDED "Your session has ended. Sign in again to go on."
    TRY_AGAIN "Try again"
    CLOSE "Close"
    DISMISS "Dismiss"
    APPLY "Apply"
    NEVER "never"
    COPIED "Copied."
    COPY_REFUSED "The browser did not allow copying."
    NOTIFICATIONS "Notifications"
    NO_NOTIFICATIONS "Nothing has happened in this visit yet."
    YOU_AND_SETTINGS "You and your settings"
    THEME "Theme"
    COMPACT_ROWS "Compact rows"
    SINGLE_KEYS "Single-key shortcuts"
    KEYBOARD_HELP "Keyboard shortcuts"
    SIGN_OUT "Sign out"
    NOT_FOUND "There is nothing at this address"
    BACK_TO_ORDERS "Back to the orders"
    BREADCRUMB "Breadcrumb"
    OPERATORS_ONLY "Your role may only look. Ask an admin for the operator role."
    MANAGERS_ONLY "Only managers may change connections."
}

// Signing in.
sentences! {
    SIGN_IN "Sign in"
    SIGNING_IN "Signing in…"
    NOT_SIGNED_IN "You could not be signed in"
    EMAIL "E-mail"
    PASSWORD "Password"
    SET_UP "Create the first admin"
    SET_UP_MORE "This account can do everything. You can add other people later."
    NO_SETUP_TOKEN "The link is incomplete. Open the whole set-up link that the server printed when it started."
    NOT_SET_UP "The account could not be created"
    CREATE_ADMIN "Create the account"
    PASSWORD_HINT "At least 12 characters; a few unrelated words are best."
}

// The freshness of the orders.
sentences! {
    SYNCED_NOW "Synced just now"
    NOT_SYNCED "Not synced yet"
    LAST_SYNC "Last sync"
    LAST_WEBHOOK "Last webhook"
    WAITING_FOR_IMPORT "Waiting for import"
    ORDER_TO_STORE "Order to store"
    NO_IMPORTS_YET "no imports yet"
}

// Fetching orders.
sentences! {
    FETCH_ORDERS "Fetch orders"
    FETCH_NEW "Everything since the last sync"
    FETCH_RANGE "A range of days (up to 90 days back)"
    FETCH_NOT_STARTED "The orders could not be fetched"
    FETCH_FAILED "Fetching the orders failed."
    NO_ACTIVE_CONNECTION "No connection is active. Resume one first, or authorize it again."
    SEEN "Seen"
    NEW "New"
    UPDATED "Updated"
    BLOCKED "Blocked"
    FROM_DAY "From"
    TO_DAY "To"
}

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
    CLEAR_FILTERS "Clear filters"
    SHOW_ORDERS "Show orders"
    ID_HINT "Several ids are separated by spaces or commas."
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
    SYNC_STATUS "Sync status"
    IMPORT "Import to PrestaShop"
    RETRY_IMPORT "Retry import"
    IMPORT_OR_RETRY "Import / Retry"
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

// An order.
sentences! {
    TOTAL "Total paid"
    CONNECTION "Connection"
    CHANNEL_SAYS "TikTok Shop says"
    SHIP_IN_STORE "Ship it"
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
    TIKTOK_AMOUNTS "TikTok Shop's amounts"
    COMPARED "Expected and actual total of the store order"
    EXPECTED "Expected in store"
    STORE_TOTAL "Store total"
    DIFFERENCE "Difference"
    EQUAL "None"
    WHY_THIS_STATUS "Why this status"
    TIMELINE "Timeline"
    TIMELINE_NOT_LOADED "The timeline could not be loaded"
    SHOW_OLDER "Show older entries"
}

// Connections.
sentences! {
    CONNECTIONS "Connections"
    CONNECTIONS_NOT_LOADED "The connections could not be loaded"
    CONNECTION_NOT_LOADED "The connection could not be loaded"
    CONNECTION_NOT_CREATED "The connection could not be created"
    NO_CONNECTIONS "No connections yet"
    CREATE_CONNECTION "Create connection"
    TEST_CONNECTION "Test connection"
    TESTING "Testing both sides; nothing is changed…"
    TEST_PASSED "All checks passed"
    TEST_PASSED_WITH_WARNINGS "All checks passed, some with a warning"
    TEST_FAILED "Some checks failed"
    NOT_TESTED "The connection could not be tested"
    ACTIVE "Active"
    PAUSED "Paused"
    UNAUTHORIZED "Authorize again"
    PAUSE "Pause"
    RESUME "Resume"
    NOW_PAUSED "The connection is paused; nothing is called any more."
    NOW_ACTIVE "The connection is active again."
    SAVE "Save"
    SAVED "Saved."
    NOT_SAVED "The changes could not be saved"
    CHANGED_MEANWHILE "Somebody else changed this connection meanwhile; load it again to go on"
    TIKTOK_SHOP "TikTok Shop"
    PRESTASHOP "PrestaShop"
    NAME "Name"
    CONNECTION_NAME "Name of the connection"
    APP_KEY "App key"
    APP_SECRET "App secret"
    AUTHORIZATION "Kind of authorization"
    AUTH_CODE "Authorization code"
    AUTH_CODE_HINT "From TikTok Shop's consent page; it works once, within 30 minutes."
    TOKEN_PAIR "Token pair"
    ACCESS_TOKEN "Access token"
    REFRESH_TOKEN "Refresh token"
    SHOP_ID "Shop id"
    SHOP_ID_HINT "Needed only when several shops are authorized."
    STORE_URL "Store address"
    WEBSERVICE_KEY "Webservice key"
    WEBSERVICE_KEY_HINT "32 characters; in PrestaShop under Advanced Parameters, Webservice."
    TOKEN_RENEWAL "TikTok token renewed before"
    REPLACE_CREDENTIALS "Replace keys and tokens"
    REPLACE_CREDENTIALS_HINT "Only what you enter here is replaced; secrets are never shown."
    MORE_SETTINGS "Settings (the defaults suit most stores)"
    WHAT_TO_IMPORT "What to import"
    IMPORT_ORDERS "Import orders into the store"
    IMPORT_ORDERS_HINT "When off, orders are recorded and shown only."
    IMPORT_SAMPLES "Import free samples, with a total of 0"
    IMPORT_FBT "Import orders that TikTok's warehouse packs"
    IGNORE_STOCK "Import although the store is short of stock"
    IGNORE_STOCK_HINT "Otherwise such orders wait with an issue."
    POLL_INTERVAL "Ask TikTok Shop every … seconds"
    POLL_INTERVAL_HINT "10 to 3600. Webhooks bring most orders sooner."
    CUSTOMER "Customer"
    EMAIL_POLICY "E-mail address of store customers"
    CUSTOMER_EMAIL "E-mail address"
    IDENTITY_RULE "Identity number, where a country needs one"
    IDENTITY_RULE_HINT "Some countries require one on every address."
    IDENTITY_NUMBER "Identity number"
    STORE_ORDERS "Store orders"
    MONEY_BASIS "Total of the store order"
    MONEY_BASIS_HINT "TikTok pays its own discounts to you, so they are part of your revenue."
    PAYMENT_MODULE "Payment module"
    PAYMENT_MODULE_HINT "Technical name of an active module, such as ps_wirepayment."
    PAYMENT_LABEL "Payment name shown in the store"
    CARRIER "Carrier (reference id)"
    CARRIER_HINT "Leave it empty for the store's free carrier."
}

pub fn unreadable_answer(status: u16) -> String {
    format!("The server's answer could not be understood (status {status}). Reload the page and try again.")
}

pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Manager => "Manager",
        Role::Admin => "Admin",
    }
}

pub fn synced(ago: &str) -> String {
    format!("Synced {ago}")
}

pub fn order_to_store(half: &str, most: &str) -> String {
    format!("half within {half}, 95 % within {most}")
}

pub fn fetching(seen: i64) -> String {
    if seen == 0 { "Fetching…".to_owned() } else { format!("Fetching… {}", count(seen)) }
}

pub const fn run_state(state: SyncRunState) -> &'static str {
    match state {
        SyncRunState::Queued => "Waiting for its turn…",
        SyncRunState::Running => "Reading orders from TikTok Shop…",
        SyncRunState::Done => "Done.",
        SyncRunState::Failed => "Failed.",
    }
}

pub fn fetched(run: &SyncRun) -> String {
    format!(
        "Fetched: {} seen, {} new, {} updated, {} blocked.",
        count(run.seen),
        count(run.new),
        count(run.updated),
        count(run.blocked)
    )
}

/// Which rows a page shows, out of how many.
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

pub fn selected(number: usize) -> String {
    format!("{number} selected")
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

pub fn store_reference(id: StoreOrderId, reference: Option<&str>) -> String {
    reference.map_or_else(|| format!("#{id}"), |reference| format!("#{id} · {reference}"))
}

pub const fn no_store_page(is_created: bool) -> &'static str {
    if is_created { "Its address in the store is not known." } else { "There is no store order yet." }
}

pub fn accepted(action: Action, id: OrderId, joined: bool) -> String {
    match (action, joined) {
        (Action::Sync, false) => format!("Order {id}: asking TikTok Shop for its state."),
        (Action::Sync, true) => format!("Order {id}: the sync is already under way."),
        (Action::Import, false) => format!("Order {id}: the import has started."),
        (Action::Import, true) => format!("Order {id}: the import is already under way."),
    }
}

pub fn refused(id: OrderId, reason: &str) -> String {
    format!("Order {id}: {reason}")
}

pub fn bulk_result(action: Action, started: usize, refused: usize) -> String {
    let what = action.bulk_label();
    match refused {
        0 => format!("{what}: {started} started."),
        refused => format!("{what}: {started} started, {refused} not possible."),
    }
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
    if number == 1 { "Tried once".to_owned() } else { format!("Tried {number} times") }
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

/// TikTok Shop's status words in ordinary writing: `AWAITING_SHIPMENT` becomes `Awaiting shipment`.
pub fn status_words(status: &str) -> String {
    let words = status.replace('_', " ").to_ascii_lowercase();
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| std::iter::once(first.to_ascii_uppercase()).chain(letters).collect())
        .unwrap_or_default()
}

/// The name of a timeline fact: `store_order_id` becomes `store order id`.
pub fn fact_name(name: &str) -> String {
    name.replace('_', " ")
}

/// Who did something, as people call them.
pub fn actor(actor: &str) -> String {
    match actor {
        "tiktok" => TIKTOK_SHOP.to_owned(),
        "store" => PRESTASHOP.to_owned(),
        other => other.to_owned(),
    }
}

/// Which kind of actor, for the look of a timeline entry.
pub fn actor_kind(actor: &str) -> &'static str {
    match actor {
        "tiktok" => "tiktok",
        "store" => "store",
        "orderbridge" => "orderbridge",
        _ => "person",
    }
}

pub fn connection_created(name: &str) -> String {
    format!("“{name}” is connected. Its orders arrive now.")
}

pub const fn email_policy(policy: EmailPolicy) -> &'static str {
    match policy {
        EmailPolicy::BuyerIdAlias => "buyerid@tiktok.com for everybody",
        EmailPolicy::Fixed => "One address of yours for everybody",
        EmailPolicy::PerOrder => "One address for each order, at your domain",
    }
}

pub const fn money_basis(basis: MoneyBasis) -> &'static str {
    match basis {
        MoneyBasis::IncludingPlatformDiscounts => "With the discounts that TikTok pays",
        MoneyBasis::BuyerPaid => "What the buyer paid",
    }
}

pub const fn identity_rule(rule: IdentityRule) -> &'static str {
    match rule {
        IdentityRule::FromOrder => "From the order; without one the import waits",
        IdentityRule::Fixed => "Always the same number",
        IdentityRule::OrderId => "The last digits of the TikTok Shop order id",
    }
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

    #[test]
    fn foreign_words_are_written_as_people_write() {
        assert_eq!(status_words("AWAITING_SHIPMENT"), "Awaiting shipment");
        assert_eq!(status_words(""), "");
    }

    #[test]
    fn bulk_results_count_both_outcomes() {
        assert_eq!(bulk_result(Action::Import, 2, 1), "Import / Retry: 2 started, 1 not possible.");
        assert_eq!(bulk_result(Action::Sync, 3, 0), "Sync status: 3 started.");
    }
}
