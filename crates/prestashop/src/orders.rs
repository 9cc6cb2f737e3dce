//! Orders. There is no function to delete one: the shop would drop the row alone and keep lines, payments and stock.

use chrono::NaiveDateTime;
use futures::stream::{self, Stream, TryStreamExt};
use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error, RefusalKind};
use crate::ids::{
    AddressId, CarrierId, CartId, CombinationId, CurrencyId, CustomerId, LanguageId, OrderDetailId, OrderId,
    OrderStateId, ProductId, ShopId,
};
use crate::query::{Query, can_be_listed};
use crate::resource::Resource;
use crate::xml::Element;

/// Rows in one page of changes, and ids in one call for orders by id.
const ORDERS_PER_PAGE: usize = 100;

impl Client {
    /// An order as it is stored. The answer to its creation is not: nearly every field in that is wrong.
    pub async fn order(&self, order: OrderId) -> Result<Order, Error> {
        self.get(order).await
    }

    /// Those of these orders that exist, in no particular order.
    pub async fn orders_by_id(&self, orders: &[OrderId]) -> Result<Vec<Order>, Error> {
        let mut found = Vec::new();
        for chunk in orders.chunks(ORDERS_PER_PAGE) {
            found.extend(self.list::<Order>(Query::full().filter_any("id", chunk)).await?);
        }
        Ok(found)
    }

    /// States and dates of those of these orders that exist, in no particular order. An order that is left out has been
    /// deleted, or belongs to another shop; [`Client::order`] tells which.
    pub async fn order_changes_of(&self, orders: &[OrderId]) -> Result<Vec<OrderChange>, Error> {
        let mut found = Vec::new();
        for chunk in orders.chunks(ORDERS_PER_PAGE) {
            found.extend(self.list::<OrderChange>(OrderChange::query().filter_any("id", chunk)).await?);
        }
        Ok(found)
    }

    /// All orders made from a cart with this gift message, oldest first: the look-up by key. The shop keeps no key
    /// unique, so there can be several.
    pub async fn orders_by_gift_message(&self, key: &str) -> Result<Vec<OrderSummary>, Error> {
        let query = OrderSummary::query().filter_text("gift_message", key)?;
        self.list(query.with("sort", "[id_ASC]")).await
    }

    /// All orders made from carts with these gift messages, in no particular order: the look-up of many keys at once. Keys
    /// with a comma, a bar, a bracket or a percent sign are refused.
    pub async fn orders_by_gift_messages(&self, keys: &[String]) -> Result<Vec<KeyedOrder>, Error> {
        if keys.iter().any(|key| !can_be_listed(key)) {
            let field = "gift_message".to_owned();
            return Err(Error::refused_here(RefusalKind::FieldInvalid { field }));
        }
        let mut found = Vec::new();
        for chunk in keys.chunks(ORDERS_PER_PAGE) {
            found.extend(self.list(KeyedOrder::query().filter_any("gift_message", chunk)).await?);
        }
        Ok(found)
    }

    /// The same of orders by their ids; those that do not exist are left out.
    pub async fn keyed_orders(&self, orders: &[OrderId]) -> Result<Vec<KeyedOrder>, Error> {
        let mut found = Vec::new();
        for chunk in orders.chunks(ORDERS_PER_PAGE) {
            found.extend(self.list(KeyedOrder::query().filter_any("id", chunk)).await?);
        }
        Ok(found)
    }

    /// All orders made from this cart, oldest first. The shop does not lock carts, so there can be several.
    pub async fn orders_by_cart(&self, cart: CartId) -> Result<Vec<OrderSummary>, Error> {
        self.list(OrderSummary::query().filter("id_cart", cart).with("sort", "[id_ASC]")).await
    }

    /// Orders changed between two moments of the shop's own time, both included, by id. Dates have whole seconds, so
    /// let windows overlap by two seconds or more and expect orders twice. The tracking number is no change.
    pub fn orders_changed(
        &self,
        from: NaiveDateTime,
        until: NaiveDateTime,
    ) -> impl Stream<Item = Result<OrderChange, Error>> + Send + '_ {
        // Walking by id rather than by offset: an order that leaves the window meanwhile makes no other be skipped.
        let pages = stream::try_unfold(Some(0), move |after: Option<u64>| async move {
            let Some(after) = after else { return Ok::<_, Error>(None) };
            let query = OrderChange::query()
                .between("date_upd", from, until)
                .after_id(after)
                .with("sort", "[id_ASC]")
                .with("limit", ORDERS_PER_PAGE);
            let page: Vec<OrderChange> = self.list(query).await?;
            let last = page.last().map(|change| change.id.0);
            // Ids must rise, or a shop that ignores the filter would be asked forever.
            let next = last.filter(|last| page.len() >= ORDERS_PER_PAGE && *last > after);
            Ok(Some((stream::iter(page.into_iter().map(Ok)), next)))
        });
        pages.try_flatten()
    }

    /// Turns a cart into an order. The only call with a timeout of its own, and the one that must never be repeated
    /// before looking: the shop would make another order.
    pub async fn create_order(&self, order: &NewOrder) -> Result<OrderId, Error> {
        let id = self.create(Resource::Orders, Query::default(), order.to_element()).await?;
        Ok(OrderId(id))
    }

    /// Writes the merchant's private note on an order. Not known to shops before 1.7.7.
    pub async fn set_order_note(&self, order: OrderId, note: &str) -> Result<(), Error> {
        self.change(Resource::Orders, order, &[("note", note)]).await
    }
}

/// An order as the shop stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The nine letters the merchant and the buyer see. Payments are joined by it.
    pub reference: String,
    /// The state it is in; `None` if the shop broke off while creating it.
    pub current_state: Option<OrderStateId>,
    /// Whether its state counts as a sale.
    pub valid: bool,
    /// The cart it was made from.
    pub cart_id: CartId,
    /// Who bought.
    pub customer_id: CustomerId,
    /// Where it goes.
    pub delivery_address_id: AddressId,
    /// Where the bill goes.
    pub invoice_address_id: AddressId,
    /// How it goes; `None` if there is nothing to carry.
    pub carrier_id: Option<CarrierId>,
    /// Its currency.
    pub currency_id: CurrencyId,
    /// The buyer's language.
    pub language_id: LanguageId,
    /// The shop it belongs to.
    pub shop_id: Option<ShopId>,
    /// The technical name of the payment module.
    pub module: String,
    /// What the merchant reads as the means of payment.
    pub payment: String,
    /// The key, copied from the cart.
    pub gift_message: String,
    /// The merchant's private note.
    pub note: String,
    /// The first parcel's tracking number.
    pub shipping_number: String,
    /// The number of its first invoice; 0 if there is none.
    pub invoice_number: u64,
    /// Discounts with tax.
    pub total_discounts_tax_incl: Decimal,
    /// What was to be paid.
    pub total_paid: Decimal,
    /// The same with tax.
    pub total_paid_tax_incl: Decimal,
    /// The same without tax.
    pub total_paid_tax_excl: Decimal,
    /// What was said to be paid when it was created.
    pub total_paid_real: Decimal,
    /// The lines without tax.
    pub total_products: Decimal,
    /// The lines with tax.
    pub total_products_wt: Decimal,
    /// Carriage with tax.
    pub total_shipping_tax_incl: Decimal,
    /// Carriage without tax.
    pub total_shipping_tax_excl: Decimal,
    /// The percentage carriage is taxed by.
    pub carrier_tax_rate: Decimal,
    /// The shop's rate for its currency.
    pub conversion_rate: Decimal,
    /// When it was made, in the shop's time.
    pub date_add: Option<NaiveDateTime>,
    /// When it was changed last, in the shop's time.
    pub date_upd: Option<NaiveDateTime>,
    /// Its lines.
    pub rows: Vec<OrderRow>,
}

impl Entity for Order {
    const RESOURCE: Resource = Resource::Orders;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        let rows = element.association("order_rows").map(OrderRow::decode);
        Ok(Self {
            id: element.id("id")?,
            reference: element.field("reference")?.to_owned(),
            current_state: element.optional_id("current_state")?,
            valid: element.flag("valid")?,
            cart_id: CartId(element.number("id_cart")?),
            customer_id: element.id("id_customer")?,
            delivery_address_id: element.id("id_address_delivery")?,
            invoice_address_id: element.id("id_address_invoice")?,
            carrier_id: element.optional_id("id_carrier")?,
            currency_id: element.id("id_currency")?,
            language_id: element.id("id_lang")?,
            shop_id: element.optional_id("id_shop")?,
            module: element.text_or_empty("module"),
            payment: element.text_or_empty("payment"),
            gift_message: element.text_or_empty("gift_message"),
            note: element.text_or_empty("note"),
            shipping_number: element.text_or_empty("shipping_number"),
            invoice_number: element.number_or_zero("invoice_number")?,
            total_discounts_tax_incl: element.decimal("total_discounts_tax_incl")?,
            total_paid: element.decimal("total_paid")?,
            total_paid_tax_incl: element.decimal("total_paid_tax_incl")?,
            total_paid_tax_excl: element.decimal("total_paid_tax_excl")?,
            total_paid_real: element.decimal("total_paid_real")?,
            total_products: element.decimal("total_products")?,
            total_products_wt: element.decimal("total_products_wt")?,
            total_shipping_tax_incl: element.decimal("total_shipping_tax_incl")?,
            total_shipping_tax_excl: element.decimal("total_shipping_tax_excl")?,
            carrier_tax_rate: element.decimal_or_zero("carrier_tax_rate")?,
            conversion_rate: element.decimal("conversion_rate")?,
            date_add: element.date("date_add")?,
            date_upd: element.date("date_upd")?,
            rows: rows.collect::<Result<_, _>>()?,
        })
    }
}

/// A line of an order, as the order itself shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderDetailId,
    /// The product.
    pub product_id: ProductId,
    /// The combination, if it was one.
    pub combination_id: Option<CombinationId>,
    /// How many.
    pub quantity: u32,
    /// The name at the time.
    pub name: String,
    /// The reference at the time.
    pub reference: String,
    /// One unit with tax.
    pub unit_price_tax_incl: Decimal,
    /// One unit without tax.
    pub unit_price_tax_excl: Decimal,
}

impl OrderRow {
    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            product_id: element.id("product_id")?,
            combination_id: element.optional_id("product_attribute_id")?,
            quantity: element.number("product_quantity")?,
            name: element.text_or_empty("product_name"),
            reference: element.text_or_empty("product_reference"),
            unit_price_tax_incl: element.decimal("unit_price_tax_incl")?,
            unit_price_tax_excl: element.decimal("unit_price_tax_excl")?,
        })
    }
}

/// As much of an order as a look-up by key needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// The cart it was made from.
    pub cart_id: CartId,
    /// The nine letters the merchant and the buyer see.
    pub reference: String,
    /// The state it is in; `None` if the shop broke off while creating it.
    pub current_state: Option<OrderStateId>,
    /// What was to be paid.
    pub total_paid: Decimal,
}

impl OrderSummary {
    fn query() -> Query {
        Query::fields("id,id_cart,reference,current_state,total_paid")
    }
}

impl Entity for OrderSummary {
    const RESOURCE: Resource = Resource::Orders;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            cart_id: CartId(element.number("id_cart")?),
            reference: element.field("reference")?.to_owned(),
            current_state: element.optional_id("current_state")?,
            total_paid: element.decimal("total_paid")?,
        })
    }
}

/// As much of an order as comparing it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedOrder {
    /// Its id.
    pub id: OrderId,
    /// The state it is in; `None` if the shop broke off while creating it.
    pub current_state: Option<OrderStateId>,
    /// What was to be paid.
    pub total_paid: Decimal,
    /// The key, copied from the cart.
    pub gift_message: String,
}

impl KeyedOrder {
    fn query() -> Query {
        Query::fields("id,current_state,total_paid,gift_message")
    }
}

impl Entity for KeyedOrder {
    const RESOURCE: Resource = Resource::Orders;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            current_state: element.optional_id("current_state")?,
            total_paid: element.decimal("total_paid")?,
            gift_message: element.text_or_empty("gift_message"),
        })
    }
}

/// As much of an order as polling for changes needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChange {
    /// Its id.
    pub id: OrderId,
    /// The state it is in.
    pub current_state: Option<OrderStateId>,
    /// When it was changed last, in the shop's time.
    pub date_upd: Option<NaiveDateTime>,
}

impl OrderChange {
    fn query() -> Query {
        Query::fields("id,current_state,date_upd")
    }
}

impl Entity for OrderChange {
    const RESOURCE: Resource = Resource::Orders;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            current_state: element.optional_id("current_state")?,
            date_upd: element.date("date_upd")?,
        })
    }
}

/// An order to be made from a cart. Only the cart, the module, the text of the payment, the amount paid and the
/// customer are used; the shop checks the form of the rest and then takes the cart's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The cart to turn into an order.
    pub cart: CartId,
    /// The cart's customer; with another the shop fails.
    pub customer: CustomerId,
    /// Where it goes.
    pub delivery_address: AddressId,
    /// Where the bill goes.
    pub invoice_address: AddressId,
    /// The cart's currency.
    pub currency: CurrencyId,
    /// The cart's language.
    pub language: LanguageId,
    /// The cart's carrier; `None` if there is nothing to carry.
    pub carrier: Option<CarrierId>,
    /// The technical name of a payment module that is installed and active in this shop.
    pub module: String,
    /// What the merchant reads as the means of payment, without `<>{}`.
    pub payment: String,
    /// The exact total of the cart. A cent more or less, and the order begins in the payment error state.
    pub total_paid: Decimal,
    /// The lines without tax.
    pub total_products: Decimal,
    /// The lines with tax.
    pub total_products_wt: Decimal,
}

impl NewOrder {
    fn to_element(&self) -> Element {
        Element::new("order")
            .with("id_address_delivery", self.delivery_address)
            .with("id_address_invoice", self.invoice_address)
            .with("id_cart", self.cart)
            .with("id_currency", self.currency)
            .with("id_lang", self.language)
            .with("id_customer", self.customer)
            .with("id_carrier", self.carrier.map_or(0, u64::from))
            .with("module", &self.module)
            .with("payment", &self.payment)
            .with("total_paid", self.total_paid)
            .with("total_paid_real", self.total_paid)
            .with("total_products", self.total_products)
            .with("total_products_wt", self.total_products_wt)
            .with("conversion_rate", "1.000000")
    }
}
