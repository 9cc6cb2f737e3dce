use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{AlertRules, ChannelCarrier, ConnectionId, OrderStatus, RECONCILE_DAYS, StoreState};

text_enum!(
    /// Whether a connection works.
    ConnectionState, "connection state" {
        /// Orders arrive and are imported.
        Active => "active",
        /// Stopped by a person; nothing is called.
        Paused => "paused",
        /// TikTok Shop no longer accepts us; authorize again.
        Unauthorized => "unauthorized",
    }
);

/// One authorised TikTok shop bound to one PrestaShop shop. Secrets never leave the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Connection {
    pub id: ConnectionId,
    pub name: String,
    pub state: ConnectionState,
    pub tiktok: TikTokSide,
    pub store: StoreSide,
    pub settings: ConnectionSettings,
    pub last_sync_at: Option<DateTime<Utc>>,
    pub last_webhook_at: Option<DateTime<Utc>>,
    /// When TikTok Shop told that the seller has removed the app; absent once it accepts us again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deauthorized_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Grows with each change; the `ETag`, and what `If-Match` must name.
    pub version: i64,
}

/// The TikTok Shop side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TikTokSide {
    pub app_key: String,
    pub shop_id: String,
    pub shop_name: Option<String>,
    /// ISO 3166-1 alpha-2, such as `FR`.
    pub region: Option<String>,
    pub access_token_expires_at: Option<DateTime<Utc>>,
}

/// The PrestaShop side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreSide {
    pub url: String,
    /// The last four characters of the webservice key.
    pub webservice_key_hint: String,
}

/// A request to bind a TikTok shop to a PrestaShop shop.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateConnection {
    #[cfg_attr(feature = "openapi", schema(example = "Maison Lumière", min_length = 1, max_length = 80))]
    pub name: String,
    pub tiktok: TikTokCredentials,
    pub store: StoreCredentials,
    #[serde(default)]
    pub settings: ConnectionSettings,
}

/// How to reach a TikTok shop. Give either an authorization code, or a token pair.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "app_key": "6a4b2c",
        "app_secret": "0f3c5e7a9b1d",
        "auth_code": "ROW_FeBoANmHP3yqdoUI9fZOCw"
    }))
)]
#[serde(deny_unknown_fields)]
pub struct TikTokCredentials {
    pub app_key: String,
    #[cfg_attr(feature = "openapi", schema(format = "password"))]
    pub app_secret: String,
    /// The code that TikTok Shop's consent page sent back; used once, lives 30 minutes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(format = "password"))]
    pub auth_code: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(format = "password"))]
    pub access_token: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(format = "password"))]
    pub refresh_token: Option<String>,
    /// Which of the authorised shops; may be left out when there is only one, and where a connection has its shop already.
    #[serde(default)]
    pub shop_id: Option<String>,
}

/// How to reach a PrestaShop shop.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StoreCredentials {
    /// The shop's address, as its visitors see it.
    #[cfg_attr(feature = "openapi", schema(example = "https://shop.example/"))]
    pub url: String,
    /// The webservice key: 32 letters and digits.
    #[cfg_attr(feature = "openapi", schema(format = "password", pattern = "^[A-Za-z0-9]{32}$"))]
    pub webservice_key: String,
}

/// A change of a connection; what is left out stays as it is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateConnection {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub paused: Option<bool>,
    #[serde(default)]
    pub tiktok: Option<TikTokCredentials>,
    #[serde(default)]
    pub store: Option<StoreCredentials>,
    #[serde(default)]
    pub settings: Option<ConnectionSettings>,
}

text_enum!(
    /// Which e-mail address the store's customer gets.
    EmailPolicy, "e-mail policy" {
        /// `buyerid@tiktok.com` for everybody.
        BuyerIdAlias => "buyer_id_alias",
        /// The address of `customer_email`.
        Fixed => "fixed",
        /// One address for each order, below the domain of `customer_email`.
        PerOrder => "per_order",
    }
);

text_enum!(
    /// Which TikTok total the store order must come to.
    MoneyBasis, "money basis" {
        /// What the sale is worth to the merchant: with the discounts that TikTok pays.
        IncludingPlatformDiscounts => "including_platform_discounts",
        /// What the buyer paid.
        BuyerPaid => "buyer_paid",
    }
);

text_enum!(
    /// Where the identity number comes from in countries whose addresses need one.
    IdentityRule, "identity rule" {
        /// From the order; without one the import waits.
        FromOrder => "from_order",
        /// The value of `identity_number`.
        Fixed => "fixed",
        /// The last digits of the TikTok order id.
        OrderId => "order_id",
    }
);

text_enum!(
    /// When an order that TikTok Shop holds is imported.
    HoldPolicy, "hold policy" {
        /// After its release, with its address.
        AfterRelease => "after_release",
        /// At once, into a store state that counts as not paid; the address follows with the release.
        DuringHold => "during_hold",
    }
);

/// How a connection works; every field has a default that needs no touching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionSettings {
    /// Whether orders are imported; off records them only.
    pub import_orders: bool,
    /// Orders placed before this time are recorded but not imported; absent means when the connection was made.
    pub import_placed_since: Option<DateTime<Utc>>,
    /// Pause between two polls of TikTok Shop, in seconds (10 to 3600).
    #[cfg_attr(feature = "openapi", schema(minimum = 10, maximum = 3600))]
    pub poll_interval_s: u32,
    /// How far each poll looks back behind the last one, in seconds (60 to 86400).
    #[cfg_attr(feature = "openapi", schema(minimum = 60, maximum = 86400))]
    pub poll_overlap_s: u32,
    /// Whether orders that TikTok's warehouse packs are imported too.
    pub import_fulfilled_by_tiktok: bool,
    /// During the hold the store order waits in the state that `status_mapping` names for `on_hold`, or else in one of
    /// the store's that counts as not paid.
    pub hold_policy: HoldPolicy,
    /// How long an order waits after its release before it is imported, in minutes (0 to 360).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 360))]
    pub import_delay_min: u32,
    /// Whether orders that nobody pays for are imported, with a total of 0: samples, replacements and exchanges.
    pub import_samples: bool,
    pub email_policy: EmailPolicy,
    /// Used by the e-mail policies `fixed` and `per_order`.
    pub customer_email: Option<String>,
    pub money_basis: MoneyBasis,
    /// Technical name of an active payment module of the store.
    pub payment_module: String,
    /// How the payment is named in the store.
    pub payment_label: String,
    /// Reference id of the store's carrier; absent means the free carrier of the store.
    pub carrier_reference: Option<i64>,
    /// Store carrier by country (ISO 3166-1 alpha-2); wins over `carrier_reference`.
    pub carrier_by_country: BTreeMap<String, i64>,
    pub identity_rule: IdentityRule,
    /// Used by the identity rule `fixed`.
    pub identity_number: Option<String>,
    /// Import although the store is short of stock.
    pub ignore_stock: bool,
    /// The shop of a multi-shop store; may be absent where only one is in use.
    pub store_shop_id: Option<i64>,
    /// Store state by shown status; a status that is missing follows the default, an empty value leaves it unchanged.
    pub status_mapping: BTreeMap<OrderStatus, Option<i64>>,
    /// Whether an order that is shipped in the store is shipped on TikTok Shop.
    pub write_back_shipped: bool,
    /// Whether an order that is canceled in the store is canceled on TikTok Shop.
    pub write_back_canceled: bool,
    /// How long a shipped store order may lack a tracking number before that is an issue, in minutes (0 to 1440).
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1440))]
    pub tracking_delay_min: u32,
    /// TikTok Shop's carrier id by the reference id of the store's carrier.
    pub carrier_map: BTreeMap<String, String>,
    /// TikTok Shop's carrier id for store carriers that the map leaves out; absent means that the name must fit.
    pub default_channel_carrier_id: Option<String>,
    /// TikTok Shop's reason for orders that are canceled in the store; absent means out of stock.
    pub cancel_reason: Option<String>,
    /// TikTok Shop's reason by the number of the store's state. The states named here mean that an order is canceled, as
    /// the store's own one does, which follows `cancel_reason` unless it is named too.
    pub cancel_reason_map: BTreeMap<String, String>,
    /// The address of the store's back office, such as `https://shop.example/admin123/`, for links to store orders.
    pub back_office_url: Option<String>,
    /// When this connection raises an alert.
    pub alerts: AlertRules,
    /// How many days back the nightly comparison looks (1 to 90).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 90))]
    pub reconcile_days: u32,
    /// How long after its end an order still names its buyer, in days (1 to 3650).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub keep_buyer_days: u32,
    /// How long TikTok Shop's own answers are kept, in days (1 to 3650).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub keep_raw_days: u32,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            import_orders: true,
            import_placed_since: None,
            poll_interval_s: 60,
            poll_overlap_s: 900,
            import_fulfilled_by_tiktok: false,
            hold_policy: HoldPolicy::AfterRelease,
            import_delay_min: 0,
            import_samples: true,
            email_policy: EmailPolicy::BuyerIdAlias,
            customer_email: None,
            money_basis: MoneyBasis::IncludingPlatformDiscounts,
            payment_module: "ps_wirepayment".to_owned(),
            payment_label: "TikTok Shop".to_owned(),
            carrier_reference: None,
            carrier_by_country: BTreeMap::new(),
            identity_rule: IdentityRule::OrderId,
            identity_number: None,
            ignore_stock: false,
            store_shop_id: None,
            status_mapping: BTreeMap::new(),
            write_back_shipped: true,
            write_back_canceled: false,
            tracking_delay_min: 15,
            carrier_map: BTreeMap::new(),
            default_channel_carrier_id: None,
            cancel_reason: None,
            cancel_reason_map: BTreeMap::new(),
            back_office_url: None,
            alerts: AlertRules::default(),
            reconcile_days: RECONCILE_DAYS,
            keep_buyer_days: 90,
            keep_raw_days: 30,
        }
    }
}

/// What the settings of a connection can choose from, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionChoices {
    /// The store's order states; empty until the store was read.
    pub store_states: Vec<StoreState>,
    /// The store's active carriers; empty until the store was read.
    pub store_carriers: Vec<StoreCarrier>,
    /// The carriers that TikTok Shop offered so far, for whichever order; empty until one was asked about.
    pub channel_carriers: Vec<ChannelCarrier>,
}

/// A carrier of the PrestaShop shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreCarrier {
    /// The number that stays when a merchant edits the carrier.
    pub reference: i64,
    pub name: String,
}

text_enum!(
    /// How a check of the connection test went.
    CheckOutcome, "check outcome" {
        Passed => "passed",
        Warning => "warning",
        Failed => "failed",
        /// Not looked at, because an earlier check failed.
        Skipped => "skipped",
    }
);

/// What the connection test found; it only reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionTest {
    /// True when no check failed.
    pub passed: bool,
    pub checks: Vec<ConnectionCheck>,
}

/// One check of the connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionCheck {
    /// What was looked at, such as "PrestaShop permissions".
    pub name: String,
    pub outcome: CheckOutcome,
    /// What was found and, if it is wrong, the remedy.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_have_their_defaults() {
        let settings: ConnectionSettings = serde_json::from_str(r#"{"poll_interval_s":30}"#).unwrap();

        assert_eq!(settings, ConnectionSettings { poll_interval_s: 30, ..ConnectionSettings::default() });
    }
}
