use leptos::prelude::*;
use shared::{EmailPolicy, IdentityRule, MoneyBasis};

use crate::connections::fields::{ChoiceField, SettingsFields, SwitchField, TextField};
use crate::markup::{Show, view};
use crate::text;

/// How a connection works. Every field has a default that needs no touching.
#[component]
pub fn SettingsForm(fields: SettingsFields) -> impl IntoView {
    let email = move || fields.email_policy.get() != EmailPolicy::BuyerIdAlias.as_str();
    let identity = move || fields.identity_rule.get() == IdentityRule::Fixed.as_str();
    let email_policies = EmailPolicy::ALL.iter().map(|it| (it.as_str(), text::email_policy(*it))).collect();
    let money_bases = MoneyBasis::ALL.iter().map(|it| (it.as_str(), text::money_basis(*it))).collect();
    let identity_rules = IdentityRule::ALL.iter().map(|it| (it.as_str(), text::identity_rule(*it))).collect();
    view! {
        <fieldset>
            <legend>{text::WHAT_TO_IMPORT}</legend>
            <SwitchField label=text::IMPORT_ORDERS value=fields.import_orders hint=text::IMPORT_ORDERS_HINT />
            <SwitchField label=text::IMPORT_SAMPLES value=fields.import_samples />
            <SwitchField label=text::IMPORT_FBT value=fields.import_fulfilled_by_tiktok />
            <SwitchField label=text::IGNORE_STOCK value=fields.ignore_stock hint=text::IGNORE_STOCK_HINT />
            <TextField
                label=text::POLL_INTERVAL
                value=fields.poll_interval_s
                kind="number"
                pointer="/settings/poll_interval_s"
                hint=text::POLL_INTERVAL_HINT
            />
        </fieldset>
        <fieldset>
            <legend>{text::CUSTOMER}</legend>
            <ChoiceField label=text::EMAIL_POLICY value=fields.email_policy choices=email_policies />
            <Show when=move || email()>
                <TextField
                    label=text::CUSTOMER_EMAIL
                    value=fields.customer_email
                    kind="email"
                    pointer="/settings/customer_email"
                />
            </Show>
            <ChoiceField
                label=text::IDENTITY_RULE
                value=fields.identity_rule
                choices=identity_rules
                hint=text::IDENTITY_RULE_HINT
            />
            <Show when=move || identity()>
                <TextField
                    label=text::IDENTITY_NUMBER
                    value=fields.identity_number
                    pointer="/settings/identity_number"
                />
            </Show>
        </fieldset>
        <fieldset>
            <legend>{text::STORE_ORDERS}</legend>
            <ChoiceField
                label=text::MONEY_BASIS
                value=fields.money_basis
                choices=money_bases
                hint=text::MONEY_BASIS_HINT
            />
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
                label=text::CARRIER
                value=fields.carrier_reference
                kind="number"
                pointer="/settings/carrier_reference"
                hint=text::CARRIER_HINT
            />
        </fieldset>
    }
}
