//! What every page says, and the way in.

use shared::{Role, SyncRun, SyncRunState};

use crate::components::money::count;

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
    RELOAD "Reload"
    PAGE_NOT_LOADED "This page could not be loaded"
    PAGE_NOT_LOADED_MORE "Check your connection. If orderbridge was updated since you opened it, reload to get the new version."
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
    CODE "Code"
    CODE_OR_RECOVERY_CODE "From your authenticator app, or one of your recovery codes."
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
        SyncRunState::Canceled => "Stopped; what was listed is still read.",
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
