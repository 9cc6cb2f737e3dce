//! Which values of a connection are acceptable; errors name the field by its JSON pointer.

use shared::{
    ConnectionSettings, EmailPolicy, FieldError, HoldPolicy, IdentityRule, MOST_RECONCILE_DAYS, OrderStatus,
    StoreCredentials, TikTokCredentials, UpdateConnection,
};

use super::store_address;
use crate::auth::check_new_email;

/// No store has more states that mean a cancellation.
const MAX_MAPPED_STATES: usize = 100;

/// No store has more carriers.
const MAX_MAPPED_CARRIERS: usize = 500;

/// What is wrong with a new connection.
pub(crate) fn new_connection(
    name: &str,
    tiktok: &TikTokCredentials,
    store: &StoreCredentials,
    settings: &ConnectionSettings,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    text(&mut errors, "/name", name, 80);
    tiktok_credentials(&mut errors, tiktok);
    store_credentials(&mut errors, store);
    connection_settings(&mut errors, settings);
    errors
}

/// What is wrong with a change.
pub(crate) fn update(update: &UpdateConnection) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(name) = &update.name {
        text(&mut errors, "/name", name, 80);
    }
    if let Some(tiktok) = &update.tiktok {
        tiktok_credentials(&mut errors, tiktok);
    }
    if let Some(store) = &update.store {
        store_credentials(&mut errors, store);
    }
    if let Some(settings) = &update.settings {
        connection_settings(&mut errors, settings);
    }
    errors
}

fn text(errors: &mut Vec<FieldError>, pointer: &str, value: &str, longest: usize) {
    let length = value.trim().chars().count();
    if length == 0 {
        errors.push(FieldError::new(pointer, "must not be empty"));
    } else if length > longest {
        errors.push(FieldError::new(pointer, format!("at most {longest} characters are taken")));
    } else if value.chars().any(char::is_control) {
        errors.push(FieldError::new(pointer, "must not contain control characters"));
    }
}

fn tiktok_credentials(errors: &mut Vec<FieldError>, tiktok: &TikTokCredentials) {
    text(errors, "/tiktok/app_key", &tiktok.app_key, 200);
    text(errors, "/tiktok/app_secret", &tiktok.app_secret, 200);
    let is_given = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.trim().is_empty());
    let has_code = is_given(&tiktok.auth_code);
    match (has_code, is_given(&tiktok.access_token), is_given(&tiktok.refresh_token)) {
        (true, false, false) | (false, true, true) => {}
        (false, false, false) => errors.push(FieldError::new(
            "/tiktok/auth_code",
            "either an authorization code or a token pair is needed",
        )),
        (true, ..) => errors.push(FieldError::new(
            "/tiktok/auth_code",
            "give either an authorization code or a token pair, not both",
        )),
        (false, false, true) => {
            errors.push(FieldError::new("/tiktok/access_token", "is needed with a refresh token"))
        }
        (false, true, false) => {
            errors.push(FieldError::new("/tiktok/refresh_token", "is needed with an access token"))
        }
    }
}

fn store_credentials(errors: &mut Vec<FieldError>, store: &StoreCredentials) {
    let key = store.webservice_key.trim();
    if key.len() != 32 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let detail = "a webservice key has 32 letters and digits; find it in your store under Advanced Parameters, Webservice";
        errors.push(FieldError::new("/store/webservice_key", detail));
    }
}

fn connection_settings(errors: &mut Vec<FieldError>, settings: &ConnectionSettings) {
    let mut wrong =
        |name: &str, detail: &str| errors.push(FieldError::new(format!("/settings/{name}"), detail));
    if !(10..=3600).contains(&settings.poll_interval_s) {
        wrong("poll_interval_s", "between 10 and 3600 seconds");
    }
    if !(60..=86_400).contains(&settings.poll_overlap_s) {
        wrong("poll_overlap_s", "between 60 and 86400 seconds");
    }
    if settings.import_delay_min > 360 {
        wrong("import_delay_min", "at most 360 minutes, which is 6 hours");
    }
    for (name, days) in
        [("keep_buyer_days", settings.keep_buyer_days), ("keep_raw_days", settings.keep_raw_days)]
    {
        if !(1..=3650).contains(&days) {
            wrong(name, "between 1 and 3650 days");
        }
    }
    if settings.tracking_delay_min > 1440 {
        wrong("tracking_delay_min", "at most 1440 minutes, which is a day");
    }
    if settings.carrier_reference.is_some_and(|id| id <= 0) {
        wrong("carrier_reference", "the carrier's number is above 0");
    }
    if settings.store_shop_id.is_some_and(|id| id <= 0) {
        wrong("store_shop_id", "the shop's number is above 0");
    }
    for (country, carrier) in &settings.carrier_by_country {
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_code || *carrier <= 0 {
            wrong(
                "carrier_by_country",
                "countries are codes of two capital letters, carriers numbers above 0",
            );
        }
    }
    let alerts = &settings.alerts;
    for (name, value, most, detail) in [
        ("token_days", alerts.token_days, 365, "at most 365 days; 0 switches the rule off"),
        ("sync_lag_min", alerts.sync_lag_min, 1440, "at most 1440 minutes; 0 switches the rule off"),
        ("queue_lag_min", alerts.queue_lag_min, 1440, "at most 1440 minutes; 0 switches the rule off"),
        ("queue_depth", alerts.queue_depth, 100_000, "at most 100000 jobs; 0 switches the rule off"),
        (
            "order_waiting_min",
            alerts.order_waiting_min,
            1440,
            "at most 1440 minutes; 0 switches the rule off",
        ),
        ("webhook_age_min", alerts.webhook_age_min, 1440, "at most 1440 minutes; 0 switches the rule off"),
        ("down_min", alerts.down_min, 1440, "at most 1440 minutes; 0 switches the rule off"),
        ("new_errors", alerts.new_errors, 10_000, "at most 10000 orders; 0 switches the rule off"),
        ("success_percent", alerts.success_percent, 100, "at most 100 percent; 0 switches the rule off"),
        ("import_s", alerts.import_s, 86_400, "at most 86400 seconds; 0 switches the rule off"),
        ("differences", alerts.differences, 10_000, "at most 10000 orders; 0 switches the rule off"),
        ("ship_by_hours", alerts.ship_by_hours, 168, "at most 168 hours; 0 switches the rule off"),
    ] {
        if value > most {
            wrong(&format!("alerts/{name}"), detail);
        }
    }
    if !(1..=MOST_RECONCILE_DAYS).contains(&settings.reconcile_days) {
        wrong("reconcile_days", "from 1 to 90 days");
    }
    for (status, state) in &settings.status_mapping {
        let name = format!("status_mapping/{status}");
        if state.is_some_and(|state| state <= 0) {
            wrong(&name, "the numbers of store states are above 0");
        }
        let waits = *status == OrderStatus::OnHold && settings.hold_policy == HoldPolicy::DuringHold;
        if waits && state.is_none() {
            wrong(
                &name,
                "choose a state that counts as not paid, or none for the default; orders on hold must not look paid",
            );
        }
    }
    let is_empty = |value: &Option<String>| value.as_deref().is_none_or(|value| value.trim().is_empty());
    if settings.identity_rule == IdentityRule::Fixed && is_empty(&settings.identity_number) {
        wrong("identity_number", "is needed with the rule fixed");
    }
    if settings.identity_number.as_deref().is_some_and(|number| number.chars().count() > 16) {
        wrong("identity_number", "at most 16 characters are taken");
    }
    let needs_email = settings.email_policy != EmailPolicy::BuyerIdAlias;
    if needs_email && is_empty(&settings.customer_email) {
        wrong("customer_email", "is needed with this e-mail policy");
    }
    if let Some(email) = settings.customer_email.as_deref().filter(|email| !email.trim().is_empty()) {
        errors.extend(check_new_email("/settings/customer_email", email));
    }
    carriers(errors, settings);
    if settings.cancel_reason.as_deref().is_some_and(|reason| !is_key(reason)) {
        errors.push(FieldError::new("/settings/cancel_reason", "the key of one of TikTok Shop's reasons"));
    }
    cancel_reasons(errors, settings);
    if let Some(Err(detail)) = settings.back_office_url.as_deref().map(store_address::check_link) {
        errors.push(FieldError::new("/settings/back_office_url", detail));
    }
    text(errors, "/settings/payment_module", &settings.payment_module, 64);
    text(errors, "/settings/payment_label", &settings.payment_label, 255);
}

/// The store's carriers and TikTok Shop's, which both are numbers, the latter too long to count with.
fn carriers(errors: &mut Vec<FieldError>, settings: &ConnectionSettings) {
    if settings.carrier_map.len() > MAX_MAPPED_CARRIERS {
        let detail = format!("at most {MAX_MAPPED_CARRIERS} carriers");
        errors.push(FieldError::new("/settings/carrier_map", detail));
    }
    for (reference, carrier) in settings.carrier_map.iter().take(MAX_MAPPED_CARRIERS) {
        let is_reference = reference.parse::<i64>().is_ok_and(|number| number > 0) && is_digits(reference);
        if !is_reference || !is_digits(carrier) {
            let pointer = format!("/settings/carrier_map/{}", escaped(reference));
            let detail =
                "from the number of the store's carrier to the id of TikTok Shop's carrier, in digits";
            errors.push(FieldError::new(pointer, detail));
        }
    }
    if settings.default_channel_carrier_id.as_deref().is_some_and(|id| !is_digits(id)) {
        let detail = "the id of TikTok Shop's carrier, in digits";
        errors.push(FieldError::new("/settings/default_channel_carrier_id", detail));
    }
}

/// TikTok Shop's reasons by the numbers of the store's states.
fn cancel_reasons(errors: &mut Vec<FieldError>, settings: &ConnectionSettings) {
    if settings.cancel_reason_map.len() > MAX_MAPPED_STATES {
        let detail = format!("at most {MAX_MAPPED_STATES} states");
        errors.push(FieldError::new("/settings/cancel_reason_map", detail));
    }
    for (state, reason) in settings.cancel_reason_map.iter().take(MAX_MAPPED_STATES) {
        let is_state = state.parse::<i64>().is_ok_and(|number| number > 0) && is_digits(state);
        if !is_state || !is_key(reason) {
            let pointer = format!("/settings/cancel_reason_map/{}", escaped(state));
            let detail = "from the number of the store's state to the key of one of TikTok Shop's reasons";
            errors.push(FieldError::new(pointer, detail));
        }
    }
}

fn is_digits(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_key(text: &str) -> bool {
    (1..=120).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use shared::AlertRules;

    use super::*;

    fn pointers(
        change: impl FnOnce(&mut TikTokCredentials, &mut StoreCredentials, &mut ConnectionSettings),
    ) -> Vec<String> {
        let mut tiktok = TikTokCredentials {
            app_key: "key".to_owned(),
            app_secret: "secret".to_owned(),
            auth_code: Some("code".to_owned()),
            access_token: None,
            refresh_token: None,
            shop_id: None,
        };
        let mut store =
            StoreCredentials { url: "https://shop.example/".to_owned(), webservice_key: "A1".repeat(16) };
        let mut settings = ConnectionSettings::default();
        change(&mut tiktok, &mut store, &mut settings);
        let errors = new_connection("Maison", &tiktok, &store, &settings);
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn defaults_are_acceptable() {
        assert!(pointers(|_, _, _| {}).is_empty());
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(pointers(|tiktok, _, _| tiktok.auth_code = None), ["/tiktok/auth_code"]);
        assert_eq!(pointers(|tiktok, _, _| tiktok.app_key = " ".to_owned()), ["/tiktok/app_key"]);
        let access_token_alone = |tiktok: &mut TikTokCredentials| {
            tiktok.auth_code = None;
            tiktok.access_token = Some("token".to_owned());
        };
        assert_eq!(pointers(|tiktok, _, _| access_token_alone(tiktok)), ["/tiktok/refresh_token"]);
        assert_eq!(
            pointers(|_, store, _| store.webservice_key = "short".to_owned()),
            ["/store/webservice_key"]
        );
        assert_eq!(pointers(|_, _, settings| settings.poll_interval_s = 5), ["/settings/poll_interval_s"]);
        assert_eq!(
            pointers(|_, _, settings| settings.email_policy = EmailPolicy::Fixed),
            ["/settings/customer_email"]
        );
        assert_eq!(pointers(|_, _, settings| settings.payment_module.clear()), ["/settings/payment_module"]);
    }

    #[test]
    fn alert_rules_have_limits() {
        let alerts = |change: fn(&mut AlertRules)| pointers(|_, _, settings| change(&mut settings.alerts));

        assert!(alerts(|rules| rules.queue_depth = 100_000).is_empty());
        assert_eq!(alerts(|rules| rules.queue_depth = 100_001), ["/settings/alerts/queue_depth"]);
        assert!(alerts(|rules| rules.order_waiting_min = 1440).is_empty());
        assert_eq!(alerts(|rules| rules.order_waiting_min = 1441), ["/settings/alerts/order_waiting_min"]);
        assert_eq!(alerts(|rules| rules.queue_lag_min = 1441), ["/settings/alerts/queue_lag_min"]);
    }

    #[test]
    fn settings_of_actions_are_checked() {
        let map = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
            let map: std::collections::BTreeMap<_, _> = owned.collect();
            pointers(|_, _, settings| settings.carrier_map = map)
        };
        let many: Vec<_> = (1..=501).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(|number| (number.as_str(), "1")).collect();

        assert!(map(&[("3", "7117859084333745966")]).is_empty());
        assert_eq!(map(&[("0", "1")]), ["/settings/carrier_map/0"]);
        assert_eq!(map(&[("3", "dhl")]), ["/settings/carrier_map/3"]);
        assert_eq!(map(&[("a/b", "1")]), ["/settings/carrier_map/a~1b"]);
        assert_eq!(map(&many), ["/settings/carrier_map"]);
        assert_eq!(
            pointers(|_, _, settings| settings.import_delay_min = 361),
            ["/settings/import_delay_min"]
        );
        assert_eq!(
            pointers(|_, _, settings| settings.tracking_delay_min = 1441),
            ["/settings/tracking_delay_min"]
        );
        assert_eq!(
            pointers(|_, _, settings| settings.cancel_reason = Some("out of stock".to_owned())),
            ["/settings/cancel_reason"]
        );
        assert_eq!(
            pointers(|_, _, settings| settings.default_channel_carrier_id = Some("dhl".to_owned())),
            ["/settings/default_channel_carrier_id"]
        );
        let reasons = |state: &str, reason: &str| {
            let map = [(state.to_owned(), reason.to_owned())].into();
            pointers(|_, _, settings| settings.cancel_reason_map = map)
        };
        assert!(reasons("16", "seller_cancel_reason_wrong_price").is_empty());
        assert_eq!(
            reasons("canceled", "seller_cancel_reason_wrong_price"),
            ["/settings/cancel_reason_map/canceled"]
        );
        assert_eq!(reasons("16", "wrong price"), ["/settings/cancel_reason_map/16"]);
        let on_hold = |hold_policy, state: Option<i64>| {
            pointers(|_, _, settings| {
                settings.hold_policy = hold_policy;
                settings.status_mapping.insert(OrderStatus::OnHold, state);
            })
        };
        assert!(on_hold(HoldPolicy::AfterRelease, None).is_empty());
        assert!(on_hold(HoldPolicy::DuringHold, Some(10)).is_empty());
        assert_eq!(on_hold(HoldPolicy::DuringHold, None), ["/settings/status_mapping/on_hold"]);
        let back_office =
            |url: &str| pointers(|_, _, settings| settings.back_office_url = Some(url.to_owned()));
        assert!(back_office("https://shop.example/admin123/").is_empty());
        assert!(back_office("http://shop.internal:8080/admin123").is_empty());
        for wrong in
            ["", "javascript:alert(1)", "https://me:secret@shop.example/", "https://shop.example/?a=b"]
        {
            assert_eq!(back_office(wrong), ["/settings/back_office_url"], "{wrong}");
        }
    }
}
