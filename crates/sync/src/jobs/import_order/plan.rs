//! The store order that is to be made, worked out from what is recorded and what the store tells.

use std::collections::BTreeSet;

use database::issues::Found;
use database::orders::OrderRow;
use database::{recipients, snapshots};
use prestashop::TaxRulesGroupId;
use prestashop::total::RoundType;
use shared::IssueCode;
use tiktok_shop::{ReadOrder, ShippingType};

use super::{Import, Stop};
use crate::mapping::{
    ImportDecision, OrderTaxes, PlanInput, StoreOrderPlan, amounts_of, import_decision, plan_store_order,
    sellable_units,
};
use crate::store_facts::ProductMatch;

impl Import<'_> {
    /// Works out the store order from the recorded facts, with every check at once.
    pub(super) async fn plan(&self, order: &OrderRow) -> Result<StoreOrderPlan, Stop> {
        let database = self.engine.database();
        let raw = snapshots::latest(database.reader(), &database.vault, self.order_id).await?;
        let read = raw.map(ReadOrder::from_raw).transpose().ok().flatten();
        let Some(read) = read else {
            let found = Found::new(IssueCode::Internal).with("reference", format!("order {}", self.order_id));
            return Err(Stop::Blocked(vec![found]));
        };
        let settings = &self.connection.settings;
        let decision = import_decision(&read.order, settings, self.connection.import_placed_since());
        if decision != ImportDecision::Import {
            return Err(Stop::Withdrawn(decision));
        }
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
            .flat_map(|unit| unit.sku.iter().chain(unit.parts.iter().map(|(sku, _)| sku)))
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
            Some(self.shipping_product(&products).await?)
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
            tiktok_label: read.order.shipping_type == Some(ShippingType::TikTok)
                || order.fulfillment_type == shared::FulfillmentType::TikTok.as_str(),
            settings,
            facts: &self.facts,
            country_states: &country_states,
            products: &products,
            taxes: &taxes,
            stock: stock.as_deref(),
            shipping_product: shipping_product.as_ref(),
        });
        plan.map_err(Stop::Blocked)
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
            let rate = self.store.facts.tax_rate(&self.client, group, country, self.now()).await?;
            taxes.insert(group, rate);
        }
        Ok(taxes)
    }
}
