//! The product that carries what TikTok Shop charges beside the goods: a row of the cart like any other, so that total,
//! invoice and payment agree in one go. It is made once in each store.

use std::collections::BTreeMap;

use database::issues::Found;
use prestashop::{CategoryId, Localized, NewProduct, Product, ProductId, TaxRulesGroupId};
use rust_decimal::Decimal;
use shared::IssueCode;

use super::create::PAUSE;
use super::plan::ShippingProduct;
use super::{Import, Stop};
use crate::crash_points::{OutsideWrite, around};
use crate::store::Turn;
use crate::store_facts::ProductMatch;

/// How the product is found in the store.
pub(super) const REFERENCE: &str = "TIKTOK-SHIPPING";

/// What the buyer reads on the invoice.
const NAME: &str = "TikTok Shop shipping and fees";

/// How many of it there are, where the store counts, and when it gets as many again.
const ENOUGH: i64 = 1_000_000;
const RUNNING_SHORT: i64 = 1_000;

/// The category that every PrestaShop has: "Home".
const HOME: CategoryId = CategoryId(2);

impl Import<'_> {
    /// The product for shipping and fees; made now if the store does not have it yet. It is taxed like the first product
    /// that was sold with it.
    pub(super) async fn shipping_product(
        &self,
        products: &BTreeMap<String, Vec<ProductMatch>>,
        missing: ShippingProduct,
    ) -> Result<ProductMatch, Stop> {
        let reference = [REFERENCE.to_owned()];
        let now = self.now();
        let known = self.known_shipping_product(&reference, now).await?;
        if missing == ShippingProduct::Assume {
            return Ok(known.unwrap_or_else(|| self.assumed(products)));
        }
        let product = match known {
            Some(known) => known,
            None => {
                // One at a time, or two imports that begin together would make two products.
                let turn = self.engine.creation_turn(&self.store, self.connection).await?;
                let turn = turn.ok_or(Stop::Busy(PAUSE))?;
                let made = self.make_shipping_product(&turn, &reference, products).await;
                turn.end(self.engine.database()).await?;
                made?
            }
        };
        let settings = &self.facts.settings;
        if settings.stock_management && settings.backorder_status_enabled {
            self.keep_in_stock(product.product.id).await;
        }
        Ok(product)
    }

    /// A store that sets orders beyond the stock apart would do so with every order that has a fee. Where it does not let
    /// us, that is all that happens.
    async fn keep_in_stock(&self, product: ProductId) {
        let kept = async {
            let rows = self.client.stock_of(&[product]).await?;
            let short = rows.iter().find(|row| row.combination_id.is_none() && row.quantity < RUNNING_SHORT);
            match short {
                Some(row) => {
                    around(OutsideWrite::ShippingProduct, self.client.set_stock(row.id, ENOUGH)).await
                }
                None => Ok(()),
            }
        };
        if let Err(error) = kept.await {
            tracing::warn!(order = %self.order_id, %error, "the stock of the product for shipping stays as it is");
        }
    }

    /// The product as it would be made.
    fn assumed(&self, products: &BTreeMap<String, Vec<ProductMatch>>) -> ProductMatch {
        let product = Product {
            id: ProductId(0),
            reference: REFERENCE.to_owned(),
            names: Localized::same_in([self.facts.language], NAME),
            active: true,
            available_for_order: true,
            minimal_quantity: 1,
            product_type: None,
            is_virtual: true,
            tax_rules_group_id: tax_rules_group_of(products),
            price: Decimal::ZERO,
            ecotax: Decimal::ZERO,
            combinations: Vec::new(),
        };
        ProductMatch { product, combination: None }
    }

    async fn known_shipping_product(
        &self,
        reference: &[String; 1],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Option<ProductMatch>, Stop> {
        let found = self.store.facts.products(&self.client, reference, now).await?;
        Ok(found.into_values().flatten().next())
    }

    async fn make_shipping_product(
        &self,
        turn: &Turn,
        reference: &[String; 1],
        products: &BTreeMap<String, Vec<ProductMatch>>,
    ) -> Result<ProductMatch, Stop> {
        if let Some(known) = self.known_shipping_product(reference, self.now()).await? {
            return Ok(known);
        }
        let tax_rules_group = tax_rules_group_of(products);
        let languages: Vec<_> = self.client.languages().await?.iter().map(|language| language.id).collect();
        let product = NewProduct {
            reference: REFERENCE.to_owned(),
            names: Localized::same_in(languages.iter().copied(), NAME),
            link_rewrites: Localized::same_in(languages.iter().copied(), "tiktok-shop-shipping"),
            category: HOME,
            tax_rules_group,
            price: Decimal::ZERO,
        };
        if !turn.is_mine(self.engine.database().writer()).await? {
            return Err(Stop::Busy(PAUSE));
        }
        around(OutsideWrite::ShippingProduct, self.client.create_product(&product)).await?;
        let made = self.known_shipping_product(reference, self.now()).await?;
        // Blocked with growing pauses, or each try would make another one.
        made.ok_or_else(|| {
            let found = Found::new(IssueCode::Internal);
            Stop::Blocked(vec![found.with("reference", "the product for shipping was made and is not found")])
        })
    }
}

/// It is taxed like the first product that was sold with it.
fn tax_rules_group_of(products: &BTreeMap<String, Vec<ProductMatch>>) -> Option<TaxRulesGroupId> {
    products.values().flatten().find_map(|found| found.product.tax_rules_group_id)
}
