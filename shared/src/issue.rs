//! Every failure an order can meet: its code, severity, sentence, remedy, and what becomes of it next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;
use crate::{IssueId, OrderId, TikTokOrderId};

text_enum!(
    /// Whether an issue stops the order or only informs.
    Severity, "severity" {
        Error => "error",
        Warning => "warning",
    }
);

text_enum!(
    /// What happens to the order after the failure.
    RetryClass, "retry class" {
        /// Tried again by itself, with growing pauses.
        Automatic => "automatic",
        /// Tried again by itself as soon as the cause is gone; the cause is looked at again with growing pauses.
        WhenFixed => "when_fixed",
        /// Tried again after the merchant has acted.
        Manual => "manual",
        /// Cannot succeed any more.
        Never => "never",
    }
);

impl RetryClass {
    /// What the merchant may expect, in one sentence.
    #[must_use]
    pub const fn promise(self) -> &'static str {
        match self {
            Self::Automatic => "Tried again automatically.",
            Self::WhenFixed => "Tried again automatically as soon as the cause is fixed.",
            Self::Manual => "Tried again after you have acted.",
            Self::Never => "This cannot be tried again.",
        }
    }
}

/// What the catalogue says about a code.
#[derive(Debug, Clone, Copy)]
pub struct IssueKind {
    pub severity: Severity,
    pub retry: RetryClass,
    pub title: &'static str,
    /// One sentence; `{name}` is replaced by the fact of that name.
    pub sentence: &'static str,
    pub remedy: &'static str,
}

macro_rules! issue_catalogue {
    ($($variant:ident $code:literal $severity:ident $retry:ident $title:literal $sentence:literal $remedy:literal)+) => {
        text_enum!(
            /// The stable code of an issue.
            IssueCode, "issue code" { $($variant => $code,)+ }
        );

        impl IssueCode {
            /// Severity, retry class and words of the code.
            #[must_use]
            pub const fn kind(self) -> IssueKind {
                match self {
                    $(Self::$variant => IssueKind {
                        severity: Severity::$severity,
                        retry: RetryClass::$retry,
                        title: $title,
                        sentence: $sentence,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

issue_catalogue! {
    SkuNotFound "SKU_NOT_FOUND" Error WhenFixed "Product not found"
        "“{sku}” is not in your store."
        "Give a store product this reference, or correct the SKU of the TikTok product."
    SkuAmbiguous "SKU_AMBIGUOUS" Error Manual "Several products match"
        "Several products use “{sku}”."
        "Make the reference unique in your store, then retry the import."
    SkuMissing "SKU_MISSING" Error Manual "Product without SKU"
        "The TikTok product “{product}” has no SKU."
        "Enter a seller SKU for the product in TikTok Shop, then sync the order."
    ProductInactive "PRODUCT_INACTIVE" Error WhenFixed "Product switched off"
        "{product} is switched off in your store."
        "Activate the product and allow ordering it."
    StockShort "STOCK_SHORT" Error WhenFixed "Not enough stock"
        "“{sku}”: {needed} needed, {available} in stock."
        "Restock the product, or allow back-orders for it."
    CountryInactive "COUNTRY_INACTIVE" Error WhenFixed "Country not served"
        "Your store does not sell to {country}."
        "Activate the country and its zone in your store under International, Locations."
    StateInvalid "STATE_INVALID" Error Manual "Region unknown"
        "The state “{state}” is unknown to your store."
        "Add the state in your store under International, Locations, then retry the import."
    AddressMasked "ADDRESS_MASKED" Error Automatic "Address hidden"
        "TikTok hides this address."
        "Wait for its release; nothing to do."
    AddressRejected "ADDRESS_REJECTED" Error Manual "Address refused"
        "Your store refused: {field}."
        "Read the reason, relax the required fields of addresses in your store, then retry the import."
    IdentityRequired "IDENTITY_REQUIRED" Error WhenFixed "Identity number required"
        "{country} needs an identity number."
        "Set the identity number rule of the connection."
    CurrencyUnavailable "CURRENCY_UNAVAILABLE" Error WhenFixed "Currency not available"
        "{currency} is not active in your store."
        "Install and activate the currency in your store under International, Localization."
    CarrierUnmapped "CARRIER_UNMAPPED" Error WhenFixed "No carrier"
        "No carrier chosen for {country}."
        "Choose an active carrier that serves this country as the carrier of the connection."
    StateUnmapped "STATE_UNMAPPED" Error WhenFixed "Order state missing"
        "The order state you chose no longer exists: {state}."
        "Choose another order state in the status mapping of the connection."
    PaymentModuleOff "PAYMENT_MODULE_OFF" Error WhenFixed "Payment module off"
        "PrestaShop cannot record the payment with the module “{module}”."
        "Install and activate the payment module in your store, or name another one in the connection."
    TaxRuleMissing "TAX_RULE_MISSING" Error Manual "No tax rule"
        "No tax rule for {country}."
        "Add a tax rule for the country in your store, then retry the import."
    StoreTotalMismatch "STORE_TOTAL_MISMATCH" Error Manual "Does not match TikTok"
        "Store total {store_total}, TikTok {tiktok_total}: {difference} off."
        "Compare both sides on the order page and correct what differs; then retry the import, or mark it as handled if the order is in your store."
    StoreDuplicateFound "STORE_DUPLICATE_FOUND" Error Manual "Already in the store"
        "Already in your store as #{store_order_id}; #{canceled_store_order_id} was made for it too."
        "See in your store that only one of the two is packed, then mark it as handled."
    StoreUnreachable "STORE_UNREACHABLE" Error Automatic "Store not answering"
        "Your store is not answering."
        "Check that the store is online; the next try is shown."
    StoreAuth "STORE_AUTH" Error WhenFixed "Store refused our key"
        "PrestaShop refused our key: {permission}."
        "Give the webservice key what is named here, in your store under Advanced Parameters, Webservice; then test the connection."
    StoreRateLimited "STORE_RATE_LIMITED" Warning Automatic "Store slows us down"
        "Slowed down; nothing to do."
        "Nothing to do."
    ChannelRateLimited "CHANNEL_RATE_LIMITED" Warning Automatic "TikTok slows us down"
        "Slowed down; nothing to do."
        "Nothing to do."
    StoreRefused "STORE_REFUSED" Error Automatic "Store refuses a request"
        "Your store refused what we asked for: {what}."
        "See whether a module or an update has changed your store, and test the connection; the next try is shown."
    StoreWriteUnknown "STORE_WRITE_UNKNOWN" Error Automatic "Store answer lost"
        "The store did not answer clearly; checking whether it arrived."
        "Nothing to do: it is looked up before anything is tried again."
    StoreOrderDeleted "STORE_ORDER_DELETED" Warning Manual "Store order deleted"
        "Deleted in your store."
        "Import it again, or skip the order."
    ChannelUnreachable "CHANNEL_UNREACHABLE" Error Automatic "TikTok not answering"
        "TikTok is not answering."
        "Nothing to do; the next try is shown."
    ChannelAuthExpired "CHANNEL_AUTH_EXPIRED" Error WhenFixed "TikTok access ended"
        "TikTok access has ended. Orders are not arriving."
        "Authorize the connection again."
    ChannelDeauthorized "CHANNEL_DEAUTHORIZED" Error Manual "Shop disconnected"
        "The shop disconnected us."
        "Authorize the connection again."
    ChannelScopeMissing "CHANNEL_SCOPE_MISSING" Error WhenFixed "TikTok permission missing"
        "TikTok has not granted: {scope}."
        "Authorize the connection again with this permission."
    ChannelMisconfigured "CHANNEL_MISCONFIGURED" Error WhenFixed "TikTok refuses the app"
        "TikTok refuses the app: {what}."
        "In Partner Center, put this server's address on the app's IP allow list and compare app key and app secret with the connection's."
    ChannelClockSkew "CHANNEL_CLOCK_SKEW" Error Automatic "Server clock wrong"
        "The server clock is wrong."
        "Correct the time of the server that runs orderbridge."
    ChannelStatusUnknown "CHANNEL_STATUS_UNKNOWN" Warning Automatic "New TikTok status"
        "TikTok sent something new ({channel_status}); we kept the last known status."
        "Report it, please."
    ChannelStatusRegressed "CHANNEL_STATUS_REGRESSED" Warning Automatic "Status moved back"
        "TikTok moved the order back from {before} to {after}."
        "Check the order in Seller Center."
    ShipTrackingMissing "SHIP_TRACKING_MISSING" Error WhenFixed "Tracking number missing"
        "TikTok has no tracking number yet."
        "Enter the tracking number."
    ShipTrackingRejected "SHIP_TRACKING_REJECTED" Error Manual "Tracking number refused"
        "TikTok refused “{tracking_number}”."
        "Correct the number, or choose its carrier."
    ShipProviderUnmapped "SHIP_PROVIDER_UNMAPPED" Error WhenFixed "Carrier unknown to TikTok"
        "{carrier} is not known to TikTok here."
        "Map the carrier."
    ShipNotAllowed "SHIP_NOT_ALLOWED" Error Never "Cannot be shipped"
        "Cannot be shipped now: {why}."
        "Wait, or open Seller Center."
    ShipUpdateLimit "SHIP_UPDATE_LIMIT" Error Never "No corrections left"
        "TikTok allows no further change."
        "Open Seller Center."
    CancelRefused "CANCEL_REFUSED" Error Manual "Cancellation refused"
        "TikTok refused: {why}."
        "Choose another reason, or open Seller Center."
    CancelRequestOpen "CANCEL_REQUEST_OPEN" Warning Manual "Buyer wants to cancel"
        "The buyer wants to cancel; answer before {deadline}."
        "Accept or reject the request."
    CanceledAfterShipment "CANCELED_AFTER_SHIPMENT" Warning Manual "Canceled after shipment"
        "Canceled on TikTok after a parcel was made ready or had left."
        "Keep the parcel back or recall it, then mark it as handled."
    CancelStoreConflict "CANCEL_STORE_CONFLICT" Error Manual "Canceled but shipped"
        "Canceled on TikTok but shipped in your store."
        "Recall the parcel, then mark it as handled."
    AddressChanged "ADDRESS_CHANGED" Warning Manual "Address changed"
        "New address since import."
        "Give the store order the new address, or mark it as handled if the parcel is on its way."
    ShipBySoon "SHIP_BY_SOON" Warning WhenFixed "Ship soon"
        "Ship within {time_left}."
        "Ship the order."
    ShipByLate "SHIP_BY_LATE" Warning WhenFixed "Late"
        "Late by {time_over}."
        "Ship the order."
    DriftDetected "DRIFT_DETECTED" Warning Manual "Store and TikTok disagree"
        "Store and TikTok disagree on {field}."
        "Heal the difference, or ignore it."
    PaymentIncoherent "PAYMENT_INCOHERENT" Error Manual "Amounts do not add up"
        "TikTok's amounts do not add up: {field} is {reported}, the parts make {computed}."
        "Check the order in Seller Center, then sync it."
    Internal "INTERNAL" Error Automatic "Our fault"
        "Our fault. Reference {reference}."
        "Retry, and report the reference if it comes back."
}

/// Facts of an issue by name, such as `sku`; they fill the placeholders of its sentence.
pub type IssueFacts = BTreeMap<String, String>;

/// The fact that says why, in words that need no glossary: never a buyer's data.
pub const REASON: &str = "reason";

/// The issues that "heal" brings both sides together for.
pub const HEALABLE: &[IssueCode] = &[IssueCode::DriftDetected, IssueCode::AddressChanged];

/// The issues that an import can open; the next import resolves those that are gone.
pub const IMPORT_ISSUES: &[IssueCode] = &[
    IssueCode::SkuNotFound,
    IssueCode::SkuAmbiguous,
    IssueCode::SkuMissing,
    IssueCode::ProductInactive,
    IssueCode::StockShort,
    IssueCode::CountryInactive,
    IssueCode::StateInvalid,
    IssueCode::AddressMasked,
    IssueCode::AddressRejected,
    IssueCode::IdentityRequired,
    IssueCode::CurrencyUnavailable,
    IssueCode::CarrierUnmapped,
    IssueCode::StateUnmapped,
    IssueCode::PaymentModuleOff,
    IssueCode::TaxRuleMissing,
    IssueCode::StoreTotalMismatch,
    IssueCode::StoreUnreachable,
    IssueCode::StoreAuth,
    IssueCode::StoreRateLimited,
    IssueCode::StoreRefused,
    IssueCode::StoreWriteUnknown,
    IssueCode::PaymentIncoherent,
    IssueCode::Internal,
];

impl IssueCode {
    /// The sentence with the facts filled in; a fact that is not known is left out as an ellipsis.
    #[must_use]
    pub fn sentence(self, facts: &IssueFacts) -> String {
        let mut rest = match self {
            // The total is right and something else is not.
            Self::StoreTotalMismatch if !facts.contains_key("difference") => {
                "The total is right, but {reason}."
            }
            _ => self.kind().sentence,
        };
        let mut sentence = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            sentence.push_str(before);
            sentence.push_str(facts.get(name).filter(|fact| !fact.is_empty()).map_or("…", String::as_str));
            rest = after;
        }
        sentence.push_str(rest);
        sentence
    }
}

/// An open or resolved problem of an order, with everything a person needs to put it right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issue {
    pub id: IssueId,
    pub order_id: OrderId,
    pub tiktok_order_id: TikTokOrderId,
    pub code: IssueCode,
    /// What it is about, where one order may have several of the code, such as a SKU; else empty.
    #[cfg_attr(feature = "openapi", schema(example = "CANDLE-FIG"))]
    pub subject: String,
    pub severity: Severity,
    pub retry: RetryClass,
    pub title: String,
    pub sentence: String,
    pub remedy: String,
    /// What the sentence is made of, and further details such as the upstream code.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub facts: IssueFacts,
    /// How often the step that failed has been tried.
    pub attempts: i32,
    pub next_retry_at: Option<DateTime<Utc>>,
    pub opened_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// How many other orders of the connection the same fix would help: open issues of this code about the same thing.
    pub same_cause_count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_filled_with_facts() {
        let facts = IssueFacts::from([("sku".to_owned(), "CANDLE-1".to_owned())]);

        assert_eq!(IssueCode::SkuNotFound.sentence(&facts), "“CANDLE-1” is not in your store.");
        assert_eq!(IssueCode::SkuNotFound.sentence(&IssueFacts::new()), "“…” is not in your store.");
        assert_eq!(IssueCode::StoreUnreachable.sentence(&facts), "Your store is not answering.");
    }

    #[test]
    fn every_code_has_words_and_balanced_placeholders() {
        for code in IssueCode::ALL {
            let kind = code.kind();
            assert!(kind.sentence.ends_with('.') && kind.remedy.ends_with('.'), "{code}");
            assert!(!kind.title.ends_with('.') && !kind.title.is_empty(), "{code}");
            assert_eq!(kind.sentence.matches('{').count(), kind.sentence.matches('}').count(), "{code}");
            assert_eq!(code.as_str().parse(), Ok(*code));
        }
    }
}
