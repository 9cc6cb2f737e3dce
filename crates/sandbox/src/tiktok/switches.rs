//! What nobody knows about the real platform, or what only happens now and then: switchable while it runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All switches, as in `GET` and `PUT /control/switches`; a `PUT` may name only those to change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// How an order search lists its orders.
    pub search_entries: SearchEntries,
    /// The longest time of updates, in seconds, that an order search may span; 0 for any.
    pub longest_search_s: i64,
    /// How the last page says that it is the last.
    pub end_of_pages: EndOfPages,
    /// How an address is withheld before release.
    pub hidden_address: HiddenAddress,
    /// What reading an id does that is not an order of the shop.
    pub foreign_order_ids: ForeignIds,
    /// HTTP status of errors whose real status nobody knows; by default 200 for rules and 400 for the gateway.
    pub unknown_error_status: Option<u16>,
    /// Whether a refresh makes the old refresh token and access token invalid.
    pub refresh_invalidates_old: bool,
    /// Whether a new authorization makes the tokens of the seller's earlier ones invalid; nobody knows.
    pub authorization_invalidates_old: bool,
    /// Whether a change of address, or a buyer's request to cancel, moves `update_time`.
    pub update_time_moves_on_any_change: bool,
    /// Whether marking all of a package as shipped gives it a new id.
    pub new_package_on_shipping: bool,
    /// Whether a seller may cancel an unpaid order.
    pub seller_may_cancel_unpaid: bool,
    /// Whether a seller may cancel what the carrier has not scanned yet.
    pub seller_may_cancel_awaiting_collection: bool,
    /// Whether a cancelled unit leaves the payment totals.
    pub partial_cancellation_shrinks_payment: bool,
    /// Error code for shipping in the first hour of an order without hold.
    pub early_shipping_code: i64,
    /// Buyer regions where marking as shipped is refused with 21008106.
    pub regions_without_mark_as_shipped: Vec<String>,
    /// Whether reading a carrier list demands the route (`warehouse_region`, `buyer_region`).
    pub providers_need_route: bool,
    /// Seconds for which a label is still being made after shipping.
    pub label_delay_s: i64,
    /// What the consent page does.
    pub consent: Consent,
    /// Where the consent page sends the seller back to.
    pub redirect_url: String,
    /// Requests per second for each endpoint and shop; 0 for no limit.
    pub rate_limit_per_second: u32,
    /// Whether the rate limit's answer carries `Retry-After`.
    pub rate_limit_says_when: bool,
    /// Seconds by which the gateway's own clock is ahead of the machine's.
    pub gateway_clock_ahead_s: i64,
    /// Durations of the life of an order.
    pub life: Life,
    /// How notifications are sent.
    pub webhooks: WebhookSwitches,
}

/// Durations in seconds; 0 for "never by itself".
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// Until the buyer pays.
    pub pay_s: i64,
    /// Until an unpaid order is cancelled.
    pub payment_s: i64,
    /// Length of the hold after payment; 0 for the older flow without hold.
    pub hold_s: i64,
    /// From shipping to the carrier's first scan.
    pub scan_s: i64,
    /// From the scan to delivery.
    pub transit_s: i64,
    /// From delivery to completion.
    pub aftersale_s: i64,
    /// Until an unanswered buyer request is approved.
    pub request_s: i64,
    /// From an accepted cancellation to its refund.
    pub refund_s: i64,
}

/// How notifications are sent, and what goes wrong with them. Rates are between 0 and 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSwitches {
    pub enabled: bool,
    /// Share that is sent twice.
    pub duplicate_rate: f64,
    /// Share that is never sent.
    pub loss_rate: f64,
    /// Share that carries a wrong signature.
    pub wrong_signature_rate: f64,
    /// Each is held back for a random time up to this many milliseconds of the machine, which also reorders them.
    pub delay_up_to_ms: u64,
    /// Whether those due at the same time leave in random order.
    pub reorder: bool,
    /// Leaves `tts_notification_id` out.
    pub without_notification_id: bool,
    /// Sends indented JSON.
    pub pretty_printed: bool,
    /// How the cancelled status is spelled: `CANCEL` as documented, or `CANCELLED`.
    pub cancelled_spelling: String,
    /// Whether `PARTIALLY_SHIPPING`, which no document lists, is sent at all.
    pub send_partially_shipping: bool,
    /// Waiting times after each failure, on the business clock.
    pub retry_after_s: Vec<i64>,
    /// How long an answer may take, in milliseconds of the machine.
    pub timeout_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchEntries {
    Full,
    Ids,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndOfPages {
    Empty,
    Absent,
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenAddress {
    Empty,
    Absent,
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignIds {
    Refuse,
    Omit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Sends the seller back at once with a code.
    Grant,
    /// Sends the seller back with an error.
    Deny,
    /// Shows a page with both choices.
    Ask,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            search_entries: SearchEntries::Full,
            longest_search_s: 0,
            end_of_pages: EndOfPages::Either,
            hidden_address: HiddenAddress::Either,
            foreign_order_ids: ForeignIds::Refuse,
            unknown_error_status: None,
            refresh_invalidates_old: true,
            authorization_invalidates_old: false,
            update_time_moves_on_any_change: false,
            new_package_on_shipping: false,
            seller_may_cancel_unpaid: true,
            seller_may_cancel_awaiting_collection: false,
            partial_cancellation_shrinks_payment: false,
            early_shipping_code: 21_011_044,
            regions_without_mark_as_shipped: Vec::new(),
            providers_need_route: true,
            label_delay_s: 0,
            consent: Consent::Grant,
            redirect_url: "http://127.0.0.1:8080/oauth/tiktok".to_owned(),
            rate_limit_per_second: 0,
            rate_limit_says_when: true,
            gateway_clock_ahead_s: 0,
            life: Life::default(),
            webhooks: WebhookSwitches::default(),
        }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self {
            pay_s: 0,
            payment_s: 86_400,
            hold_s: 3_600,
            scan_s: 4 * 3_600,
            transit_s: 2 * 86_400,
            aftersale_s: 14 * 86_400,
            request_s: 48 * 3_600,
            refund_s: 60,
        }
    }
}

impl Default for WebhookSwitches {
    fn default() -> Self {
        Self {
            enabled: true,
            duplicate_rate: 0.0,
            loss_rate: 0.0,
            wrong_signature_rate: 0.0,
            delay_up_to_ms: 0,
            reorder: false,
            without_notification_id: false,
            pretty_printed: false,
            cancelled_spelling: "CANCEL".to_owned(),
            send_partially_shipping: true,
            retry_after_s: vec![120, 1_800, 10_800, 43_200],
            timeout_ms: 3_000,
        }
    }
}

impl Switches {
    /// The switches with the named ones changed; objects are merged, everything else is replaced.
    ///
    /// # Errors
    /// The path and kind of a value that does not fit, or the name of a switch that does not exist.
    pub fn with(&self, changes: Value) -> Result<Self, String> {
        let mut merged = serde_json::to_value(self).expect("switches are plain data");
        merge(&mut merged, changes);
        let switches: Self = serde_json::from_value(merged).map_err(|error| error.to_string())?;
        let webhooks = &switches.webhooks;
        let rates = [webhooks.duplicate_rate, webhooks.loss_rate, webhooks.wrong_signature_rate];
        if rates.iter().any(|rate| !(0.0..=1.0).contains(rate)) {
            return Err("a rate must be between 0 and 1".to_owned());
        }
        if switches.unknown_error_status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("unknown_error_status must be a final HTTP status".to_owned());
        }
        Ok(switches)
    }
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, value) in changes {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_names_only_what_changes() {
        let switches = Switches::default()
            .with(json!({ "webhooks": { "loss_rate": 0.5 }, "search_entries": "ids" }))
            .unwrap();

        assert_eq!(switches.search_entries, SearchEntries::Ids);
        assert!((switches.webhooks.loss_rate - 0.5).abs() < f64::EPSILON);
        assert_eq!(switches.webhooks.cancelled_spelling, "CANCEL");
    }

    #[test]
    fn a_switch_that_does_not_exist_is_refused() {
        assert!(Switches::default().with(json!({ "serach_entries": "ids" })).is_err());
        assert!(Switches::default().with(json!({ "webhooks": { "loss_rate": 2 } })).is_err());
    }
}
