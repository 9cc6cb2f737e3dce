//! What is typed into the form of the settings, and the settings that this makes.

use std::collections::BTreeMap;

use crate::prelude::*;
use shared::{
    AlertRules, ConnectionSettings, EmailPolicy, HoldPolicy, IdentityRule, MoneyBasis, OrderStatus,
};

use crate::browser;
use crate::connections::map_field::Pairs;

/// The word of a status that leaves the store order as it is.
pub const UNCHANGED: &str = "unchanged";
/// How many rows the status mapping has.
const STATUSES: usize = OrderStatus::ALL.len();

/// What is typed; everything else stays as it was. Empty text stands for what is left to the default.
#[derive(Clone, Copy)]
pub struct SettingsFields {
    pub import_orders: RwSignal<bool>,
    pub import_placed_since: RwSignal<String>,
    pub hold_policy: RwSignal<String>,
    pub import_delay_min: RwSignal<String>,
    pub poll_interval_s: RwSignal<String>,
    pub poll_overlap_s: RwSignal<String>,
    pub import_fulfilled_by_tiktok: RwSignal<bool>,
    pub import_samples: RwSignal<bool>,
    pub ignore_stock: RwSignal<bool>,
    pub email_policy: RwSignal<String>,
    pub customer_email: RwSignal<String>,
    pub money_basis: RwSignal<String>,
    pub payment_module: RwSignal<String>,
    pub payment_label: RwSignal<String>,
    pub carrier_reference: RwSignal<String>,
    pub carrier_by_country: Pairs,
    pub identity_rule: RwSignal<String>,
    pub identity_number: RwSignal<String>,
    pub back_office_url: RwSignal<String>,
    pub store_shop_id: RwSignal<String>,
    /// In the order of [`OrderStatus::ALL`].
    pub status_mapping: [RwSignal<String>; STATUSES],
    pub write_back_shipped: RwSignal<bool>,
    pub write_back_canceled: RwSignal<bool>,
    pub tracking_delay_min: RwSignal<String>,
    pub carrier_map: Pairs,
    pub default_channel_carrier_id: RwSignal<String>,
    pub cancel_reason: RwSignal<String>,
    pub cancel_reason_map: Pairs,
    pub alerts: AlertFields,
    pub reconcile_days: RwSignal<String>,
    pub keep_buyer_days: RwSignal<String>,
    pub keep_raw_days: RwSignal<String>,
}

/// When an alert is raised, as it is typed.
#[derive(Clone, Copy)]
pub struct AlertFields {
    pub token_days: RwSignal<String>,
    pub sync_lag_min: RwSignal<String>,
    pub queue_lag_min: RwSignal<String>,
    pub queue_depth: RwSignal<String>,
    pub order_waiting_min: RwSignal<String>,
    pub webhook_age_min: RwSignal<String>,
    pub down_min: RwSignal<String>,
    pub new_errors: RwSignal<String>,
    pub success_percent: RwSignal<String>,
    pub import_s: RwSignal<String>,
    pub ship_by_hours: RwSignal<String>,
    pub differences: RwSignal<String>,
}

impl AlertFields {
    fn new(rules: &AlertRules) -> Self {
        let number = |value: u32| RwSignal::new(value.to_string());
        Self {
            token_days: number(rules.token_days),
            sync_lag_min: number(rules.sync_lag_min),
            queue_lag_min: number(rules.queue_lag_min),
            queue_depth: number(rules.queue_depth),
            order_waiting_min: number(rules.order_waiting_min),
            webhook_age_min: number(rules.webhook_age_min),
            down_min: number(rules.down_min),
            new_errors: number(rules.new_errors),
            success_percent: number(rules.success_percent),
            import_s: number(rules.import_s),
            ship_by_hours: number(rules.ship_by_hours),
            differences: number(rules.differences),
        }
    }

    fn rules(self, old: &AlertRules) -> AlertRules {
        AlertRules {
            token_days: count(self.token_days, old.token_days),
            sync_lag_min: count(self.sync_lag_min, old.sync_lag_min),
            queue_lag_min: count(self.queue_lag_min, old.queue_lag_min),
            queue_depth: count(self.queue_depth, old.queue_depth),
            order_waiting_min: count(self.order_waiting_min, old.order_waiting_min),
            webhook_age_min: count(self.webhook_age_min, old.webhook_age_min),
            down_min: count(self.down_min, old.down_min),
            new_errors: count(self.new_errors, old.new_errors),
            success_percent: count(self.success_percent, old.success_percent),
            import_s: count(self.import_s, old.import_s),
            ship_by_hours: count(self.ship_by_hours, old.ship_by_hours),
            differences: count(self.differences, old.differences),
        }
    }
}

/// The number that was typed; what is none keeps its old value.
fn count(value: RwSignal<String>, old: u32) -> u32 {
    value.get_untracked().trim().parse().unwrap_or(old)
}

impl SettingsFields {
    pub fn new(settings: &ConnectionSettings) -> Self {
        let text = |value: &Option<String>| RwSignal::new(value.clone().unwrap_or_default());
        let number = |value: Option<i64>| RwSignal::new(value.map(|it| it.to_string()).unwrap_or_default());
        let status_mapping = std::array::from_fn(|index| {
            RwSignal::new(match settings.status_mapping.get(&OrderStatus::ALL[index]) {
                None => String::new(),
                Some(None) => UNCHANGED.to_owned(),
                Some(Some(state)) => state.to_string(),
            })
        });
        let by_country =
            settings.carrier_by_country.iter().map(|(key, value)| (key.clone(), value.to_string()));
        let by_state = settings.cancel_reason_map.iter().map(|(key, value)| (key.clone(), value.clone()));
        let by_carrier = settings.carrier_map.iter().map(|(key, value)| (key.clone(), value.clone()));
        Self {
            import_orders: RwSignal::new(settings.import_orders),
            import_placed_since: text(&settings.import_placed_since.map(browser::date_field)),
            hold_policy: RwSignal::new(settings.hold_policy.to_string()),
            import_delay_min: RwSignal::new(settings.import_delay_min.to_string()),
            poll_interval_s: RwSignal::new(settings.poll_interval_s.to_string()),
            poll_overlap_s: RwSignal::new(settings.poll_overlap_s.to_string()),
            import_fulfilled_by_tiktok: RwSignal::new(settings.import_fulfilled_by_tiktok),
            import_samples: RwSignal::new(settings.import_samples),
            ignore_stock: RwSignal::new(settings.ignore_stock),
            email_policy: RwSignal::new(settings.email_policy.to_string()),
            customer_email: text(&settings.customer_email),
            money_basis: RwSignal::new(settings.money_basis.to_string()),
            payment_module: RwSignal::new(settings.payment_module.clone()),
            payment_label: RwSignal::new(settings.payment_label.clone()),
            carrier_reference: number(settings.carrier_reference),
            carrier_by_country: Pairs::new(by_country),
            identity_rule: RwSignal::new(settings.identity_rule.to_string()),
            identity_number: text(&settings.identity_number),
            back_office_url: text(&settings.back_office_url),
            store_shop_id: number(settings.store_shop_id),
            status_mapping,
            write_back_shipped: RwSignal::new(settings.write_back_shipped),
            write_back_canceled: RwSignal::new(settings.write_back_canceled),
            tracking_delay_min: RwSignal::new(settings.tracking_delay_min.to_string()),
            carrier_map: Pairs::new(by_carrier),
            default_channel_carrier_id: text(&settings.default_channel_carrier_id),
            cancel_reason: text(&settings.cancel_reason),
            cancel_reason_map: Pairs::new(by_state),
            alerts: AlertFields::new(&settings.alerts),
            reconcile_days: RwSignal::new(settings.reconcile_days.to_string()),
            keep_buyer_days: RwSignal::new(settings.keep_buyer_days.to_string()),
            keep_raw_days: RwSignal::new(settings.keep_raw_days.to_string()),
        }
    }

    /// The settings with what was typed; a number that is none keeps its old value.
    pub fn settings(self, old: &ConnectionSettings) -> ConnectionSettings {
        let text = |value: RwSignal<String>| {
            Some(value.get_untracked().trim().to_owned()).filter(|value| !value.is_empty())
        };
        let since = text(self.import_placed_since);
        let import_placed_since = if since == old.import_placed_since.map(browser::date_field) {
            // The field knows days only; what was not touched keeps its hour.
            old.import_placed_since
        } else {
            since.and_then(|day| browser::midnight_of(&day, 0))
        };
        ConnectionSettings {
            import_orders: self.import_orders.get_untracked(),
            import_placed_since,
            hold_policy: self.hold_policy.get_untracked().parse().unwrap_or(HoldPolicy::AfterRelease),
            import_delay_min: count(self.import_delay_min, old.import_delay_min),
            poll_interval_s: count(self.poll_interval_s, old.poll_interval_s),
            poll_overlap_s: count(self.poll_overlap_s, old.poll_overlap_s),
            import_fulfilled_by_tiktok: self.import_fulfilled_by_tiktok.get_untracked(),
            import_samples: self.import_samples.get_untracked(),
            ignore_stock: self.ignore_stock.get_untracked(),
            email_policy: self.email_policy.get_untracked().parse().unwrap_or(EmailPolicy::BuyerIdAlias),
            customer_email: text(self.customer_email),
            money_basis: self
                .money_basis
                .get_untracked()
                .parse()
                .unwrap_or(MoneyBasis::IncludingPlatformDiscounts),
            payment_module: text(self.payment_module).unwrap_or_else(|| old.payment_module.clone()),
            payment_label: text(self.payment_label).unwrap_or_else(|| old.payment_label.clone()),
            carrier_reference: text(self.carrier_reference).and_then(|reference| reference.parse().ok()),
            carrier_by_country: carriers_by_country(self.carrier_by_country.get()),
            identity_rule: self.identity_rule.get_untracked().parse().unwrap_or(IdentityRule::OrderId),
            identity_number: text(self.identity_number),
            back_office_url: text(self.back_office_url),
            store_shop_id: text(self.store_shop_id).and_then(|id| id.parse().ok()),
            status_mapping: self.mapping(),
            write_back_shipped: self.write_back_shipped.get_untracked(),
            write_back_canceled: self.write_back_canceled.get_untracked(),
            tracking_delay_min: count(self.tracking_delay_min, old.tracking_delay_min),
            carrier_map: carrier_map(self.carrier_map.get()),
            default_channel_carrier_id: text(self.default_channel_carrier_id),
            cancel_reason: text(self.cancel_reason),
            cancel_reason_map: self.cancel_reason_map.get().into_iter().collect(),
            alerts: self.alerts.rules(&old.alerts),
            reconcile_days: count(self.reconcile_days, old.reconcile_days),
            keep_buyer_days: count(self.keep_buyer_days, old.keep_buyer_days),
            keep_raw_days: count(self.keep_raw_days, old.keep_raw_days),
        }
    }

    fn mapping(self) -> BTreeMap<OrderStatus, Option<i64>> {
        let mut mapping = BTreeMap::new();
        for (status, value) in OrderStatus::ALL.iter().zip(self.status_mapping) {
            if let Some(target) = target(value.get_untracked().trim()) {
                mapping.insert(*status, target);
            }
        }
        mapping
    }
}

/// What a row of the status mapping says; `None` leaves it to the default.
fn target(typed: &str) -> Option<Option<i64>> {
    if typed == UNCHANGED { Some(None) } else { typed.parse().ok().map(Some) }
}

fn carriers_by_country(pairs: Vec<(String, String)>) -> BTreeMap<String, i64> {
    let mut carriers = BTreeMap::new();
    for (country, carrier) in pairs {
        if let Ok(carrier) = carrier.parse() {
            carriers.insert(country.to_ascii_uppercase(), carrier);
        }
    }
    carriers
}

/// Collecting would sort first, and sorting weighs more than this form.
fn carrier_map(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut carriers = BTreeMap::new();
    for (reference, carrier) in pairs {
        carriers.insert(reference, carrier);
    }
    carriers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_follows_the_default_stays_or_names_a_state() {
        assert_eq!(target(""), None);
        assert_eq!(target(UNCHANGED), Some(None));
        assert_eq!(target("5"), Some(Some(5)));
    }

    #[test]
    fn countries_are_written_in_capitals() {
        let pairs = vec![("fr".to_owned(), "2".to_owned()), ("de".to_owned(), "DHL".to_owned())];

        assert_eq!(carriers_by_country(pairs), BTreeMap::from([("FR".to_owned(), 2)]));
    }
}
