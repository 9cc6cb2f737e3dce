//! The store order that an import would make, worked out without writing anything.

use serde::{Deserialize, Serialize};

use crate::{IssueCode, Money};

/// The exact store order that would be made now, and every check with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportPreview {
    /// True when an import would succeed as far as can be seen.
    pub ready: bool,
    pub checks: Vec<PreviewCheck>,
    /// Absent while a check fails that it cannot be worked out without.
    pub store_order: Option<PreviewOrder>,
}

/// One check before an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewCheck {
    /// What was looked at, such as "Products".
    pub name: String,
    pub passed: bool,
    /// True where nothing speaks against it, but the store tells it to nobody before the import.
    #[serde(default)]
    pub unseen: bool,
    /// What is wrong and how to put it right, or what was found.
    pub detail: String,
    /// The issue that an import would open.
    pub code: Option<IssueCode>,
}

/// The store order that would be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewOrder {
    pub rows: Vec<PreviewRow>,
    pub carrier: String,
    pub customer_email: String,
    pub payment_label: String,
    pub total: Money,
    /// What it must come to by the money basis of the connection; an import refuses a difference.
    pub expected_total: Money,
}

/// One row of the store order that would be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewRow {
    pub name: String,
    pub sku: Option<String>,
    pub quantity: i64,
    /// With tax.
    pub unit_price: Money,
    /// With tax.
    pub total: Money,
}
