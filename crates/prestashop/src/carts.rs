//! Carts. An order is made from one; an orphan is harmless.

use std::collections::HashSet;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error, RefusalKind};
use crate::ids::{
    AddressId, CarrierId, CartId, CombinationId, CurrencyId, CustomerId, LanguageId, ProductId, ShopGroupId,
    ShopId,
};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// A cart as it is stored.
    pub async fn cart(&self, cart: CartId) -> Result<Cart, Error> {
        self.get(cart).await
    }

    /// Creates a cart. The shop checks neither products nor stock nor minimal quantities: that is for the caller.
    ///
    /// A cart without rows, or with the same product and combination in two rows, is refused here: the shop would
    /// store it without any rows, or break off half-way.
    pub async fn create_cart(&self, cart: &NewCart) -> Result<CartId, Error> {
        let mut seen = HashSet::new();
        let are_distinct = cart.rows.iter().all(|row| seen.insert((row.product, row.combination)));
        if cart.rows.is_empty() || !are_distinct {
            let field = "cart_rows".to_owned();
            return Err(Error::refused_here(RefusalKind::FieldInvalid { field }));
        }
        let id = self.create(Resource::Carts, Query::default(), cart.to_element()).await?;
        Ok(CartId(id))
    }

    /// The carts of a customer that carry a key. The key alone would make the shop read all its carts.
    pub async fn carts_of(&self, customer: CustomerId, key: &str) -> Result<Vec<CartId>, Error> {
        let query = Query::ids().filter("id_customer", customer).filter_text("gift_message", key)?;
        let ids = self.list_ids(Resource::Carts, query).await?;
        Ok(ids.into_iter().map(CartId).collect())
    }

    /// Deletes a cart no order was made from.
    pub async fn delete_cart(&self, cart: CartId) -> Result<(), Error> {
        self.delete(Resource::Carts, cart).await
    }
}

/// A cart as the shop stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// Its id.
    pub id: CartId,
    /// Whose it is.
    pub customer_id: Option<CustomerId>,
    /// Where it goes.
    pub delivery_address_id: Option<AddressId>,
    /// Its currency.
    pub currency_id: CurrencyId,
    /// The key that an order made from it will carry.
    pub gift_message: String,
    /// Which carrier for which address, as JSON.
    pub delivery_option: String,
    /// What is in it.
    pub rows: Vec<CartRow>,
}

/// A row of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartRow {
    /// The product.
    pub product_id: ProductId,
    /// The combination, if it is one.
    pub combination_id: Option<CombinationId>,
    /// How many.
    pub quantity: u32,
}

impl Entity for Cart {
    const RESOURCE: Resource = Resource::Carts;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        let rows = element.association("cart_rows").map(|row| {
            Ok(CartRow {
                product_id: row.id("id_product")?,
                combination_id: row.optional_id("id_product_attribute")?,
                quantity: row.number("quantity")?,
            })
        });
        Ok(Self {
            id: element.id("id")?,
            customer_id: element.optional_id("id_customer")?,
            delivery_address_id: element.optional_id("id_address_delivery")?,
            currency_id: element.id("id_currency")?,
            gift_message: element.text_or_empty("gift_message"),
            delivery_option: element.text_or_empty("delivery_option"),
            rows: rows.collect::<Result<_, _>>()?,
        })
    }
}

/// A cart to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCart {
    /// Whose it is.
    pub customer: CustomerId,
    /// Where it goes.
    pub delivery_address: AddressId,
    /// Where the bill goes.
    pub invoice_address: AddressId,
    /// Its currency.
    pub currency: CurrencyId,
    /// The buyer's language.
    pub language: LanguageId,
    /// How it goes; must serve the address, or the shop silently takes another. `None` if there is nothing to carry.
    pub carrier: Option<CarrierId>,
    /// The shop it belongs to.
    pub shop: ShopId,
    /// The group of that shop.
    pub shop_group: ShopGroupId,
    /// The key: the shop copies it to the order in the same moment it creates the order. Merchants see it. Without
    /// `<>{}[]|%,`.
    pub gift_message: String,
    /// What is in it, each product and combination once.
    pub rows: Vec<NewCartRow>,
}

/// A row of a cart to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCartRow {
    /// The product.
    pub product: ProductId,
    /// The combination, if the product has any.
    pub combination: Option<CombinationId>,
    /// How many.
    pub quantity: u32,
}

impl NewCart {
    fn to_element(&self) -> Element {
        // The comma belongs to the value. This, not `id_carrier`, is what decides.
        let delivery_option =
            self.carrier.map(|carrier| format!("{{\"{}\":\"{carrier},\"}}", self.delivery_address));
        let rows = self.rows.iter().fold(Element::new("cart_rows"), |rows, row| {
            rows.with_child(
                Element::new("cart_row")
                    .with("id_product", row.product)
                    .with("id_product_attribute", row.combination.map_or(0, u64::from))
                    .with("id_address_delivery", self.delivery_address)
                    .with("quantity", row.quantity),
            )
        });
        Element::new("cart")
            .with("id_currency", self.currency)
            .with("id_lang", self.language)
            .with("id_customer", self.customer)
            .with("id_address_delivery", self.delivery_address)
            .with("id_address_invoice", self.invoice_address)
            .with_some("id_carrier", self.carrier)
            .with("id_shop", self.shop)
            .with("id_shop_group", self.shop_group)
            .with_some("delivery_option", delivery_option)
            .with("gift_message", &self.gift_message)
            .with_child(Element::new("associations").with_child(rows))
    }
}
