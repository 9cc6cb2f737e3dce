//! The words of the connections and their settings.

use shared::{EmailPolicy, IdentityRule, MoneyBasis};

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
