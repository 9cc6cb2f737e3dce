//! What is in stock, product by product and combination by combination.

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CombinationId, ProductId, StockAvailableId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

/// Products asked for in one call, so that the address stays far below what web servers accept.
const PRODUCTS_PER_CALL: usize = 100;

impl Client {
    /// The stock rows of these products: one per combination and one for the product as a whole.
    pub async fn stock_of(&self, products: &[ProductId]) -> Result<Vec<StockAvailable>, Error> {
        let mut rows = Vec::new();
        for chunk in products.chunks(PRODUCTS_PER_CALL) {
            rows.extend(self.list::<StockAvailable>(Query::full().filter_any("id_product", chunk)).await?);
        }
        Ok(rows)
    }

    /// Sets what can be sold; sales that happen at this moment are lost from the count.
    pub async fn set_stock(&self, row: StockAvailableId, quantity: i64) -> Result<(), Error> {
        self.change(Resource::StockAvailables, row, &[("quantity", &quantity.to_string())]).await
    }

    /// The stock row with this id.
    pub async fn stock_available(&self, row: StockAvailableId) -> Result<StockAvailable, Error> {
        self.get(row).await
    }
}

/// The stock of a combination, or of a product as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAvailable {
    /// Its id.
    pub id: StockAvailableId,
    /// The product.
    pub product_id: ProductId,
    /// The combination; `None` for the product as a whole.
    pub combination_id: Option<CombinationId>,
    /// What can be sold; negative when more was.
    pub quantity: i64,
    /// What happens at zero.
    pub out_of_stock: OutOfStock,
}

impl Entity for StockAvailable {
    const RESOURCE: Resource = Resource::StockAvailables;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            product_id: element.id("id_product")?,
            combination_id: element.optional_id("id_product_attribute")?,
            quantity: element.number("quantity")?,
            out_of_stock: match element.field("out_of_stock")? {
                "0" => OutOfStock::Deny,
                "1" => OutOfStock::Allow,
                _ => OutOfStock::AsTheShop,
            },
        })
    }
}

/// Whether something may be ordered beyond its stock. The webservice orders it in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfStock {
    /// No.
    Deny,
    /// Yes.
    Allow,
    /// As the shop's settings say.
    AsTheShop,
}
