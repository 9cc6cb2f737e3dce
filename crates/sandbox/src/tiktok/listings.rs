//! What the shop offers on TikTok Shop: the goods of the demo catalogue under TikTok's ids.

use rand::RngExt;
use rand::rngs::StdRng;
use rust_decimal::{Decimal, RoundingStrategy};

use super::order::Listing;
use crate::catalogue::{self, CatalogueItem};

const FIRST_PRODUCT_ID: u64 = 1_729_582_718_312_380_000;
const FIRST_SKU_ID: u64 = 2_729_382_476_852_921_000;

/// An offer with its price.
#[derive(Debug, Clone)]
pub struct Offer {
    pub listing: Listing,
    /// What a buyer sees: tax included in Europe, before tax in the United States.
    pub price: Decimal,
    /// The tax rate of the goods in percent.
    pub tax_percent: Decimal,
}

/// The offer of a catalogue item in a market.
pub fn offer(sku: &str, market: &str) -> Option<Offer> {
    let index = catalogue::items().iter().position(|item| item.sku == sku)?;
    Some(offer_at(index, market))
}

/// An offer of goods that the store sells and has.
pub fn everyday_offer(market: &str, random: &mut StdRng) -> Offer {
    let special = [catalogue::AMBIGUOUS_SKU, catalogue::BUNDLE_SKU];
    let indices: Vec<usize> = catalogue::items()
        .iter()
        .enumerate()
        .filter(|(_, item)| item.active && item.stock > 0 && !special.contains(&item.sku))
        .map(|(index, _)| index)
        .collect();
    offer_at(indices[random.random_range(0..indices.len())], market)
}

fn offer_at(index: usize, market: &str) -> Offer {
    let item = &catalogue::items()[index];
    let price = if market == "US" {
        item.net_price_eur().round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
    } else {
        item.price_eur
    };
    Offer { listing: listing_of(item, index), price, tax_percent: item.tax.french_rate() }
}

fn listing_of(item: &CatalogueItem, index: usize) -> Listing {
    let product = catalogue::items().iter().position(|other| other.product == item.product).unwrap_or(index);
    let options: Vec<&str> = item.attributes.iter().map(|(_, value)| *value).collect();
    Listing {
        product_id: (FIRST_PRODUCT_ID + product as u64).to_string(),
        product_name: item.name.to_owned(),
        sku_id: (FIRST_SKU_ID + index as u64).to_string(),
        sku_name: if options.is_empty() { "Default".to_owned() } else { options.join(", ") },
        seller_sku: item.sku.to_owned(),
    }
}
