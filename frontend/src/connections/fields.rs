//! Form fields: a label, a hint, and what the server found wrong with the value.

use leptos::prelude::*;
use shared::{ConnectionSettings, EmailPolicy, IdentityRule, MoneyBasis};

use crate::api::Failure;
use crate::markup::{handler, view};

/// The problem that the server found with a form, for the fields below it.
#[derive(Clone, Copy)]
pub struct FormFailure(pub RwSignal<Option<Failure>>);

fn wrong(pointer: &'static str) -> Memo<Option<String>> {
    let failure = use_context::<FormFailure>();
    Memo::new(move |_| {
        failure.and_then(|it| it.0.with(|failure| failure.as_ref().and_then(|it| it.field(pointer))))
    })
}

/// A field for text.
#[component]
pub fn TextField(
    label: &'static str,
    value: RwSignal<String>,
    /// Where the value is in the body that is sent.
    #[prop(optional)]
    pointer: &'static str,
    #[prop(optional)] hint: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] placeholder: &'static str,
) -> impl IntoView {
    let wrong = wrong(pointer);
    view! {
        <label class="field">
            <span>{label}</span>
            <input
                type=kind
                required=required
                placeholder=placeholder
                autocomplete=if kind == "password" { "new-password" } else { "off" }
                spellcheck="false"
                prop:value=move || value.get()
                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                on:input=handler(move |event| value.set(event_target_value(&event)))
            />
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
            {move || wrong.get().map(|detail| view! { <small class="field-error">{detail}</small> })}
        </label>
    }
}

/// A box to tick.
#[component]
pub fn SwitchField(
    label: &'static str,
    value: RwSignal<bool>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    view! {
        <label class="field switch">
            <input
                type="checkbox"
                role="switch"
                prop:checked=move || value.get()
                on:change=handler(move |event| value.set(event_target_checked(&event)))
            />
            <span>{label}</span>
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
        </label>
    }
}

/// One choice out of a few; the value is the choice's word on the wire.
#[component]
pub fn ChoiceField(
    label: &'static str,
    value: RwSignal<&'static str>,
    choices: Vec<(&'static str, &'static str)>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
    let options = choices
        .into_iter()
        .map(|(word, label)| view! { <option value=word selected=move || value.get() == word>{label}</option> })
        .collect_view();
    let choose = move |event| {
        let chosen = event_target_value(&event);
        if let Some(word) = words.iter().find(|word| **word == chosen) {
            value.set(word);
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change=handler(choose)>{options}</select>
            {(!hint.is_empty()).then(|| view! { <small class="quiet">{hint}</small> })}
        </label>
    }
}

/// What is typed into the form of the settings; everything else stays as it was.
#[derive(Clone, Copy)]
pub struct SettingsFields {
    pub import_orders: RwSignal<bool>,
    pub poll_interval_s: RwSignal<String>,
    pub import_fulfilled_by_tiktok: RwSignal<bool>,
    pub import_samples: RwSignal<bool>,
    pub ignore_stock: RwSignal<bool>,
    pub email_policy: RwSignal<&'static str>,
    pub customer_email: RwSignal<String>,
    pub money_basis: RwSignal<&'static str>,
    pub payment_module: RwSignal<String>,
    pub payment_label: RwSignal<String>,
    pub carrier_reference: RwSignal<String>,
    pub identity_rule: RwSignal<&'static str>,
    pub identity_number: RwSignal<String>,
}

impl SettingsFields {
    pub fn new(settings: &ConnectionSettings) -> Self {
        let text = |value: &Option<String>| RwSignal::new(value.clone().unwrap_or_default());
        Self {
            import_orders: RwSignal::new(settings.import_orders),
            poll_interval_s: RwSignal::new(settings.poll_interval_s.to_string()),
            import_fulfilled_by_tiktok: RwSignal::new(settings.import_fulfilled_by_tiktok),
            import_samples: RwSignal::new(settings.import_samples),
            ignore_stock: RwSignal::new(settings.ignore_stock),
            email_policy: RwSignal::new(settings.email_policy.as_str()),
            customer_email: text(&settings.customer_email),
            money_basis: RwSignal::new(settings.money_basis.as_str()),
            payment_module: RwSignal::new(settings.payment_module.clone()),
            payment_label: RwSignal::new(settings.payment_label.clone()),
            carrier_reference: text(&settings.carrier_reference.map(|reference| reference.to_string())),
            identity_rule: RwSignal::new(settings.identity_rule.as_str()),
            identity_number: text(&settings.identity_number),
        }
    }

    /// The settings with what was typed; a number that is none keeps its old value.
    pub fn settings(self, old: &ConnectionSettings) -> ConnectionSettings {
        let text = |value: RwSignal<String>| {
            Some(value.get_untracked().trim().to_owned()).filter(|value| !value.is_empty())
        };
        ConnectionSettings {
            import_orders: self.import_orders.get_untracked(),
            poll_interval_s: self.poll_interval_s.get_untracked().parse().unwrap_or(old.poll_interval_s),
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
            identity_rule: self.identity_rule.get_untracked().parse().unwrap_or(IdentityRule::OrderId),
            identity_number: text(self.identity_number),
            ..old.clone()
        }
    }
}
