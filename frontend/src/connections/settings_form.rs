use std::sync::Arc;

use crate::prelude::*;
use shared::{
    ConnectionChoices, ConnectionId, EmailPolicy, HoldPolicy, IdentityRule, MoneyBasis, OrderStatus,
};

use crate::actions::options::common_cancel_reasons;
use crate::api;
use crate::components::fields::{Choices, SwitchField, TextField, fixed_choices, pick_field, select_field};
use crate::connections::map_field::{Sides, map_field};
use crate::connections::settings_fields::{SettingsFields, UNCHANGED};
use crate::load::Load;
use crate::markup::{Show, view};
use crate::text;

/// What both shops offer to choose from.
#[derive(Clone)]
struct Offered {
    store_states: Choices,
    store_carriers: Choices,
    channel_carriers: Choices,
}

impl Offered {
    /// Nothing for a connection that does not exist yet: numbers are typed until it does.
    fn of(id: Option<ConnectionId>) -> Self {
        let choices = Load::<ConnectionChoices>::new();
        if let Some(id) = id {
            choices.run(api::settings_choices(id));
        }
        let list = move |pairs: fn(&ConnectionChoices) -> Vec<(String, String)>| -> Choices {
            Arc::new(move || choices.value.with(|it| it.map(pairs).unwrap_or_default()))
        };
        Self {
            store_states: list(|it| {
                it.store_states.iter().map(|it| (it.id.to_string(), it.name.clone())).collect()
            }),
            store_carriers: list(|it| {
                it.store_carriers.iter().map(|it| (it.reference.to_string(), it.name.clone())).collect()
            }),
            channel_carriers: list(|it| {
                it.channel_carriers.iter().map(|it| (it.id.clone(), it.name.clone())).collect()
            }),
        }
    }
}

/// How a connection works. Every field has a default that needs no touching.
#[component]
pub fn SettingsForm(
    fields: SettingsFields,
    /// The connection, once it exists.
    #[prop(optional)]
    id: Option<ConnectionId>,
) -> impl IntoView {
    let offered = Offered::of(id);
    view! {
        {what_to_import(fields)}
        {customer(fields)}
        {store_orders(fields, offered.clone())}
        {status_mapping(fields, offered.clone())}
        {write_back(fields, offered)}
        {alerts(fields)}
        {privacy(fields)}
    }
}

fn number(
    label: &'static str,
    value: RwSignal<String>,
    pointer: &'static str,
    hint: &'static str,
) -> AnyView {
    view! { <TextField label value kind="number" pointer hint /> }
}

fn what_to_import(fields: SettingsFields) -> AnyView {
    let hold_policies = fixed_choices(HoldPolicy::ALL.iter().map(|it| (it.as_str(), text::hold_policy(*it))));
    view! {
        <fieldset>
            <legend>{text::WHAT_TO_IMPORT}</legend>
            <SwitchField label=text::IMPORT_ORDERS value=fields.import_orders hint=text::IMPORT_ORDERS_HINT />
            <SwitchField label=text::IMPORT_SAMPLES value=fields.import_samples />
            <SwitchField label=text::IMPORT_FBT value=fields.import_fulfilled_by_tiktok />
            <SwitchField label=text::IGNORE_STOCK value=fields.ignore_stock hint=text::IGNORE_STOCK_HINT />
            <details class="more-settings">
                <summary>{text::WHEN_TO_IMPORT}</summary>
                <TextField
                    label=text::IMPORT_SINCE
                    value=fields.import_placed_since
                    kind="date"
                    pointer="/settings/import_placed_since"
                    hint=text::IMPORT_SINCE_HINT
                />
                {select_field(text::HOLD_POLICY, fields.hold_policy, hold_policies, text::HOLD_POLICY_HINT)}
                {number(
                    text::IMPORT_DELAY,
                    fields.import_delay_min,
                    "/settings/import_delay_min",
                    text::IMPORT_DELAY_HINT,
                )}
                {number(
                    text::POLL_INTERVAL,
                    fields.poll_interval_s,
                    "/settings/poll_interval_s",
                    text::POLL_INTERVAL_HINT,
                )}
                {number(
                    text::POLL_OVERLAP,
                    fields.poll_overlap_s,
                    "/settings/poll_overlap_s",
                    text::POLL_OVERLAP_HINT,
                )}
            </details>
        </fieldset>
    }
}

fn customer(fields: SettingsFields) -> AnyView {
    let email = move || fields.email_policy.get() != EmailPolicy::BuyerIdAlias.as_str();
    let identity = move || fields.identity_rule.get() == IdentityRule::Fixed.as_str();
    let email_policies =
        fixed_choices(EmailPolicy::ALL.iter().map(|it| (it.as_str(), text::email_policy(*it))));
    let identity_rules =
        fixed_choices(IdentityRule::ALL.iter().map(|it| (it.as_str(), text::identity_rule(*it))));
    view! {
        <fieldset>
            <legend>{text::CUSTOMER}</legend>
            {select_field(text::EMAIL_POLICY, fields.email_policy, email_policies, "")}
            <Show when=move || email()>
                <TextField
                    label=text::CUSTOMER_EMAIL
                    value=fields.customer_email
                    kind="email"
                    pointer="/settings/customer_email"
                />
            </Show>
            {select_field(
                text::IDENTITY_RULE,
                fields.identity_rule,
                identity_rules,
                text::IDENTITY_RULE_HINT,
            )}
            <Show when=move || identity()>
                <TextField
                    label=text::IDENTITY_NUMBER
                    value=fields.identity_number
                    pointer="/settings/identity_number"
                />
            </Show>
        </fieldset>
    }
}

fn store_orders(fields: SettingsFields, offered: Offered) -> AnyView {
    let money_bases = fixed_choices(MoneyBasis::ALL.iter().map(|it| (it.as_str(), text::money_basis(*it))));
    let by_country = Sides {
        title: text::CARRIER_BY_COUNTRY,
        hint: text::CARRIER_BY_COUNTRY_HINT,
        key: text::COUNTRY_CODE,
        value: text::CARRIER_NAME,
        add: text::ADD_COUNTRY,
    };
    // Countries are typed: there is no list of them.
    let countries: Choices = Arc::new(Vec::new);
    view! {
        <fieldset>
            <legend>{text::STORE_ORDERS}</legend>
            {select_field(text::MONEY_BASIS, fields.money_basis, money_bases, text::MONEY_BASIS_HINT)}
            {pick_field(text::CARRIER,
                fields.carrier_reference,
                offered.store_carriers.clone(),
                &[("", text::FREE_CARRIER)],
            )}
            <details class="more-settings">
                <summary>{text::MORE_ABOUT_STORE_ORDERS}</summary>
                {map_field(by_country, fields.carrier_by_country, countries, offered.store_carriers.clone())}
                <TextField
                    label=text::PAYMENT_MODULE
                    value=fields.payment_module
                    pointer="/settings/payment_module"
                    hint=text::PAYMENT_MODULE_HINT
                />
                <TextField
                    label=text::PAYMENT_LABEL
                    value=fields.payment_label
                    pointer="/settings/payment_label"
                />
                <TextField
                    label=text::BACK_OFFICE_URL
                    value=fields.back_office_url
                    kind="url"
                    pointer="/settings/back_office_url"
                    hint=text::BACK_OFFICE_URL_HINT
                />
                {number(
                    text::STORE_SHOP_ID,
                    fields.store_shop_id,
                    "/settings/store_shop_id",
                    text::STORE_SHOP_ID_HINT,
                )}
            </details>
        </fieldset>
    }
}

/// One row for each status that the grid shows.
fn status_mapping(fields: SettingsFields, offered: Offered) -> AnyView {
    let rows = OrderStatus::ALL.iter().zip(fields.status_mapping).map(|(status, value)| {
        let fixed: &'static [_] = match status {
            OrderStatus::OnHold => &[("", text::DEFAULT_ON_HOLD)],
            OrderStatus::Error | OrderStatus::Completed | OrderStatus::Unpaid => {
                &[("", text::DEFAULT_UNCHANGED), (UNCHANGED, text::LEAVE_UNCHANGED)]
            }
            _ => &[("", text::DEFAULT_STATE), (UNCHANGED, text::LEAVE_UNCHANGED)],
        };
        pick_field(status.label(), value, offered.store_states.clone(), fixed)
    });
    let rows = rows.collect_view();
    view! {
        <fieldset>
            <legend>{text::STATUS_MAPPING}</legend>
            <p class="quiet">{text::STATUS_MAPPING_HINT}</p>
            <details class="more-settings">
                <summary>{text::CHOOSE_STATES}</summary>
                <div class="mapping">{rows}</div>
            </details>
        </fieldset>
    }
}

fn write_back(fields: SettingsFields, offered: Offered) -> AnyView {
    let by_carrier = Sides {
        title: text::CARRIER_MAP,
        hint: text::CARRIER_MAP_HINT,
        key: text::STORE_CARRIER,
        value: text::TIKTOK_CARRIER,
        add: text::ADD_CARRIER,
    };
    let by_state = Sides {
        title: text::CANCEL_REASON_MAP,
        hint: text::CANCEL_REASON_MAP_HINT,
        key: text::STORE_STATE,
        value: text::REASON,
        add: text::ADD_STATE,
    };
    let reasons: Choices = Arc::new(common_cancel_reasons);
    view! {
        <fieldset>
            <legend>{text::WRITE_BACK}</legend>
            <SwitchField
                label=text::WRITE_BACK_SHIPPED
                value=fields.write_back_shipped
                hint=text::WRITE_BACK_SHIPPED_HINT
            />
            <SwitchField
                label=text::WRITE_BACK_CANCELED
                value=fields.write_back_canceled
                hint=text::WRITE_BACK_CANCELED_HINT
            />
            <details class="more-settings">
                <summary>{text::CARRIERS_AND_REASONS}</summary>
                {map_field(by_carrier, fields.carrier_map, offered.store_carriers.clone(), offered.channel_carriers.clone())}
                {pick_field(text::DEFAULT_CHANNEL_CARRIER,
                    fields.default_channel_carrier_id,
                    offered.channel_carriers.clone(),
                    &[("", text::CARRIER_OF_THE_SAME_NAME)],
                )}
                {number(
                    text::TRACKING_DELAY,
                    fields.tracking_delay_min,
                    "/settings/tracking_delay_min",
                    text::TRACKING_DELAY_HINT,
                )}
                {pick_field(text::CANCEL_REASON,
                    fields.cancel_reason,
                    reasons.clone(),
                    &[("", text::DEFAULT_CANCEL_REASON)],
                )}
                {map_field(by_state, fields.cancel_reason_map, offered.store_states, reasons)}
            </details>
        </fieldset>
    }
}

fn alerts(fields: SettingsFields) -> AnyView {
    let rules = fields.alerts;
    let rows = [
        (text::ALERT_TOKEN_DAYS, rules.token_days, "/settings/alerts/token_days"),
        (text::ALERT_SYNC_LAG, rules.sync_lag_min, "/settings/alerts/sync_lag_min"),
        (text::ALERT_QUEUE_LAG, rules.queue_lag_min, "/settings/alerts/queue_lag_min"),
        (text::ALERT_QUEUE_DEPTH, rules.queue_depth, "/settings/alerts/queue_depth"),
        (text::ALERT_ORDER_WAITING, rules.order_waiting_min, "/settings/alerts/order_waiting_min"),
        (text::ALERT_WEBHOOK_AGE, rules.webhook_age_min, "/settings/alerts/webhook_age_min"),
        (text::ALERT_DOWN, rules.down_min, "/settings/alerts/down_min"),
        (text::ALERT_NEW_ERRORS, rules.new_errors, "/settings/alerts/new_errors"),
        (text::ALERT_SUCCESS, rules.success_percent, "/settings/alerts/success_percent"),
        (text::ALERT_IMPORT_TIME, rules.import_s, "/settings/alerts/import_s"),
        (text::ALERT_SHIP_BY, rules.ship_by_hours, "/settings/alerts/ship_by_hours"),
        (text::ALERT_DIFFERENCES, rules.differences, "/settings/alerts/differences"),
    ];
    let rows = rows.map(|(label, value, pointer)| number(label, value, pointer, "")).collect_view();
    view! {
        <fieldset>
            <legend>{text::ALERTS}</legend>
            <p class="quiet">{text::ALERTS_HINT}</p>
            <details class="more-settings">
                <summary>{text::WHEN_TO_ALERT}</summary>
                <div class="mapping">{rows}</div>
                {number(
                    text::RECONCILE_DAYS,
                    fields.reconcile_days,
                    "/settings/reconcile_days",
                    text::RECONCILE_DAYS_HINT,
                )}
            </details>
        </fieldset>
    }
}

fn privacy(fields: SettingsFields) -> AnyView {
    view! {
        <fieldset>
            <legend>{text::PRIVACY}</legend>
            <p class="quiet">{text::PRIVACY_HINT}</p>
            {number(
                text::KEEP_BUYER_DAYS,
                fields.keep_buyer_days,
                "/settings/keep_buyer_days",
                text::KEEP_BUYER_DAYS_HINT,
            )}
            {number(
                text::KEEP_RAW_DAYS,
                fields.keep_raw_days,
                "/settings/keep_raw_days",
                text::KEEP_RAW_DAYS_HINT,
            )}
        </fieldset>
    }
}
