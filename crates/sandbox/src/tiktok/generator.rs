//! Invents orders: a pure function of the shape, the scene, the seed and the ids handed out.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;

use super::addresses::{self, Country};
use super::ids::{Kind, Mint};
use super::lifecycle;
use super::listings::{self, Offer};
use super::money::{Style, cents, percent_of};
use super::order::{
    BundleForm, Buyer, Deadlines, Line, LineState, Obstacle, OnTop, Order, OrderKind, Payment, Quirks,
    Shipping, Status, Times,
};
use super::recipient::Recipient;
use super::shapes::Shape;
use super::switches::Life;
use crate::catalogue;

/// Where and when orders are placed.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    pub shop_id: &'a str,
    /// Region of the shop.
    pub market: &'a str,
    /// Currency of the shop.
    pub currency: &'a str,
    /// Business time in unix seconds at which the order reaches its first visible state.
    pub at: i64,
    pub life: &'a Life,
    /// Whether packages exist from payment on, as outside the United States and the United Kingdom.
    pub packages_from_payment: bool,
    /// The state in which shapes without a will of their own appear.
    pub start: Start,
}

/// The first visible state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Paid, the hold just over.
    #[default]
    Shippable,
    /// Just paid, the hold beginning.
    Held,
    /// Just placed.
    Unpaid,
}

/// Invents one order of the shape.
pub fn generate(shape: Shape, scene: &Scene<'_>, random: &mut StdRng, mint: &mut Mint) -> Order {
    let country = country_of(shape, scene, random);
    let basket = basket_of(shape, scene, country, random, mint);
    let start = match shape {
        Shape::Unpaid | Shape::CancelledUnpaid => Start::Unpaid,
        Shape::OnHold | Shape::CancelledOnHold if scene.life.hold_s > 0 => Start::Held,
        Shape::BuyerRequestsCancel
        | Shape::PartiallyShipped
        | Shape::InTransit
        | Shape::Completed
        | Shape::UnknownStatus => Start::Shippable,
        _ => scene.start,
    };
    let user_id = mint.next(Kind::Buyer);
    let mut order = Order {
        id: mint.next(Kind::Order),
        shop_id: scene.shop_id.to_owned(),
        market: scene.market.to_owned(),
        shape: shape.tag(),
        status: Status::Unpaid,
        times: times_of(start, scene),
        deadlines: Deadlines::default(),
        kind: kind_of(shape, scene, mint),
        is_on_hold_order: scene.life.hold_s > 0,
        is_buyer_request_cancel: false,
        has_updated_recipient_address: false,
        was_shippable: false,
        buyer: buyer_of(shape, user_id, random),
        recipient: recipient_of(shape, country, random),
        payment: Payment::of(scene.currency, basket.lines.iter(), basket.shipping, &basket.on_top),
        lines: basket.lines,
        packages: Vec::new(),
        ended_by: None,
        quirks: quirks_of(shape),
        external_orders: Vec::new(),
        tracking: Vec::new(),
        shipping_corrections: 0,
        obstacle: obstacle_of(shape),
    };
    if scene.life.payment_s > 0 {
        order.deadlines.payment = order.times.create + scene.life.payment_s;
    }
    if start != Start::Unpaid && scene.packages_from_payment {
        lifecycle::open_package(&mut order, mint, scene.at);
    }
    match start {
        Start::Unpaid => {}
        Start::Held if scene.life.hold_s > 0 => order.status = Status::OnHold,
        Start::Held | Start::Shippable => lifecycle::release(&mut order, scene.at),
    }
    if shape == Shape::UnknownStatus {
        order.status = Status::AwaitingInspection;
    }
    order
}

/// The units of an order and what is charged beside them.
struct Basket {
    lines: Vec<Line>,
    shipping: Shipping,
    on_top: OnTop,
}

fn basket_of(
    shape: Shape,
    scene: &Scene<'_>,
    country: &Country,
    random: &mut StdRng,
    mint: &mut Mint,
) -> Basket {
    // American prices come without tax, wherever the shop is: the tax follows the buyer.
    let price_market = if country.code == "US" { "US" } else { scene.market };
    let offers = |count: usize, random: &mut StdRng| -> Vec<Offer> {
        (0..count).map(|_| listings::everyday_offer(price_market, random)).collect()
    };
    let named =
        |sku: &str| listings::offer(sku, price_market).expect("the catalogue holds its special items");
    let mut basket = Basket {
        lines: Vec::new(),
        shipping: Shipping { original_fee: cents(*random_fee(random)), ..Shipping::default() },
        on_top: OnTop::default(),
    };
    let units: Vec<(Offer, usize)> = match shape {
        Shape::SeveralUnits | Shape::MixedDiscounts => {
            vec![(offers(1, random).remove(0), random.random_range(3..=5))]
        }
        Shape::SeveralProducts => {
            let count = random.random_range(2..=4);
            offers(count, random).into_iter().map(|offer| (offer, random.random_range(1..=3))).collect()
        }
        Shape::PartiallyShipped => offers(2, random).into_iter().map(|offer| (offer, 2)).collect(),
        Shape::GiftLine => offers(2, random).into_iter().map(|offer| (offer, 1)).collect(),
        Shape::ManyUnits => offers(3, random).into_iter().map(|offer| (offer, 14)).collect(),
        Shape::Bundle => vec![(named(catalogue::BUNDLE_SKU), random.random_range(1..=2))],
        Shape::AmbiguousSku => vec![(named(catalogue::AMBIGUOUS_SKU), 1)],
        Shape::InactiveProduct => vec![(named(catalogue::INACTIVE_SKU), 1)],
        Shape::OutOfStock => vec![(named(catalogue::OUT_OF_STOCK_SKU), 1)],
        Shape::Plain | Shape::EmptySku | Shape::UnknownSku | Shape::Sample | Shape::Replacement => {
            offers(1, random).into_iter().map(|offer| (offer, 1)).collect()
        }
        _ => {
            let count = random.random_range(1..=2);
            offers(count, random).into_iter().map(|offer| (offer, random.random_range(1..=2))).collect()
        }
    };
    for (offer, count) in &units {
        basket.lines.extend((0..*count).map(|_| new_line(offer, mint)));
    }
    decorate(shape, country, &units[0].0, &mut basket, random);
    basket
}

/// Applies what is special about the shape to the amounts and lines.
fn decorate(shape: Shape, country: &Country, first: &Offer, basket: &mut Basket, random: &mut StdRng) {
    let fee = basket.shipping.original_fee;
    match shape {
        Shape::MixedDiscounts => {
            for (index, line) in basket.lines.iter_mut().enumerate() {
                let (seller, platform) = [(10, 5), (10, 5), (0, 15), (20, 0), (0, 0)][index % 5];
                discount(line, seller, platform);
            }
        }
        Shape::SellerDiscount => basket.lines.iter_mut().for_each(|line| discount(line, 15, 0)),
        Shape::PlatformDiscount => basket.lines.iter_mut().for_each(|line| discount(line, 0, 12)),
        Shape::SeveralProducts | Shape::ManyUnits => {
            let (seller, platform) = (random.random_range(0..20), random.random_range(0..20));
            basket.lines.iter_mut().for_each(|line| discount(line, seller, platform));
        }
        Shape::ShippingDiscounts => {
            basket.shipping.original_fee = cents(599);
            basket.shipping.seller_discount = cents(100);
            basket.shipping.platform_discount = cents(200);
        }
        Shape::CofundedShipping => {
            basket.shipping.original_fee = cents(599);
            basket.shipping.platform_discount = cents(150);
            basket.shipping.cofunded_discount = cents(125);
        }
        Shape::FreeShipping => basket.shipping.platform_discount = fee,
        Shape::GiftLine => {
            let gift = basket.lines.last_mut().expect("the basket holds a paid line and a gift");
            gift.gift_retail_price = Some(gift.original_price);
            gift.original_price = Decimal::ZERO;
            gift.is_gift = true;
        }
        Shape::Bundle => {
            let parts: Vec<_> = catalogue::BUNDLE_PARTS
                .iter()
                .filter_map(|(sku, count)| Some((listings::offer(sku, "FR")?.listing, *count)))
                .collect();
            basket.lines.iter_mut().for_each(|line| line.parts.clone_from(&parts));
        }
        Shape::Sample | Shape::Replacement | Shape::Exchange => {
            basket.lines.iter_mut().for_each(|line| line.original_price = Decimal::ZERO);
            basket.shipping = Shipping::default();
        }
        Shape::SkuWithSpaces => {
            basket.lines.iter_mut().for_each(|line| line.listing.seller_sku.push_str("  \n"))
        }
        Shape::EmptySku => basket.lines.iter_mut().for_each(|line| line.listing.seller_sku.clear()),
        Shape::UnknownSku => {
            basket
                .lines
                .iter_mut()
                .for_each(|line| line.listing.seller_sku = catalogue::UNKNOWN_SKU.to_owned());
        }
        Shape::PfandIncluded | Shape::PfandOnTop => {
            basket.lines.iter_mut().for_each(|line| line.pfand_fee = Some(cents(25)));
            basket.on_top.deposits = shape == Shape::PfandOnTop;
        }
        Shape::VatCalculation => state_included_tax(first.tax_percent, basket),
        _ => {}
    }
    if country.code == "US" && !matches!(shape, Shape::Sample | Shape::Replacement | Shape::Exchange) {
        add_sales_tax(basket, random);
    }
}

/// European VAT: stated per line, contained in the prices.
fn state_included_tax(percent: Decimal, basket: &mut Basket) {
    let contained =
        |gross: Decimal| percent_of(gross, percent * Decimal::ONE_HUNDRED / (Decimal::ONE_HUNDRED + percent));
    let rate = percent / Decimal::ONE_HUNDRED;
    let shipping_fee = basket.shipping.original_fee;
    for (index, line) in basket.lines.iter_mut().enumerate() {
        line.item_tax = Some(("VAT", contained(line.sale_price()), rate));
        let share = if index == 0 { contained(shipping_fee) } else { Decimal::ZERO };
        line.shipping_vat = Some((share, rate));
    }
}

/// American sales tax: on top of prices and delivery.
fn add_sales_tax(basket: &mut Basket, random: &mut StdRng) {
    let percent = [Decimal::new(825, 2), Decimal::new(725, 2), Decimal::new(8_875, 3)]
        .choose(random)
        .copied()
        .expect("three rates");
    for line in &mut basket.lines {
        let amount = percent_of(line.sale_price(), percent);
        line.item_tax = Some(("SALES_TAX", amount, percent / Decimal::ONE_HUNDRED));
    }
    basket.on_top.line_taxes = true;
    let paid_fee = basket.shipping.original_fee
        - basket.shipping.seller_discount
        - basket.shipping.platform_discount
        - basket.shipping.cofunded_discount;
    basket.on_top.shipping_fee_tax = percent_of(paid_fee, percent);
    if random.random_bool(0.3) {
        basket.on_top.retail_delivery_fee = cents(29);
    }
}

fn random_fee(random: &mut StdRng) -> &'static i64 {
    [499, 299, 390, 0, 500].choose(random).expect("five fees")
}

fn discount(line: &mut Line, seller_percent: i64, platform_percent: i64) {
    line.seller_discount = percent_of(line.original_price, Decimal::from(seller_percent));
    line.platform_discount = percent_of(line.original_price, Decimal::from(platform_percent));
}

/// One unit of the offer at its full price.
pub fn new_line(offer: &Offer, mint: &mut Mint) -> Line {
    Line {
        id: mint.next(Kind::LineItem),
        listing: offer.listing.clone(),
        original_price: offer.price,
        seller_discount: Decimal::ZERO,
        platform_discount: Decimal::ZERO,
        item_tax: None,
        is_gift: false,
        gift_retail_price: None,
        parts: Vec::new(),
        bundle_form: BundleForm::default(),
        pfand_fee: None,
        shipping_vat: None,
        state: LineState::Unshipped,
        package_id: None,
        shipped_time: 0,
        cancelled_by: None,
    }
}

fn times_of(start: Start, scene: &Scene<'_>) -> Times {
    let hold = scene.life.hold_s;
    let (create, paid, hold_until) = match start {
        Start::Unpaid => (scene.at, 0, 0),
        Start::Held => (scene.at - 60, scene.at, scene.at + hold),
        Start::Shippable => (scene.at - hold - 60, scene.at - hold, scene.at),
    };
    Times { create, paid, update: scene.at, hold_until, ..Times::default() }
}

fn country_of(shape: Shape, scene: &Scene<'_>, random: &mut StdRng) -> &'static Country {
    let code = match shape {
        Shape::Country(code) => code,
        Shape::PfandIncluded | Shape::PfandOnTop => "DE",
        _ if matches!(scene.market, "GB" | "US") => scene.market,
        // Most buyers live in the five large markets of the EU.
        _ => ["FR", "FR", "DE", "DE", "IT", "ES", "ES", "IE", "NL", "BE", "AT", "PL"]
            .choose(random)
            .expect("twelve countries"),
    };
    addresses::country(code).expect("the table holds every country named here")
}

fn recipient_of(shape: Shape, country: &Country, random: &mut StdRng) -> Recipient {
    let mut recipient = addresses::invent(country, random);
    match shape {
        Shape::OddAddress => {
            recipient.first_name = "Lucie2".to_owned();
            recipient.last_name = "Martin (mairie) #7 <3".to_owned();
            recipient.address_lines[0] = "12 = rue {des} Tests; bât. \"C\" & esc. 4 %".to_owned();
            recipient.address_lines[1] = "Code portail : 12A*45 ☎ 🏠".to_owned();
        }
        Shape::LongAddress => {
            recipient.last_name =
                "de la Rochefoucauld-Montbazon de Saint-Hilaire-du-Harcouët d'Aubigné".to_owned();
            recipient.address_lines[0] =
                "Résidence universitaire Les Jardins de la Grande Bibliothèque municipale, bâtiment Marguerite \
                 Yourcenar, escalier 12, porte gauche, 1234 bis avenue du Maréchal de Lattre de Tassigny"
                    .to_owned();
            recipient.address_lines[1] = "À l'attention du gardien de nuit, ".repeat(5);
        }
        Shape::Apostrophes => {
            recipient.first_name = "D’Arcy".to_owned();
            recipient.last_name = "O'Brien-L'Hermite".to_owned();
            recipient.address_lines[0] = "3, allée de l'Île d'Yeu".to_owned();
        }
        Shape::SingleName => {
            recipient.first_name = "Madonna".to_owned();
            recipient.last_name = String::new();
        }
        Shape::CollectionPoint => {
            recipient.address_lines[1] = "Point relais: Tabac de la Gare".to_owned();
        }
        _ => {}
    }
    recipient.name = format!("{} {}", recipient.first_name, recipient.last_name).trim().to_owned();
    recipient
}

fn buyer_of(shape: Shape, user_id: String, random: &mut StdRng) -> Buyer {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let local_part: String =
        (0..10).map(|_| char::from(*SIGNS.choose(random).expect("signs to choose from"))).collect();
    let message = match shape {
        Shape::BuyerMessage => {
            "Merci de ne pas sonner 🙏\nLaisser chez la voisine (2e étage) — \"Mme Ó Briain\"\n"
        }
        _ => "",
    };
    Buyer {
        nickname: format!("user{}", &user_id[user_id.len() - 6..]),
        email: format!("v4b{local_part}@scs2.tiktok.com"),
        user_id,
        message: message.to_owned(),
    }
}

fn kind_of(shape: Shape, scene: &Scene<'_>, mint: &mut Mint) -> OrderKind {
    let order_type = match shape {
        Shape::PreOrder => "PRE_ORDER",
        Shape::MadeToOrder => "MADE_TO_ORDER",
        Shape::BackOrder => "BACK_ORDER",
        _ => "NORMAL",
    };
    OrderKind {
        order_type: order_type.to_owned(),
        fulfilled_by_tiktok: shape == Shape::FulfilledByTiktok,
        shipped_by_tiktok: matches!(shape, Shape::FulfilledByTiktok | Shape::TiktokShipping),
        delivery_type: match shape {
            Shape::CollectionPoint => "COLLECTION_POINT".to_owned(),
            _ => "HOME_DELIVERY".to_owned(),
        },
        is_sample: shape == Shape::Sample,
        replaces: (shape == Shape::Replacement).then(|| mint.next(Kind::Order)),
        exchanged_for: (shape == Shape::Exchange).then(|| mint.next(Kind::Order)),
        release_date: (shape == Shape::PreOrder).then_some(scene.at + 14 * 86_400),
        handling_duration: match shape {
            Shape::MadeToOrder => Some((7, "BUSINESS_DAY")),
            Shape::BackOrder => Some((10, "CALENDAR_DAY")),
            _ => None,
        },
    }
}

fn quirks_of(shape: Shape) -> Quirks {
    Quirks {
        unknown_fields: shape == Shape::UnknownFields,
        unknown_values: shape == Shape::UnknownValues,
        nulls: shape == Shape::Nulls,
        money: if shape == Shape::FixedScaleMoney { Style::TwoPlaces } else { Style::Shortest },
        ..Quirks::default()
    }
}

fn obstacle_of(shape: Shape) -> Option<Obstacle> {
    match shape {
        Shape::EmptySku => Some(Obstacle::EmptySku),
        Shape::UnknownSku => Some(Obstacle::UnknownSku),
        Shape::AmbiguousSku => Some(Obstacle::AmbiguousSku),
        Shape::InactiveProduct => Some(Obstacle::InactiveProduct),
        Shape::OutOfStock => Some(Obstacle::OutOfStock),
        Shape::FulfilledByTiktok => Some(Obstacle::FulfilledByTiktok),
        Shape::UnknownStatus => Some(Obstacle::UnknownStatus),
        _ => None,
    }
}
