//! The invented goods of the demo: the store sandbox holds them, the TikTok sandbox sells them.

use std::sync::LazyLock;

use rust_decimal::Decimal;

/// Two products of the store carry this reference, so that nobody can tell which one is meant.
pub const AMBIGUOUS_SKU: &str = "TEA-TWIN-1";
/// The store knows this product but has switched it off.
pub const INACTIVE_SKU: &str = "LAMP-RETRO-0";
/// The store has none of this product left and denies back orders.
pub const OUT_OF_STOCK_SKU: &str = "CLOCK-OAK-1";
/// A pack of the store, sold as one item; see [`BUNDLE_PARTS`].
pub const BUNDLE_SKU: &str = "SET-BREAKFAST";
/// What one [`BUNDLE_SKU`] holds: SKU and pieces.
pub const BUNDLE_PARTS: [(&str, u32); 3] = [("MUG-STONE-BLU", 2), ("TEA-MINT-100", 1), ("BOARD-OLIVE-S", 1)];
/// Sold on TikTok Shop only: the store has never heard of it.
pub const UNKNOWN_SKU: &str = "NOT-IN-STORE-1";

/// How a country taxes the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaxClass {
    /// The country's standard rate.
    Standard,
    /// The country's reduced rate, as for food.
    Reduced,
    /// The country's rate for books.
    Books,
}

impl TaxClass {
    /// The French rate in percent, which is contained in [`CatalogueItem::price_eur`].
    #[must_use]
    pub fn french_rate(self) -> Decimal {
        match self {
            Self::Standard => Decimal::from(20),
            Self::Reduced | Self::Books => Decimal::new(55, 1),
        }
    }
}

/// One thing that can be bought: a product, or one combination of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueItem {
    /// Reference in the store and seller SKU on TikTok Shop.
    pub sku: &'static str,
    /// Reference of the product that the item belongs to; equal to `sku` for a product without combinations.
    pub product: &'static str,
    /// Name of the product, the same for all of its combinations.
    pub name: &'static str,
    /// Attributes of the combination as (group, value), such as (`Size`, `M`); empty for a plain product.
    pub attributes: &'static [(&'static str, &'static str)],
    /// What a French buyer pays for one piece, tax included, in euro with two decimals.
    pub price_eur: Decimal,
    /// Which rate a country takes.
    pub tax: TaxClass,
    /// Weight of one piece in gram.
    pub weight_g: u32,
    /// Pieces that the store starts with.
    pub stock: u32,
    /// Whether the store sells it.
    pub active: bool,
}

impl CatalogueItem {
    /// The name with its attributes, as a buyer sees it: `Linen shirt (Size: M, Colour: Sand)`.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.attributes.is_empty() {
            return self.name.to_owned();
        }
        let attributes: Vec<String> =
            self.attributes.iter().map(|(group, value)| format!("{group}: {value}")).collect();
        format!("{} ({})", self.name, attributes.join(", "))
    }

    /// The price without French tax, with the six decimals that the store keeps.
    #[must_use]
    pub fn net_price_eur(&self) -> Decimal {
        let gross_factor = Decimal::ONE + self.tax.french_rate() / Decimal::ONE_HUNDRED;
        (self.price_eur / gross_factor).round_dp(6)
    }
}

/// All items, unique by SKU, combinations of one product side by side.
#[must_use]
pub fn items() -> &'static [CatalogueItem] {
    static ITEMS: LazyLock<Vec<CatalogueItem>> = LazyLock::new(all_items);
    &ITEMS
}

/// The item with this SKU.
#[must_use]
pub fn item(sku: &str) -> Option<&'static CatalogueItem> {
    items().iter().find(|item| item.sku == sku)
}

const STANDARD: TaxClass = TaxClass::Standard;
const REDUCED: TaxClass = TaxClass::Reduced;
const BOOKS: TaxClass = TaxClass::Books;

/// SKU, product, name, attributes, price in cents, tax class, weight in gram.
type Row =
    (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], i64, TaxClass, u32);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("SHIRT-LIN-S-SAND", "SHIRT-LIN", "Linen shirt", &[("Size", "S"), ("Colour", "Sand")], 3990, STANDARD, 240),
    ("SHIRT-LIN-M-SAND", "SHIRT-LIN", "Linen shirt", &[("Size", "M"), ("Colour", "Sand")], 3990, STANDARD, 250),
    ("SHIRT-LIN-L-SAND", "SHIRT-LIN", "Linen shirt", &[("Size", "L"), ("Colour", "Sand")], 4290, STANDARD, 260),
    ("SHIRT-LIN-S-NAVY", "SHIRT-LIN", "Linen shirt", &[("Size", "S"), ("Colour", "Navy")], 3990, STANDARD, 240),
    ("SHIRT-LIN-M-NAVY", "SHIRT-LIN", "Linen shirt", &[("Size", "M"), ("Colour", "Navy")], 3990, STANDARD, 250),
    ("SHIRT-LIN-L-NAVY", "SHIRT-LIN", "Linen shirt", &[("Size", "L"), ("Colour", "Navy")], 4290, STANDARD, 260),
    ("SOCK-MER-36", "SOCK-MER", "Merino socks", &[("Size", "36-39")], 1295, STANDARD, 60),
    ("SOCK-MER-40", "SOCK-MER", "Merino socks", &[("Size", "40-43")], 1295, STANDARD, 65),
    ("SOCK-MER-44", "SOCK-MER", "Merino socks", &[("Size", "44-47")], 1345, STANDARD, 70),
    ("MUG-STONE-BLU", "MUG-STONE", "Stoneware mug", &[("Colour", "Blue")], 1450, STANDARD, 380),
    ("MUG-STONE-GRN", "MUG-STONE", "Stoneware mug", &[("Colour", "Green")], 1450, STANDARD, 380),
    ("MUG-STONE-WHT", "MUG-STONE", "Stoneware mug", &[("Colour", "White")], 1399, STANDARD, 380),
    ("BOARD-OLIVE-S", "BOARD-OLIVE-S", "Olive wood board, small", &[], 1999, STANDARD, 600),
    ("BOARD-OLIVE-L", "BOARD-OLIVE-L", "Olive wood board, large", &[], 3499, STANDARD, 1400),
    ("TEA-MINT-100", "TEA-MINT-100", "Mint tea, 100 g", &[], 749, REDUCED, 120),
    ("TEA-SENCHA-100", "TEA-SENCHA-100", "Sencha tea, 100 g", &[], 1120, REDUCED, 120),
    ("HONEY-LIME-500", "HONEY-LIME-500", "Lime blossom honey, 500 g", &[], 990, REDUCED, 720),
    ("OIL-OLIVE-500", "OIL-OLIVE-500", "Olive oil, 500 ml", &[], 1680, REDUCED, 950),
    ("CANDLE-CEDAR", "CANDLE-CEDAR", "Cedar candle", &[], 1800, STANDARD, 320),
    ("CANDLE-FIG", "CANDLE-FIG", "Fig candle", &[], 1800, STANDARD, 320),
    ("SOAP-LAVENDER", "SOAP-LAVENDER", "Lavender soap", &[], 37, STANDARD, 100),
    ("BAG-TOTE-NAT", "BAG-TOTE", "Canvas tote bag", &[("Colour", "Natural")], 2200, STANDARD, 300),
    ("BAG-TOTE-BLK", "BAG-TOTE", "Canvas tote bag", &[("Colour", "Black")], 2200, STANDARD, 300),
    ("BOTTLE-STEEL-1L", "BOTTLE-STEEL-1L", "Steel bottle, 1 l", &[], 2795, STANDARD, 410),
    ("NOTEBOOK-A5", "NOTEBOOK-A5", "Dotted notebook A5", &[], 777, STANDARD, 280),
    ("BOOK-BREAD", "BOOK-BREAD", "The bread book", &[], 2490, BOOKS, 900),
    ("BOOK-GARDEN", "BOOK-GARDEN", "A garden in a year", &[], 2900, BOOKS, 1100),
    ("BLANKET-WOOL", "BLANKET-WOOL", "Wool blanket", &[], 11900, STANDARD, 1600),
    ("PAN-IRON-28", "PAN-IRON-28", "Iron pan, 28 cm", &[], 5429, STANDARD, 2300),
    ("LAMP-DESK-1", "LAMP-DESK-1", "Desk lamp", &[], 6495, STANDARD, 1900),
    (BUNDLE_SKU, BUNDLE_SKU, "Breakfast set", &[], 4990, STANDARD, 1480),
    (AMBIGUOUS_SKU, AMBIGUOUS_SKU, "Twin tea strainer", &[], 860, STANDARD, 40),
    (INACTIVE_SKU, INACTIVE_SKU, "Retro lamp", &[], 7495, STANDARD, 2000),
    (OUT_OF_STOCK_SKU, OUT_OF_STOCK_SKU, "Oak wall clock", &[], 4500, STANDARD, 700),
];

fn all_items() -> Vec<CatalogueItem> {
    ROWS.iter()
        .map(|&(sku, product, name, attributes, cents, tax, weight_g)| CatalogueItem {
            sku,
            product,
            name,
            attributes,
            price_eur: Decimal::new(cents, 2),
            tax,
            weight_g,
            stock: if sku == OUT_OF_STOCK_SKU { 0 } else { 100_000 },
            active: sku != INACTIVE_SKU,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn skus_are_unique_and_combinations_stand_together() {
        let skus: HashSet<&str> = items().iter().map(|item| item.sku).collect();
        assert_eq!(skus.len(), items().len());

        let mut products: Vec<&str> = items().iter().map(|item| item.product).collect();
        products.dedup();
        let distinct: HashSet<&str> = products.iter().copied().collect();
        assert_eq!(products.len(), distinct.len());
    }

    #[test]
    fn special_items_exist() {
        assert!(item(AMBIGUOUS_SKU).is_some_and(|item| item.active));
        assert!(item(INACTIVE_SKU).is_some_and(|item| !item.active));
        assert!(item(OUT_OF_STOCK_SKU).is_some_and(|item| item.stock == 0));
        assert!(item(UNKNOWN_SKU).is_none());
        assert!(BUNDLE_PARTS.iter().all(|(sku, _)| item(sku).is_some()));
    }

    #[test]
    fn the_net_price_gives_the_gross_price_back() {
        for item in items() {
            let factor = Decimal::ONE + item.tax.french_rate() / Decimal::ONE_HUNDRED;
            assert_eq!((item.net_price_eur() * factor).round_dp(2), item.price_eur, "{}", item.sku);
        }
    }
}
