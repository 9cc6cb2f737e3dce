//! The store order that is to be made, worked out from what is recorded and what the store tells.

use std::collections::{BTreeMap, BTreeSet};

use database::issues::Found;
use database::orders::OrderRow;
use database::{recipients, snapshots};
use prestashop::TaxRulesGroupId;
use prestashop::total::RoundType;
use shared::IssueCode;
use tiktok_shop::{OrderStatus, ReadOrder, ShippingType};

use super::{Import, Stop, kept_out};
use crate::mapping::{
    Choice, ImportDecision, OrderTaxes, PlanInput, SaleAmounts, StoreOrderPlan, amounts_of, import_decision,
    likely_country, placeholder_recipient, plan_store_order, sellable_units,
};
use crate::store_facts::ProductMatch;

/// Whether the product for shipping and fees may be made where the store does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShippingProduct {
    Make,
    /// Nothing is written; what it would be like is known.
    Assume,
}

/// A store order that may be made, for as long as TikTok Shop tells nothing new of the order.
pub(super) struct Planned {
    pub plan: StoreOrderPlan,
    /// The newest answer of TikTok Shop's when it was planned.
    pub snapshot_id: Option<i64>,
}

/// A store order as it was worked out, and from what.
pub(crate) struct WorkedOut {
    /// The order, or every reason against it.
    pub plan: Result<StoreOrderPlan, Vec<Found>>,
    pub amounts: SaleAmounts,
    pub products: BTreeMap<String, Vec<ProductMatch>>,
    pub shipping_product: Option<ProductMatch>,
}

impl Import<'_> {
    /// Works out the store order from the recorded facts, with every check at once.
    pub(super) async fn plan(&self, order: &OrderRow) -> Result<Planned, Stop> {
        // What TikTok Shop told of an order that was deleted for good is gone, so this comes first.
        if let Some(decision) = kept_out(order) {
            return Err(Stop::Withdrawn(decision));
        }
        // Read before what is planned from: an answer that comes in between makes the plan an old one.
        let snapshot_id = snapshots::latest_id(self.engine.database().reader(), self.order_id).await?;
        let read = self.recorded().await?;
        let decision = self.decision(order, &read);
        if decision != ImportDecision::Import {
            return Err(Stop::Withdrawn(decision));
        }
        let worked_out = self.work_out(&read, ShippingProduct::Make).await?;
        let plan = worked_out.plan.map_err(Stop::Blocked)?;
        Ok(Planned { plan, snapshot_id })
    }

    /// The order as TikTok Shop told it last.
    pub(crate) async fn recorded(&self) -> Result<ReadOrder, Stop> {
        let database = self.engine.database();
        let raw = snapshots::latest(database.reader(), &database.vault, self.order_id).await?;
        let read = raw.map(ReadOrder::from_raw).transpose().ok().flatten();
        read.ok_or_else(|| {
            let found = Found::new(IssueCode::Internal).with("reference", format!("order {}", self.order_id));
            Stop::Blocked(vec![found])
        })
    }

    /// Whether the order is to be imported at all.
    pub(crate) fn decision(&self, order: &OrderRow, read: &ReadOrder) -> ImportDecision {
        let choice = Choice::of(order.skipped_by_person, order.archived_at.is_some());
        let settings = &self.connection.settings;
        import_decision(&read.order, choice, settings, self.connection.import_placed_since())
    }

    pub(crate) async fn work_out(
        &self,
        read: &ReadOrder,
        shipping_product: ShippingProduct,
    ) -> Result<WorkedOut, Stop> {
        let settings = &self.connection.settings;
        let database = self.engine.database();
        let amounts = amounts_of(&read.order, settings.money_basis).map_err(|incoherent| {
            Stop::Blocked(vec![
                Found::new(IssueCode::PaymentIncoherent)
                    .with("field", incoherent.field)
                    .with("reported", incoherent.reported)
                    .with("computed", incoherent.computed),
            ])
        })?;
        let units = sellable_units(&read.order, &amounts);
        let uid = &self.connection.uid;
        let reader = database.reader();
        let recipient =
            recipients::find(reader, &database.vault, uid, &self.tiktok_order_id, self.order_id).await?;
        let now = self.now();
        let held = read.order.status == OrderStatus::OnHold;
        let country = likely_country(self.connection.region.as_deref(), &self.facts);
        let recipient = recipient.or_else(|| held.then(|| placeholder_recipient(&country)));

        let country = recipient.as_ref().and_then(|recipient| {
            self.facts.countries.iter().find(|country| country.iso_code == recipient.country)
        });
        let country_states = match country {
            Some(country) if country.contains_states => {
                self.store.facts.states_of(&self.client, country.id, now).await?
            }
            _ => Vec::new(),
        };
        let skus: BTreeSet<String> = units
            .iter()
            .flat_map(|unit| unit.sku.iter().chain(unit.parts.iter().filter_map(|(sku, _)| sku.as_ref())))
            .map(|sku| sku.trim().to_owned())
            .filter(|sku| !sku.is_empty())
            .collect();
        let skus: Vec<_> = skus.into_iter().collect();
        let products = self.store.facts.products(&self.client, &skus, now).await?;
        // A store that rounds each piece may leave some cents over, which this product carries too.
        let may_leave_over = self.facts.settings.round_type == Some(RoundType::Item);
        let shipping_product = if amounts.shipping_and_fees.is_zero() && !may_leave_over {
            None
        } else {
            Some(self.shipping_product(&products, shipping_product).await?)
        };
        let taxes = match country {
            Some(country) => {
                self.taxes(products.values().flatten().chain(&shipping_product), country.id).await?
            }
            None => OrderTaxes::new(),
        };
        let stock = if self.facts.settings.stock_management && !settings.ignore_stock {
            let mut ids: Vec<_> = products.values().flatten().map(|found| found.product.id).collect();
            ids.sort_unstable();
            ids.dedup();
            Some(if ids.is_empty() { Vec::new() } else { self.client.stock_of(&ids).await? })
        } else {
            None
        };
        let plan = plan_store_order(&PlanInput {
            tiktok_order_id: &self.tiktok_order_id,
            units: &units,
            amounts: &amounts,
            recipient: recipient.as_ref(),
            hidden_address_will_do: held
                || read.order.shipping_type == Some(ShippingType::TikTok)
                || read.order.is_fulfilled_by_platform(),
            held,
            settings,
            facts: &self.facts,
            country_states: &country_states,
            products: &products,
            taxes: &taxes,
            stock: stock.as_deref(),
            shipping_product: shipping_product.as_ref(),
        });
        Ok(WorkedOut { plan, amounts, products, shipping_product })
    }

    async fn taxes<'p>(
        &self,
        products: impl Iterator<Item = &'p ProductMatch>,
        country: prestashop::CountryId,
    ) -> Result<OrderTaxes, Stop> {
        let groups: BTreeSet<TaxRulesGroupId> =
            products.filter_map(|found| found.product.tax_rules_group_id).collect();
        let mut taxes = OrderTaxes::new();
        for group in groups {
            let tax = self.store.facts.tax(&self.client, group, country, self.now()).await?;
            taxes.insert(group, tax);
        }
        Ok(taxes)
    }
}
