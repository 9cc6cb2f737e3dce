//! The kinds of order that the contract knows, each with a tag that the ground truth repeats.

use super::addresses;

/// What is special about a generated order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One unit of one SKU.
    Plain,
    SeveralUnits,
    SeveralProducts,
    /// Units of one SKU that carry different discounts.
    MixedDiscounts,
    SellerDiscount,
    PlatformDiscount,
    /// Seller and platform discounts on the shipping fee.
    ShippingDiscounts,
    /// A cofunded discount, which excludes the seller's.
    CofundedShipping,
    FreeShipping,
    /// A gift of price 0 beside a paid line.
    GiftLine,
    /// A line with `combined_listing_skus`.
    Bundle,
    /// Free sample: every amount is 0.
    Sample,
    Replacement,
    Exchange,
    PreOrder,
    MadeToOrder,
    BackOrder,
    FulfilledByTiktok,
    /// TikTok's label: the address stays starred.
    TiktokShipping,
    CollectionPoint,
    Unpaid,
    OnHold,
    CancelledUnpaid,
    CancelledOnHold,
    /// Seen first when the buyer already asks to cancel.
    BuyerRequestsCancel,
    /// Seen first when a part is already on its way.
    PartiallyShipped,
    /// Seen first when all is on its way: a poll may skip states.
    InTransit,
    Completed,
    SkuWithSpaces,
    EmptySku,
    UnknownSku,
    AmbiguousSku,
    InactiveProduct,
    OutOfStock,
    /// German deposits that the prices contain.
    PfandIncluded,
    /// German deposits on top of the prices.
    PfandOnTop,
    /// Lines that state the tax which they contain.
    VatCalculation,
    /// Amounts with two decimals always, unlike all others.
    FixedScaleMoney,
    UnknownFields,
    UnknownValues,
    UnknownStatus,
    Nulls,
    OddAddress,
    LongAddress,
    Apostrophes,
    SingleName,
    BuyerMessage,
    ManyUnits,
    /// A delivery to this country.
    Country(&'static str),
}

/// Every shape without those of single countries, with its tag.
const TAGS: &[(Shape, &str)] = &[
    (Shape::Plain, "plain"),
    (Shape::SeveralUnits, "several_units"),
    (Shape::SeveralProducts, "several_products"),
    (Shape::MixedDiscounts, "mixed_discounts"),
    (Shape::SellerDiscount, "seller_discount"),
    (Shape::PlatformDiscount, "platform_discount"),
    (Shape::ShippingDiscounts, "shipping_discounts"),
    (Shape::CofundedShipping, "cofunded_shipping"),
    (Shape::FreeShipping, "free_shipping"),
    (Shape::GiftLine, "gift_line"),
    (Shape::Bundle, "bundle"),
    (Shape::Sample, "sample"),
    (Shape::Replacement, "replacement"),
    (Shape::Exchange, "exchange"),
    (Shape::PreOrder, "pre_order"),
    (Shape::MadeToOrder, "made_to_order"),
    (Shape::BackOrder, "back_order"),
    (Shape::FulfilledByTiktok, "fulfilled_by_tiktok"),
    (Shape::TiktokShipping, "tiktok_shipping"),
    (Shape::CollectionPoint, "collection_point"),
    (Shape::Unpaid, "unpaid"),
    (Shape::OnHold, "on_hold"),
    (Shape::CancelledUnpaid, "cancelled_unpaid"),
    (Shape::CancelledOnHold, "cancelled_on_hold"),
    (Shape::BuyerRequestsCancel, "buyer_requests_cancel"),
    (Shape::PartiallyShipped, "partially_shipped"),
    (Shape::InTransit, "in_transit"),
    (Shape::Completed, "completed"),
    (Shape::SkuWithSpaces, "sku_with_spaces"),
    (Shape::EmptySku, "empty_sku"),
    (Shape::UnknownSku, "unknown_sku"),
    (Shape::AmbiguousSku, "ambiguous_sku"),
    (Shape::InactiveProduct, "inactive_product"),
    (Shape::OutOfStock, "out_of_stock"),
    (Shape::PfandIncluded, "pfand_included"),
    (Shape::PfandOnTop, "pfand_on_top"),
    (Shape::VatCalculation, "vat_calculation"),
    (Shape::FixedScaleMoney, "fixed_scale_money"),
    (Shape::UnknownFields, "unknown_fields"),
    (Shape::UnknownValues, "unknown_values"),
    (Shape::UnknownStatus, "unknown_status"),
    (Shape::Nulls, "nulls"),
    (Shape::OddAddress, "odd_address"),
    (Shape::LongAddress, "long_address"),
    (Shape::Apostrophes, "apostrophes"),
    (Shape::SingleName, "single_name"),
    (Shape::BuyerMessage, "buyer_message"),
    (Shape::ManyUnits, "many_units"),
];

/// The shapes of the mix `plain`: shippable, importable, nothing to stumble over.
const EVERYDAY: &[Shape] = &[
    Shape::Plain,
    Shape::SeveralUnits,
    Shape::SeveralProducts,
    Shape::SellerDiscount,
    Shape::PlatformDiscount,
    Shape::ShippingDiscounts,
    Shape::FreeShipping,
];

impl Shape {
    /// Every shape once.
    pub fn all() -> Vec<Self> {
        let countries = addresses::countries().iter().map(|country| Self::Country(country.code));
        TAGS.iter().map(|(shape, _)| *shape).chain(countries).collect()
    }

    /// The shapes of everyday orders.
    pub fn everyday() -> &'static [Self] {
        EVERYDAY
    }

    /// Whether the order waits for something that time brings: dated back, it would no longer be what it should be.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Unpaid | Self::OnHold | Self::BuyerRequestsCancel)
    }

    /// The name in the ground truth: `gift_line`, `country_DE`.
    pub fn tag(self) -> String {
        match self {
            Self::Country(code) => format!("country_{code}"),
            _ => {
                let entry = TAGS.iter().find(|(shape, _)| *shape == self);
                entry.map(|(_, tag)| (*tag).to_owned()).expect("every shape but the countries has a row")
            }
        }
    }

    /// The shape with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        if let Some(code) = tag.strip_prefix("country_") {
            return addresses::country(code).map(|country| Self::Country(country.code));
        }
        TAGS.iter().find(|(_, name)| *name == tag).map(|(shape, _)| *shape)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tags_and_shapes_name_each_other() {
        let shapes = Shape::all();
        let tags: HashSet<String> = shapes.iter().map(|shape| shape.tag()).collect();

        assert_eq!(tags.len(), shapes.len());
        for shape in shapes {
            assert_eq!(Shape::from_tag(&shape.tag()), Some(shape));
        }
        assert_eq!(Shape::from_tag("country_XX"), None);
    }
}
