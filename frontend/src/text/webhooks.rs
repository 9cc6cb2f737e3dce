//! Outgoing webhooks.

use shared::{WebhookDeliveryState, WebhookEvent};

sentences! {
    WEBHOOKS "Webhooks"
    WEBHOOK "Webhook"
    WEBHOOKS_LEAD "Tools are told of what happens, with signed messages by the rules of Standard Webhooks. Messages carry numbers only, never buyers' data."
    WEBHOOKS_NOT_LOADED "The webhooks could not be loaded"
    WEBHOOK_NOT_LOADED "The webhook could not be loaded"
    NO_WEBHOOKS "No webhooks yet"
    NO_WEBHOOKS_MORE "Add the address of a tool that wants to know when orders arrive, ship or need somebody."
    NEW_WEBHOOK "New webhook"
    MAKE_WEBHOOK "Add the webhook"
    WEBHOOK_NOT_MADE "The webhook could not be added"
    ADDRESS "Address"
    WEBHOOK_ADDRESS_HINT "A public address that begins with https://."
    DESCRIPTION "Description"
    TELLS_OF "Tells of"
    TELLS_OF_HINT "None ticked: everything."
    THE_SECRET "the secret"
    SECRET "Secret"
    SECRET_MORE "Messages are signed with it, so that the tool knows that they come from here."
    WEBHOOK_SECRET_ONCE "Give this secret to the tool, which checks the signatures with it. It cannot be shown again."
    REPLACE_SECRET "Replace the secret"
    ABOUT_TO_REPLACE_SECRET "Replace the secret? For 24 hours messages are signed with both; after that the old one is worth nothing."
    YES_REPLACE "Yes, replace it"
    WEBHOOK_GONE "Off: the tool said it is gone"
    WEBHOOK_GAVE_UP "Off: nothing arrived for 3 days"
    WEBHOOK_FAILING "Failing"
    WHAT_IT_IS_TOLD "What it is told"
    SWITCH_OFF "Switch off"
    SWITCH_ON "Switch on"
    WEBHOOK_IS_OFF "The webhook is off; what waited to be sent is given up."
    WEBHOOK_IS_ON "The webhook is on."
    SEND_TEST "Send a test"
    DELETE_WEBHOOK "Delete the webhook"
    YES_DELETE "Yes, delete it"
    WEBHOOK_DELETED "The webhook is deleted."
    DELIVERIES "Deliveries"
    DELIVERIES_NOT_LOADED "That did not work"
    NO_DELIVERIES "Nothing has been sent yet."
    SEND_AGAIN "Send again"
    REFRESH "Refresh"
    SHOW_MORE "Show more"
}

pub const WEBHOOK_COLUMNS: [&str; 3] = ["Address", "Tells of", "State"];
pub const DELIVERY_COLUMNS: [&str; 6] = ["Message", "State", "Answer", "Attempts", "When", ""];

pub fn webhook_events(count: usize) -> String {
    match count {
        0 => "Everything".to_owned(),
        1 => "1 kind of event".to_owned(),
        count => format!("{count} kinds of events"),
    }
}

pub fn about_to_delete_webhook(url: &str) -> String {
    format!(
        "Delete the webhook to {url}? The tool is told nothing more, and the list of deliveries goes too."
    )
}

pub fn send_again(message: &str) -> String {
    format!("Send {message} again")
}

pub const fn webhook_event(event: WebhookEvent) -> &'static str {
    match event {
        WebhookEvent::OrderReceived => "Order received",
        WebhookEvent::OrderImported => "Order imported",
        WebhookEvent::OrderUpdated => "Order updated",
        WebhookEvent::OrderShipped => "Order shipped",
        WebhookEvent::OrderCanceled => "Order canceled",
        WebhookEvent::IssueOpened => "Issue opened",
        WebhookEvent::IssueResolved => "Issue resolved",
        WebhookEvent::ConnectionDegraded => "Connection degraded",
        WebhookEvent::ConnectionRestored => "Connection restored",
        WebhookEvent::Test => "Test",
    }
}

pub const fn delivery_state(state: WebhookDeliveryState) -> &'static str {
    match state {
        WebhookDeliveryState::Pending => "Waiting",
        WebhookDeliveryState::Delivered => "Delivered",
        WebhookDeliveryState::Failed => "Given up",
    }
}
