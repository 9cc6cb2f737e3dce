//! Every code of the error catalogue: the outside makes it come up, the merchant reads what to do, doing that ends it, and
//! the order is where it belongs.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use database::entities::issues;
use sea_orm::EntityTrait;
use shared::IssueCode;
use tests::{EngineLab, LabOptions};

use crate::store_side::{DHL, UPS};

mod addresses;
mod cancellations;
mod channel;
mod goods;
mod shipments;
pub mod shown;
mod store;
mod store_setup;

/// Lives through one code. Without a wildcard, so that a new code without a story does not compile.
async fn story(lab: &EngineLab, code: IssueCode) -> Result<()> {
    match code {
        IssueCode::SkuNotFound => goods::sku_not_found(lab).await,
        IssueCode::SkuAmbiguous => goods::sku_ambiguous(lab).await,
        IssueCode::SkuMissing => goods::sku_missing(lab).await,
        IssueCode::ProductInactive => goods::product_inactive(lab).await,
        IssueCode::StockShort => goods::stock_short(lab).await,
        IssueCode::CountryInactive => addresses::country_inactive(lab).await,
        IssueCode::StateInvalid => addresses::state_invalid(lab).await,
        IssueCode::AddressMasked => addresses::address_masked(lab).await,
        IssueCode::AddressRejected => addresses::address_rejected(lab).await,
        IssueCode::IdentityRequired => addresses::identity_required(lab).await,
        IssueCode::CurrencyUnavailable => store_setup::currency_unavailable(lab).await,
        IssueCode::CarrierUnmapped => store_setup::carrier_unmapped(lab).await,
        IssueCode::StateUnmapped => store_setup::state_unmapped(lab).await,
        IssueCode::PaymentModuleOff => store_setup::payment_module_off(lab).await,
        IssueCode::TaxRuleMissing => store_setup::tax_rule_missing(lab).await,
        IssueCode::StoreTotalMismatch => {
            store::total_mismatch_before_creation(lab).await?;
            store::total_mismatch_after_creation(lab).await?;
            store::mismatch_with_the_right_total(lab).await
        }
        IssueCode::StoreDuplicateFound => store::duplicate_found(lab).await,
        IssueCode::StoreUnreachable => store::unreachable(lab).await,
        IssueCode::StoreAuth => store::auth(lab).await,
        IssueCode::StoreRateLimited => store::rate_limited(lab).await,
        IssueCode::ChannelRateLimited => channel::rate_limited(lab).await,
        IssueCode::StoreRefused => store::refused(lab).await,
        IssueCode::StoreWriteUnknown => store::write_unknown(lab).await,
        IssueCode::StoreOrderDeleted => store::order_deleted(lab).await,
        IssueCode::ChannelUnreachable => channel::unreachable(lab).await,
        IssueCode::ChannelAuthExpired => channel::access_ended(lab).await,
        IssueCode::ChannelDeauthorized => channel::deauthorized(lab).await,
        IssueCode::ChannelMisconfigured => channel::misconfigured(lab).await,
        IssueCode::ChannelScopeMissing => channel::scope_missing(lab).await,
        IssueCode::ChannelClockSkew => channel::clock_skew(lab).await,
        IssueCode::ChannelStatusUnknown => channel::status_unknown(lab).await,
        IssueCode::ChannelStatusRegressed => channel::status_regressed(lab).await,
        IssueCode::ShipTrackingMissing => shipments::tracking_missing(lab).await,
        IssueCode::ShipTrackingRejected => shipments::tracking_rejected(lab).await,
        IssueCode::ShipProviderUnmapped => shipments::provider_unmapped(lab).await,
        IssueCode::ShipNotAllowed => shipments::not_allowed(lab).await,
        IssueCode::ShipUpdateLimit => shipments::update_limit(lab).await,
        IssueCode::CancelRefused => cancellations::refused(lab).await,
        IssueCode::CancelRequestOpen => cancellations::request_open(lab).await,
        IssueCode::CanceledAfterShipment => cancellations::after_shipment(lab).await,
        IssueCode::CancelStoreConflict => cancellations::store_conflict(lab).await,
        IssueCode::AddressChanged => addresses::address_changed(lab).await,
        IssueCode::ShipBySoon => shipments::by_soon(lab).await,
        IssueCode::ShipByLate => shipments::by_late(lab).await,
        IssueCode::DriftDetected => cancellations::drift_detected(lab).await,
        IssueCode::PaymentIncoherent => goods::payment_incoherent(lab).await,
        IssueCode::Internal => channel::internal(lab).await,
    }
}

#[tokio::test]
async fn every_code_comes_up_is_told_and_ends_with_its_remedy() -> Result<()> {
    let mut failures = Vec::new();
    for test_database in test_database::databases().await {
        let lab = EngineLab::start(test_database, options()).await?;
        for code in IssueCode::ALL {
            if let Err(error) = story(&lab, *code).await {
                failures.push(format!("{} {code}: {error:#}", lab.database_name()));
            }
            // A story that broke off leaves nothing behind for the next one.
            lab.sandboxes.store_control.delete("/faults").await?;
            lab.sandboxes.channel_control.delete("/faults").await?;
        }
        let opened = ever_opened(&lab).await?;
        for code in IssueCode::ALL {
            if !opened.contains(code) {
                failures.push(format!("{} {code} was never opened", lab.database_name()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

/// The codes of all issues that were open at any time.
async fn ever_opened(lab: &EngineLab) -> Result<BTreeSet<IssueCode>> {
    let rows = issues::Entity::find().all(lab.database.writer()).await?;
    rows.iter().map(|row| row.code.parse().ok().context("an unknown code")).collect()
}

/// The store's carriers are known to TikTok Shop.
fn options() -> LabOptions {
    let mut options = LabOptions::default();
    options.settings.carrier_map =
        [("1".to_owned(), DHL.to_owned()), ("2".to_owned(), UPS.to_owned())].into();
    options
}
