//! Orders on demand: random ones by seed and mix, or one whose shape is spelled out.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::addresses;
use super::generator::{self, Start};
use super::listings::{self, Offer};
use super::order::{BundleForm, Listing, Obstacle, OnTop, Order, Payment, Shipping};
use super::recipient::Recipient;
use super::shapes::Shape;
use super::world::{Arrival, World};

/// How many orders one request may place.
const MOST_ORDERS: usize = 100_000;

/// Which orders are placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// Everyday orders that can be imported.
    #[default]
    Plain,
    /// Every shape at least once if there are enough orders, then mostly everyday ones.
    All,
}

/// The body of `POST /control/orders`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlaceRequest {
    pub count: usize,
    /// The same seed gives the same orders, ids and times aside; `null` takes one from the server's own randomness.
    pub seed: Option<u64>,
    pub mix: Mix,
    /// Only these, in turn, instead of the mix.
    pub shapes: Vec<String>,
    /// `null` for the first shop.
    pub shop_id: Option<String>,
    /// `null` for the currency of the shop.
    pub currency: Option<String>,
    /// The first state of orders whose shape has no will of its own.
    pub start: Start,
    /// Spreads the orders evenly over this many seconds before now, except those that wait for something.
    pub spread_seconds: i64,
    /// Lets the orders arrive one by one over this many seconds from now.
    pub over_seconds: i64,
    /// One order, spelled out; `count`, `mix` and `shapes` are then without effect.
    pub order: Option<ExplicitOrder>,
}

impl Default for PlaceRequest {
    fn default() -> Self {
        Self {
            count: 1,
            seed: None,
            mix: Mix::Plain,
            shapes: Vec::new(),
            shop_id: None,
            currency: None,
            start: Start::Shippable,
            spread_seconds: 0,
            over_seconds: 0,
            order: None,
        }
    }
}

/// An order that starts as its shape and is then changed as said. Amounts are texts: `"12.50"`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplicitOrder {
    /// `plain` when left out.
    pub shape: Option<String>,
    /// The id to give; a new one when left out.
    pub id: Option<String>,
    /// Invents an address there.
    pub country: Option<String>,
    pub recipient: Option<Recipient>,
    pub lines: Vec<ExplicitLine>,
    pub shipping_fee: Option<Decimal>,
    pub shipping_seller_discount: Option<Decimal>,
    pub shipping_platform_discount: Option<Decimal>,
    pub buyer_message: Option<String>,
    pub order_type: Option<String>,
    pub delivery_type: Option<String>,
    pub shipped_by_tiktok: Option<bool>,
    pub fulfilled_by_tiktok: Option<bool>,
    pub is_sample: Option<bool>,
    /// Why it is not expected to be imported.
    pub obstacle: Option<Obstacle>,
}

/// So many units of one SKU at one price.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplicitLine {
    pub seller_sku: String,
    #[serde(default = "one")]
    pub quantity: u32,
    /// Per unit; the catalogue's price when left out.
    #[serde(default)]
    pub price: Option<Decimal>,
    #[serde(default)]
    pub seller_discount: Decimal,
    #[serde(default)]
    pub platform_discount: Decimal,
    #[serde(default)]
    pub is_gift: bool,
    #[serde(default)]
    pub product_name: Option<String>,
    /// What a virtual bundle consists of; nothing else has parts.
    #[serde(default)]
    pub parts: Vec<ExplicitPart>,
    #[serde(default)]
    pub bundle_form: BundleForm,
}

/// So many pieces of one SKU in one unit of a bundle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplicitPart {
    /// May be empty, as the merchant may have given none.
    pub seller_sku: String,
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

impl World {
    /// Places what the request asks for and answers the ids; orders that arrive later have none yet.
    ///
    /// # Errors
    /// Says what does not fit.
    pub fn place_requested(&mut self, request: &PlaceRequest, now: i64) -> Result<Vec<String>, String> {
        if request.count > MOST_ORDERS {
            return Err(format!("count must not exceed {MOST_ORDERS}"));
        }
        if request.spread_seconds < 0 || request.over_seconds < 0 {
            return Err("spread_seconds and over_seconds must not be negative".to_owned());
        }
        let shop_id = match &request.shop_id {
            Some(id) => self.shop(id).map(|shop| shop.id.clone()).ok_or("no shop has this shop_id")?,
            None => self.shops.first().map(|shop| shop.id.clone()).ok_or("there is no shop")?,
        };
        let seed = request.seed.unwrap_or_else(|| self.random.random());
        let arrival = |shape: Shape, index: usize| Arrival {
            shape,
            shop_id: shop_id.clone(),
            currency: request.currency.clone(),
            start: request.start,
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index as u64),
        };
        if let Some(explicit) = &request.order {
            let shape = shape_of(explicit.shape.as_deref().unwrap_or("plain"))?;
            return self.place_explicit(explicit, &arrival(shape, 0), now).map(|id| vec![id]);
        }
        let shapes = chosen_shapes(request, seed)?;
        let last = shapes.len().saturating_sub(1).max(1);
        let mut ids = Vec::with_capacity(shapes.len());
        for (index, shape) in shapes.iter().enumerate() {
            let share =
                |seconds: i64| seconds * i64::try_from(index).unwrap_or(0) / i64::try_from(last).unwrap_or(1);
            if request.over_seconds > 0 {
                self.schedule_arrival(arrival(*shape, index), now + share(request.over_seconds));
            } else {
                let spread = if shape.is_waiting() { 0 } else { request.spread_seconds };
                let at = now - spread + share(spread);
                ids.extend(self.place_new(&arrival(*shape, index), at));
            }
        }
        self.advance(now);
        Ok(ids)
    }

    /// Places one order of the mix, as happens by itself.
    pub fn place_one(&mut self, mix: Mix, start: Start, now: i64) {
        let shop = self.random.random_range(0..self.shops.len().max(1));
        let Some(shop_id) = self.shops.get(shop).map(|shop| shop.id.clone()) else { return };
        let shape = random_shape(mix, &mut self.random);
        let seed = self.random.random();
        self.place_new(&Arrival { shape, shop_id, currency: None, start, seed }, now);
    }

    fn place_explicit(
        &mut self,
        explicit: &ExplicitOrder,
        arrival: &Arrival,
        now: i64,
    ) -> Result<String, String> {
        let mut order = self.invent(arrival, now).ok_or("there is no such shop")?;
        if let Some(id) = &explicit.id {
            if self.orders.contains_key(id) {
                return Err("an order with this id exists".to_owned());
            }
            order.id.clone_from(id);
        }
        if let Some(code) = &explicit.country {
            let country = addresses::country(code).ok_or("no such country")?;
            order.recipient = addresses::invent(country, &mut StdRng::seed_from_u64(arrival.seed));
        }
        if let Some(recipient) = &explicit.recipient {
            order.recipient = recipient.clone();
        }
        self.replace_lines(&mut order, explicit);
        replace_kind(&mut order, explicit);
        let id = self.place(order);
        self.carry_on(&id, arrival.shape, now);
        Ok(id)
    }

    fn replace_lines(&mut self, order: &mut Order, explicit: &ExplicitOrder) {
        let package_id = order.packages.first().map(|package| package.id.clone());
        if !explicit.lines.is_empty() {
            order.lines.clear();
        }
        for row in &explicit.lines {
            let offer = offer_of(row, &order.market);
            for _ in 0..row.quantity {
                let mut line = generator::new_line(&offer, &mut self.mint);
                line.seller_discount = row.seller_discount;
                line.platform_discount = row.platform_discount;
                line.is_gift = row.is_gift;
                line.bundle_form = row.bundle_form;
                line.parts =
                    row.parts.iter().map(|part| (listing_of(part, &order.market), part.count)).collect();
                line.package_id.clone_from(&package_id);
                order.lines.push(line);
            }
        }
        if let Some(package) = order.packages.first_mut() {
            package.line_ids = order.lines.iter().map(|line| line.id.clone()).collect();
        }
        let old = &order.payment;
        let shipping = Shipping {
            original_fee: explicit.shipping_fee.unwrap_or(old.shipping.original_fee),
            seller_discount: explicit.shipping_seller_discount.unwrap_or(old.shipping.seller_discount),
            platform_discount: explicit.shipping_platform_discount.unwrap_or(old.shipping.platform_discount),
            cofunded_discount: old.shipping.cofunded_discount,
        };
        let on_top = OnTop {
            shipping_fee_tax: old.shipping_fee_tax,
            retail_delivery_fee: old.retail_delivery_fee,
            line_taxes: !old.product_tax.is_zero(),
            deposits: order.shape == Shape::PfandOnTop.tag(),
        };
        order.payment = Payment::of(&old.currency, order.lines.iter(), shipping, &on_top);
    }
}

fn replace_kind(order: &mut Order, explicit: &ExplicitOrder) {
    let kind = &mut order.kind;
    kind.shipped_by_tiktok = explicit.shipped_by_tiktok.unwrap_or(kind.shipped_by_tiktok);
    kind.fulfilled_by_tiktok = explicit.fulfilled_by_tiktok.unwrap_or(kind.fulfilled_by_tiktok);
    kind.is_sample = explicit.is_sample.unwrap_or(kind.is_sample);
    if let Some(order_type) = &explicit.order_type {
        kind.order_type.clone_from(order_type);
    }
    if let Some(delivery_type) = &explicit.delivery_type {
        kind.delivery_type.clone_from(delivery_type);
    }
    if let Some(message) = &explicit.buyer_message {
        order.buyer.message.clone_from(message);
    }
    order.obstacle = explicit.obstacle.or(order.obstacle);
}

fn offer_of(row: &ExplicitLine, market: &str) -> Offer {
    let mut offer = offer_named(&row.seller_sku, market);
    if let Some(name) = &row.product_name {
        offer.listing.product_name.clone_from(name);
    }
    offer.price = row.price.unwrap_or(offer.price);
    offer
}

fn listing_of(part: &ExplicitPart, market: &str) -> Listing {
    offer_named(&part.seller_sku, market).listing
}

/// What is offered under this SKU, or something that the catalogue does not have.
fn offer_named(seller_sku: &str, market: &str) -> Offer {
    let known = listings::offer(seller_sku.trim(), market);
    let mut offer = known.unwrap_or_else(|| Offer {
        listing: Listing {
            product_id: "1729999999999999999".to_owned(),
            product_name: "Unlisted product".to_owned(),
            sku_id: "2729999999999999999".to_owned(),
            sku_name: "Default".to_owned(),
            seller_sku: String::new(),
        },
        price: Decimal::TEN,
        tax_percent: Decimal::from(20),
    });
    seller_sku.clone_into(&mut offer.listing.seller_sku);
    offer
}

fn shape_of(tag: &str) -> Result<Shape, String> {
    Shape::from_tag(tag).ok_or_else(|| format!("no shape is called {tag:?}"))
}

fn chosen_shapes(request: &PlaceRequest, seed: u64) -> Result<Vec<Shape>, String> {
    let mut random = StdRng::seed_from_u64(seed);
    if !request.shapes.is_empty() {
        let shapes = request.shapes.iter().map(|tag| shape_of(tag)).collect::<Result<Vec<_>, _>>()?;
        return Ok((0..request.count.max(shapes.len())).map(|index| shapes[index % shapes.len()]).collect());
    }
    let mut shapes: Vec<Shape> = match request.mix {
        Mix::All if request.count >= Shape::all().len() => Shape::all(),
        Mix::All | Mix::Plain => Vec::new(),
    };
    while shapes.len() < request.count {
        shapes.push(random_shape(request.mix, &mut random));
    }
    shapes.shuffle(&mut random);
    Ok(shapes)
}

/// Of the mix `all`, two in five orders are special.
fn random_shape(mix: Mix, random: &mut StdRng) -> Shape {
    let special = mix == Mix::All && random.random_bool(0.4);
    let from = if special { Shape::all() } else { Shape::everyday().to_vec() };
    *from.choose(random).expect("both lists hold shapes")
}
