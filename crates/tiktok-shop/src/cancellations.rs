use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::client::{Call, Shop, segment};
use crate::error::Effect;
use crate::order::Initiator;
use crate::paging::{DEFAULT_MAX_PAGES, Items, SortField, SortOrder, members};
use crate::transport::{Answer, unwrap_envelope};
use crate::wire::{self, open_text};

impl Shop {
    /// Cancels an order. Which reasons fit is told by [`Shop::aftersale_eligibility`].
    pub async fn cancel_order(&self, cancellation: &CancelOrder) -> Result<StartedCancellation, Error> {
        self.send(Call::write("/return_refund/202309/cancellations", cancellation)).await
    }

    /// Lists cancellations, oldest update first.
    pub fn search_cancellations(&self, search: CancellationSearch) -> Items<Cancellation> {
        let call = Call::search("/return_refund/202309/cancellations/search", &search)
            .query("page_size", search.page_size.clamp(10, 50))
            .query("sort_field", SortField::UpdateTime)
            .query("sort_order", SortOrder::Ascending);
        self.items(call, "cancellations", search.max_pages)
    }

    /// Grants a buyer's request. `idempotency_key` is a UUID: the same for each repeat of one decision.
    pub async fn approve_cancellation(&self, cancel_id: &str, idempotency_key: &str) -> Result<(), Error> {
        let path = format!("/return_refund/202309/cancellations/{}/approve", segment(cancel_id)?);
        let call = Call::write(path, &serde_json::json!({})).query("idempotency_key", idempotency_key);
        self.answer(call).await.map(drop)
    }

    /// Refuses a buyer's request; the order goes on. `idempotency_key` as in [`Shop::approve_cancellation`].
    pub async fn reject_cancellation(
        &self,
        cancel_id: &str,
        idempotency_key: &str,
        rejection: &RejectCancellation,
    ) -> Result<(), Error> {
        let path = format!("/return_refund/202309/cancellations/{}/reject", segment(cancel_id)?);
        let call = Call::write(path, rejection).query("idempotency_key", idempotency_key);
        self.answer(call).await.map(drop)
    }

    /// Lists the keys that may refuse one cancellation or return. `locale` as in `en-US`.
    pub async fn reject_reasons(
        &self,
        return_or_cancel_id: &str,
        locale: Option<&str>,
    ) -> Result<Vec<RejectReason>, Error> {
        let call = Call::get("/return_refund/202309/reject_reasons")
            .query("return_or_cancel_id", return_or_cancel_id)
            .query_if("locale", locale);
        members(self.answer(call).await?, "reasons")
    }

    /// Asks whether the seller may cancel an order, unit by unit, and for which reasons.
    pub async fn aftersale_eligibility(&self, order_id: &str) -> Result<Vec<Eligibility>, Error> {
        let path = format!("/return_refund/202602/orders/{}/aftersale_eligibility", segment(order_id)?);
        let call =
            Call::get(path).query("initiate_aftersale_user", "SELLER").query("request_types", "CANCEL");
        eligibility_of(self.answer(call).await?)
    }
}

/// Reads a whole answer to [`Shop::aftersale_eligibility`] that came in another way, as from a fuzzer.
///
/// # Errors
/// As the call that it answers.
pub fn read_eligibility(status: u16, body: &[u8]) -> Result<Vec<Eligibility>, Error> {
    eligibility_of(unwrap_envelope(body, status, None, Effect::Read, &[])?)
}

fn eligibility_of(answer: Answer) -> Result<Vec<Eligibility>, Error> {
    let skus: Vec<SkuEligibility> = members(answer, "sku_eligibility")?;
    Ok(skus.into_iter().flat_map(|sku| sku.line_item_eligibility).collect())
}

/// What to cancel, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CancelOrder {
    pub order_id: String,
    /// A key, as in `seller_cancel_reason_out_of_stock`; it depends on market and status.
    pub cancel_reason: String,
    /// Empty means the whole order, which is all that the EU allows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_line_item_ids: Vec<String>,
}

/// A cancellation that has begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StartedCancellation {
    #[serde(deserialize_with = "wire::optional_id")]
    pub cancel_id: Option<String>,
    pub cancel_status: Option<CancelStatus>,
}

/// Why the seller refuses a buyer's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectCancellation {
    /// A key from [`Shop::reject_reasons`].
    pub reject_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Which cancellations to list. Times: `ge` inclusive, `lt` exclusive.
#[derive(Debug, Clone, Serialize)]
pub struct CancellationSearch {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancel_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancel_types: Vec<CancelType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancel_status: Vec<CancelStatus>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub create_time_ge: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub create_time_lt: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub update_time_ge: Option<DateTime<Utc>>,
    #[serde(with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    pub update_time_lt: Option<DateTime<Utc>>,
    /// The language of `cancel_reason_text`, as in `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// 10 to 50.
    #[serde(skip)]
    pub page_size: u8,
    /// After so many pages the stream ends with `TooManyPages`.
    #[serde(skip)]
    pub max_pages: NonZeroUsize,
}

impl Default for CancellationSearch {
    fn default() -> Self {
        Self {
            cancel_ids: Vec::new(),
            order_ids: Vec::new(),
            cancel_types: Vec::new(),
            cancel_status: Vec::new(),
            create_time_ge: None,
            create_time_lt: None,
            update_time_ge: None,
            update_time_lt: None,
            locale: None,
            page_size: 50,
            max_pages: DEFAULT_MAX_PAGES,
        }
    }
}

open_text! {
    CancelType {
        /// Done at once: by the seller, the platform, or the buyer before the seller is concerned.
        Cancel = "CANCEL",
        /// A buyer's request to the seller.
        BuyerCancel = "BUYER_CANCEL",
    }
}

open_text! {
    CancelStatus {
        /// A buyer's request awaits an answer.
        Pending = "CANCELLATION_REQUEST_PENDING",
        /// Accepted; the refund runs.
        Success = "CANCELLATION_REQUEST_SUCCESS",
        /// Refunded.
        Complete = "CANCELLATION_REQUEST_COMPLETE",
        /// Withdrawn or refused: the order goes on. The search filter takes the first spelling.
        Cancelled = "CANCELLATION_REQUEST_CANCEL" | "CANCELLATION_REQUEST_CANCELLED",
    }
}

/// A cancellation, or a buyer's request for one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cancellation {
    #[serde(deserialize_with = "wire::text")]
    pub cancel_id: String,
    #[serde(deserialize_with = "wire::text")]
    pub order_id: String,
    #[serde(default)]
    pub cancel_type: Option<CancelType>,
    #[serde(default)]
    pub cancel_status: Option<CancelStatus>,
    /// Who asked.
    #[serde(default)]
    pub role: Option<Initiator>,
    /// A key from an open list.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub cancel_reason: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub cancel_reason_text: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub update_time: Option<DateTime<Utc>>,
    #[serde(default, rename = "seller_next_action_response")]
    pub seller_next_actions: Vec<SellerAction>,
    #[serde(default)]
    pub refund_amount: Option<RefundAmount>,
    #[serde(default, rename = "cancel_line_items")]
    pub line_items: Vec<CancelledLine>,
}

impl Cancellation {
    /// By when the seller must answer; a request without an answer is approved then.
    #[must_use]
    pub fn answer_deadline(&self) -> Option<DateTime<Utc>> {
        self.seller_next_actions.iter().filter_map(|action| action.deadline).min()
    }
}

/// What the seller is to do, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SellerAction {
    /// For example `SELLER_RESPOND_CANCEL`.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub action: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub deadline: Option<DateTime<Utc>>,
}

/// What the buyer gets back, in `currency`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RefundAmount {
    #[serde(deserialize_with = "wire::optional_text")]
    pub currency: Option<String>,
    #[serde(deserialize_with = "wire::decimal")]
    pub refund_total: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub refund_subtotal: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub refund_shipping_fee: Decimal,
    #[serde(deserialize_with = "wire::decimal")]
    pub refund_tax: Decimal,
}

/// A unit that a cancellation concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CancelledLine {
    #[serde(deserialize_with = "wire::optional_id")]
    pub cancel_line_item_id: Option<String>,
    #[serde(deserialize_with = "wire::optional_id")]
    pub order_line_item_id: Option<String>,
    #[serde(deserialize_with = "wire::optional_id")]
    pub sku_id: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub seller_sku: Option<String>,
    pub refund_amount: Option<RefundAmount>,
}

/// A reason to refuse, as key and as text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RejectReason {
    /// The key to send.
    #[serde(deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub text: Option<String>,
}

/// Whether some units may be cancelled, and for which reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Eligibility {
    /// `CANCEL`, unless TikTok tells of more than was asked.
    #[serde(deserialize_with = "wire::optional_text")]
    pub request_type: Option<String>,
    #[serde(rename = "order_line_items_ids", deserialize_with = "wire::texts")]
    pub order_line_item_ids: Vec<String>,
    #[serde(deserialize_with = "wire::flag")]
    pub eligible: bool,
    #[serde(deserialize_with = "wire::optional_text")]
    pub ineligible_code: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub ineligible_reason: Option<String>,
    /// Keys for [`CancelOrder::cancel_reason`].
    #[serde(deserialize_with = "wire::texts")]
    pub available_reason_names: Vec<String>,
}

#[derive(Deserialize)]
struct SkuEligibility {
    #[serde(default)]
    line_item_eligibility: Vec<Eligibility>,
}
