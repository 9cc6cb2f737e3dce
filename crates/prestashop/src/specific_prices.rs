//! Prices that hold for one cart only: the one way to sell at a price that is not the catalogue's.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::error::{Error, RefusalKind};
use crate::ids::{CartId, CombinationId, CurrencyId, ProductId, ShopId, SpecificPriceId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// Creates all prices of a cart in one call. If one of them is refused, those before it are stored and the
    /// outcome counts as unknown: look with [`Client::specific_prices_of_cart`].
    ///
    /// A price without a cart is refused here: it would hold for every buyer.
    pub async fn create_specific_prices(
        &self,
        prices: &[NewSpecificPrice],
    ) -> Result<Vec<SpecificPriceId>, Error> {
        if prices.iter().any(|price| price.cart.0 == 0) {
            let field = "id_cart".to_owned();
            return Err(Error::refused_here(RefusalKind::FieldInvalid { field }));
        }
        if prices.is_empty() {
            return Ok(Vec::new());
        }
        let elements = prices.iter().map(NewSpecificPrice::to_element).collect();
        let ids = self.create_all(Resource::SpecificPrices, Query::default(), elements).await?;
        Ok(ids.into_iter().map(SpecificPriceId).collect())
    }

    /// The prices pinned to a cart. They vanish by themselves when an order is made from it.
    pub async fn specific_prices_of_cart(&self, cart: CartId) -> Result<Vec<SpecificPriceId>, Error> {
        let ids = self.list_ids(Resource::SpecificPrices, Query::ids().filter("id_cart", cart)).await?;
        Ok(ids.into_iter().map(SpecificPriceId).collect())
    }

    /// Deletes a price of a cart that is given up.
    pub async fn delete_specific_price(&self, price: SpecificPriceId) -> Result<(), Error> {
        self.delete(Resource::SpecificPrices, price).await
    }
}

/// A price to be pinned to a cart, for any number of units, in place of the catalogue's and of promotions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSpecificPrice {
    /// The cart; never 0.
    pub cart: CartId,
    /// The shop of the cart.
    pub shop: ShopId,
    /// The product.
    pub product: ProductId,
    /// The exact combination: without it the combination's own surcharge is added on top.
    pub combination: Option<CombinationId>,
    /// The cart's currency: without it the price would be converted.
    pub currency: CurrencyId,
    /// One unit without tax, sent with six decimal places; see [`crate::total::net_unit_price`].
    pub price: Decimal,
}

impl NewSpecificPrice {
    fn to_element(&self) -> Element {
        Element::new("specific_price")
            .with("id_shop", self.shop)
            .with("id_shop_group", 0)
            .with("id_cart", self.cart)
            .with("id_product", self.product)
            .with("id_product_attribute", self.combination.map_or(0, u64::from))
            .with("id_currency", self.currency)
            .with("id_country", 0)
            .with("id_group", 0)
            .with("id_customer", 0)
            .with("price", format!("{:.6}", self.price))
            .with("from_quantity", 1)
            .with("reduction", "0.000000")
            .with("reduction_tax", 1)
            .with("reduction_type", "amount")
            // Dates must be given; these mean always.
            .with("from", "0000-00-00 00:00:00")
            .with("to", "0000-00-00 00:00:00")
    }
}
