use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::client::{Call, Shop, segment};
use crate::order::{PackageStatus, ShippingType};
use crate::wire::{self, open_text};
use crate::{Error, Secret};

impl Shop {
    /// Tells TikTok that the seller's carrier has a parcel: all units not shipped yet, or the named ones.
    ///
    /// A repeat is refused as `AlreadyShipped`: that is success if the order then shows the same tracking number.
    pub async fn mark_package_as_shipped(
        &self,
        order_id: &str,
        shipment: &MarkPackageAsShipped,
    ) -> Result<MarkedPackage, Error> {
        let path = format!("/fulfillment/202309/orders/{}/packages", segment(order_id)?);
        self.send(Call::write(path, shipment)).await
    }

    /// Ships a package: with TikTok's label, or outside EU, UK, US and JP with the seller's own carrier.
    pub async fn ship_package(&self, package_id: &str, shipment: &ShipPackage) -> Result<(), Error> {
        let path = format!("/fulfillment/202309/packages/{}/ship", segment(package_id)?);
        self.answer(Call::write(path, shipment)).await.map(drop)
    }

    /// Gets the label or packing slip of a package that ships with TikTok's label; `Transient` while it is being made.
    pub async fn shipping_document(
        &self,
        package_id: &str,
        document: &DocumentOptions,
    ) -> Result<ShippingDocument, Error> {
        let call =
            Call::get(format!("/fulfillment/202309/packages/{}/shipping_documents", segment(package_id)?))
                .query("document_type", &document.document_type)
                .query("document_size", &document.document_size)
                .query("document_format", &document.document_format);
        self.send(call).await
    }

    /// Corrects carrier and tracking number of a package; in the EU this works once.
    pub async fn update_shipping_info(&self, package_id: &str, tracking: &Tracking) -> Result<(), Error> {
        let path = format!("/fulfillment/202309/packages/{}/shipping_info/update", segment(package_id)?);
        self.answer(Call::write(path, tracking)).await.map(drop)
    }

    /// Reads a package.
    pub async fn package(&self, package_id: &str) -> Result<Package, Error> {
        self.send(Call::get(format!("/fulfillment/202309/packages/{}", segment(package_id)?))).await
    }
}

/// A tracking number and the carrier it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tracking {
    pub tracking_number: String,
    /// From [`Shop::shipping_providers`].
    pub shipping_provider_id: String,
}

/// One parcel of the seller's carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkPackageAsShipped {
    /// The units in the parcel; empty means all that are not shipped yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_line_item_ids: Vec<String>,
    pub tracking_number: String,
    /// From [`Shop::shipping_providers`].
    pub shipping_provider_id: String,
}

/// What became of a parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MarkedPackage {
    #[serde(deserialize_with = "wire::optional_id")]
    pub order_id: Option<String>,
    #[serde(deserialize_with = "wire::texts")]
    pub order_line_item_ids: Vec<String>,
    /// The package from now on; whether it existed before is not documented, so read the order again.
    #[serde(deserialize_with = "wire::optional_id")]
    pub package_id: Option<String>,
    pub warning: Option<Warning>,
}

/// A hint beside a success, as in "match more than one provider".
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Warning {
    #[serde(deserialize_with = "wire::optional_text")]
    pub message: Option<String>,
}

/// How to ship a package; all empty lets Seller Center's settings decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShipPackage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover_method: Option<HandoverMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickup_slot: Option<PickupSlot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_shipment: Option<Tracking>,
}

/// When the carrier comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickupSlot {
    #[serde(serialize_with = "chrono::serde::ts_seconds::serialize", deserialize_with = "wire::time")]
    pub start_time: DateTime<Utc>,
    #[serde(serialize_with = "chrono::serde::ts_seconds::serialize", deserialize_with = "wire::time")]
    pub end_time: DateTime<Utc>,
}

open_text! {
    HandoverMethod { Pickup = "PICKUP", DropOff = "DROP_OFF" }
}

/// Which document to get; a label as PDF in A6 unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentOptions {
    pub document_type: DocumentType,
    pub document_size: DocumentSize,
    pub document_format: DocumentFormat,
}

impl Default for DocumentOptions {
    fn default() -> Self {
        Self {
            document_type: DocumentType::ShippingLabel,
            document_size: DocumentSize::A6,
            document_format: DocumentFormat::Pdf,
        }
    }
}

open_text! {
    DocumentType {
        ShippingLabel = "SHIPPING_LABEL",
        PackingSlip = "PACKING_SLIP",
        ShippingLabelAndPackingSlip = "SHIPPING_LABEL_AND_PACKING_SLIP",
        ShippingLabelPicture = "SHIPPING_LABEL_PICTURE",
        HazmatLabel = "HAZMAT_LABEL",
        InvoiceLabel = "INVOICE_LABEL",
    }
}

open_text! {
    DocumentSize { A6 = "A6", A5 = "A5" }
}

open_text! {
    /// ZPL is made in Brazil only.
    DocumentFormat { Pdf = "PDF", Zpl = "ZPL" }
}

/// The code of a label that TikTok has not made yet.
const STILL_BEING_MADE: i64 = 11_034_037;

/// Whether [`Shop::shipping_document`] failed only because the label is not made yet: ask again in some seconds.
#[must_use]
pub fn is_still_being_made(error: &Error) -> bool {
    matches!(error, Error::Transient { code: Some(STILL_BEING_MADE), .. })
}

/// Where a document can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShippingDocument {
    /// An address that lives 24 hours and needs no token: whoever has it reads the buyer's address.
    pub doc_url: Secret,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub tracking_number: Option<String>,
}

/// A package as read by its id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Package {
    #[serde(rename = "package_id", deserialize_with = "wire::text")]
    pub id: String,
    /// Several when orders were combined.
    #[serde(default)]
    pub orders: Vec<PackagedOrder>,
    #[serde(default, rename = "package_status")]
    pub status: Option<PackageStatus>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub split_and_combine_tag: Option<String>,
    #[serde(default)]
    pub shipping_type: Option<ShippingType>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub delivery_option_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub tracking_number: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub last_mile_tracking_number: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_id")]
    pub shipping_provider_id: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub shipping_provider_name: Option<String>,
    #[serde(default)]
    pub handover_method: Option<HandoverMethod>,
    #[serde(default, deserialize_with = "wire::texts")]
    pub order_line_item_ids: Vec<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub update_time: Option<DateTime<Utc>>,
}

/// An order whose units are in a package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PackagedOrder {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
}
