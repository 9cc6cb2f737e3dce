//! The words of the connections and their settings.

use shared::{EmailPolicy, HoldPolicy, IdentityRule, MoneyBasis};

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
    APP_KEY_HINT "In Partner Center, let the app send notifications of types 1, 3, 4, 6, 7, 11 and 12 to /webhooks/tiktok at the address of this page."
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
    IMPORT_SAMPLES "Import samples, replacements and exchanges that nobody pays for"
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
}

// Settings that most stores leave alone.
sentences! {
    REMOVE "Remove"
    WHEN_TO_IMPORT "When to ask and to import"
    IMPORT_SINCE "Import orders placed since"
    IMPORT_SINCE_HINT "Empty: since the connection was made. Older orders are shown only."
    IMPORT_DELAY "Minutes to wait after the release"
    IMPORT_DELAY_HINT "0 to 360."
    POLL_OVERLAP "Look back … seconds with each question"
    POLL_OVERLAP_HINT "60 to 86400. It catches what came late."
    MORE_ABOUT_STORE_ORDERS "Carriers by country, payment, back office"
    CARRIER "Carrier of store orders"
    FREE_CARRIER "The store's free carrier"
    CARRIER_BY_COUNTRY "Carrier by country"
    CARRIER_BY_COUNTRY_HINT "Goes before the carrier above."
    COUNTRY_CODE "Country (two letters)"
    ADD_COUNTRY "Add a country"
    BACK_OFFICE_URL "Address of the back office"
    BACK_OFFICE_URL_HINT "Such as https://shop.example/admin123/. Order numbers then link to the store."
    STORE_SHOP_ID "Shop of a multi-shop store"
    STORE_SHOP_ID_HINT "Its number; empty for the default shop."
    STATUS_MAPPING "Store states"
    STATUS_MAPPING_HINT "Each status sets a state of the store order, only ever forward. The defaults are PrestaShop's own states."
    CHOOSE_STATES "Choose other states"
    DEFAULT_STATE "Default: PrestaShop's own state"
    DEFAULT_UNCHANGED "Default: leave unchanged"
    DEFAULT_ON_HOLD "Default: one that counts as not paid"
    LEAVE_UNCHANGED "Leave unchanged"
    WRITE_BACK "From the store to TikTok Shop"
    WRITE_BACK_SHIPPED "Shipped in the store: ship on TikTok Shop"
    WRITE_BACK_SHIPPED_HINT "With the store's carrier and tracking number."
    WRITE_BACK_CANCELED "Canceled in the store: cancel on TikTok Shop"
    WRITE_BACK_CANCELED_HINT "Cancellations by the seller lower the shop's rating on TikTok."
    CARRIERS_AND_REASONS "Carriers, tracking, reason"
    CARRIER_MAP "Carriers of the store at TikTok Shop"
    CARRIER_MAP_HINT "For carriers whose names differ. TikTok's list fills as orders come in."
    STORE_CARRIER "Store carrier"
    TIKTOK_CARRIER "TikTok Shop carrier"
    ADD_CARRIER "Add a carrier"
    DEFAULT_CHANNEL_CARRIER "TikTok Shop carrier for all others"
    CARRIER_OF_THE_SAME_NAME "The one of the same name"
    TRACKING_DELAY "Minutes to wait for a tracking number"
    TRACKING_DELAY_HINT "0 to 1440. A shipped store order without one is then an issue."
    CANCEL_REASON "Reason for orders that are canceled in the store"
    DEFAULT_CANCEL_REASON "Default: out of stock"
    CANCEL_REASON_MAP "Other states that mean canceled"
    CANCEL_REASON_MAP_HINT "Each with TikTok Shop's reason for it."
    STORE_STATE "Store state"
    ADD_STATE "Add a state"
    HOLD_POLICY "Orders that TikTok Shop holds"
    HOLD_POLICY_HINT "For about an hour after payment the buyer may cancel, and the address is hidden. An order that is imported at once uses up its invoice number even if the buyer cancels."
    ALERTS "Alerts"
    ALERTS_HINT "Shown on every page and under Health, and told to webhooks. They close by themselves."
    WHEN_TO_ALERT "When to raise one"
    ALERT_TOKEN_DAYS "Days before the authorization ends"
    ALERT_SYNC_LAG "Minutes since TikTok Shop was last read"
    ALERT_QUEUE_LAG "Minutes that work may wait for its turn"
    ALERT_QUEUE_DEPTH "Jobs that may wait for their turn"
    ALERT_ORDER_WAITING "Minutes that an order may wait for its import"
    ALERT_WEBHOOK_AGE "Minutes since TikTok Shop last notified of anything"
    ALERT_DOWN "Minutes without an answer of one side"
    ALERT_NEW_ERRORS "Orders with new errors within an hour"
    ALERT_SUCCESS "Percent of a day's orders that must be imported"
    ALERT_IMPORT_TIME "Seconds that an import may take (95 in 100)"
    ALERT_DIFFERENCES "Differences that the nightly comparison found"
    ALERT_SHIP_BY "Hours before a ship-by time"
    RECONCILE_DAYS "Days that the nightly comparison looks back"
    RECONCILE_DAYS_HINT "1 to 90. In the alerts 0 switches a rule off."
    PRIVACY "Privacy"
    PRIVACY_HINT "What is over its time is removed here every night, for good. TikTok Shop and your store keep what they have."
    KEEP_BUYER_DAYS "Days to keep a buyer's name and address"
    KEEP_BUYER_DAYS_HINT "Counted from the end of the order: delivered and settled, or canceled. 1 to 3,650."
    KEEP_RAW_DAYS "Days to keep TikTok Shop's own answers"
    KEEP_RAW_DAYS_HINT "They are the raw data of an order's page. 1 to 3,650."
}

pub fn no_longer_there(value: &str) -> String {
    format!("{value} (not in the list)")
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

pub const fn hold_policy(policy: HoldPolicy) -> &'static str {
    match policy {
        HoldPolicy::AfterRelease => "Import after the release (default)",
        HoldPolicy::DuringHold => "Import at once, as not paid",
    }
}
