//! What every fresh shop holds, whatever it sells.

use super::record::{Id, Record};
use super::shop::Shop;

/// Flags of an order state in the order of [`FLAGS`], its module, colour, names and template.
type State = (Id, [u8; 8], &'static str, &'static str, &'static str, &'static str, &'static str);

const FLAGS: [&str; 8] =
    ["paid", "logable", "shipped", "delivery", "invoice", "send_email", "pdf_invoice", "unremovable"];

#[rustfmt::skip]
const ORDER_STATES: [State; 13] = [
    (1, [0, 0, 0, 0, 0, 1, 0, 1], "ps_checkpayment", "#34209E", "Awaiting check payment", "En attente du paiement par chèque", "cheque"),
    (2, [1, 1, 0, 0, 1, 1, 1, 1], "", "#3498D8", "Payment accepted", "Paiement accepté", "payment"),
    (3, [1, 1, 0, 1, 1, 1, 0, 1], "", "#3498D8", "Processing in progress", "En cours de préparation", "preparation"),
    (4, [1, 1, 1, 1, 1, 1, 0, 1], "", "#01B887", "Shipped", "Expédié", "shipped"),
    (5, [1, 1, 1, 1, 1, 0, 0, 1], "", "#01B887", "Delivered", "Livré", ""),
    (6, [0, 0, 0, 0, 0, 1, 0, 1], "", "#2C3E50", "Canceled", "Annulé", "order_canceled"),
    (7, [0, 0, 0, 0, 1, 1, 0, 1], "", "#01B887", "Refunded", "Remboursé", "refund"),
    (8, [0, 0, 0, 0, 0, 1, 0, 1], "", "#E74C3C", "Payment error", "Erreur de paiement", "payment_error"),
    (9, [1, 0, 0, 0, 1, 1, 0, 1], "", "#3498D8", "On backorder (paid)", "En attente de réapprovisionnement (payé)", "outofstock"),
    (10, [0, 0, 0, 0, 0, 1, 0, 1], "ps_wirepayment", "#34209E", "Awaiting bank wire payment", "En attente de virement bancaire", "bankwire"),
    (11, [1, 1, 0, 0, 1, 1, 0, 1], "", "#3498D8", "Remote payment accepted", "Paiement à distance accepté", "payment"),
    (12, [0, 0, 0, 0, 0, 1, 0, 1], "", "#34209E", "On backorder (not paid)", "En attente de réapprovisionnement (non payé)", "outofstock"),
    (13, [0, 0, 0, 0, 0, 0, 0, 1], "ps_cashondelivery", "#34209E", "Awaiting Cash On Delivery validation", "En attente de paiement à la livraison", "cashondelivery"),
];

/// Configuration variables with their ids in 9.1.4 and 8.1.0 and their values; id 0 is a variable that the
/// version has not set.
#[rustfmt::skip]
const CONFIGURATIONS: [(&str, Id, Id, &str); 41] = [
    ("PS_LANG_DEFAULT", 1, 1, "1"),
    ("PS_CURRENCY_DEFAULT", 6, 6, "1"),
    ("PS_COUNTRY_DEFAULT", 7, 7, "8"),
    ("PS_ORDER_OUT_OF_STOCK", 10, 9, "0"),
    ("PS_STOCK_MANAGEMENT", 16, 15, "1"),
    ("PS_TAX", 28, 26, "1"),
    ("PS_SHIPPING_HANDLING", 36, 35, "2.00"),
    ("PS_CARRIER_DEFAULT", 46, 45, "1"),
    ("PS_INVOICE", 60, 57, "1"),
    ("PS_PRICE_ROUND_MODE", 75, 72, "2"),
    ("PS_MAIL_METHOD", 80, 77, "2"),
    ("PS_GUEST_CHECKOUT_ENABLED", 109, 104, "1"),
    ("PS_OS_CHEQUE", 122, 117, "1"),
    ("PS_OS_PAYMENT", 123, 118, "2"),
    ("PS_OS_PREPARATION", 124, 119, "3"),
    ("PS_OS_SHIPPING", 125, 120, "4"),
    ("PS_OS_DELIVERED", 126, 121, "5"),
    ("PS_OS_CANCELED", 127, 122, "6"),
    ("PS_OS_REFUND", 128, 123, "7"),
    ("PS_OS_ERROR", 129, 124, "8"),
    ("PS_OS_OUTOFSTOCK", 130, 125, "9"),
    ("PS_OS_BANKWIRE", 131, 126, "10"),
    ("PS_OS_WS_PAYMENT", 132, 127, "11"),
    ("PS_OS_OUTOFSTOCK_PAID", 133, 128, "9"),
    ("PS_OS_OUTOFSTOCK_UNPAID", 134, 129, "12"),
    ("PS_OS_COD_VALIDATION", 135, 130, "13"),
    ("PS_SHOP_DEFAULT", 155, 151, "1"),
    ("PS_UNIDENTIFIED_GROUP", 200, 195, "1"),
    ("PS_GUEST_GROUP", 201, 196, "2"),
    ("PS_CUSTOMER_GROUP", 202, 197, "3"),
    ("PS_ROUND_TYPE", 270, 273, "2"),
    ("PS_ENABLE_BACKORDER_STATUS", 295, 0, "0"),
    ("PS_USE_ECOTAX", 300, 290, "0"),
    ("PS_ECOTAX_TAX_RULES_GROUP_ID", 301, 291, "0"),
    ("PS_SHOP_NAME", 302, 292, "Example Shop"),
    ("PS_SHOP_EMAIL", 303, 293, "shop@example.com"),
    ("PS_WEBSERVICE", 304, 294, "1"),
    ("PS_SHOP_ENABLE", 305, 295, "1"),
    ("PS_TAX_ADDRESS_TYPE", 306, 296, "id_address_delivery"),
    ("PS_WEIGHT_UNIT", 307, 297, "kg"),
    ("PS_TIMEZONE", 308, 298, "UTC"),
];

/// Languages, groups, shop, order states and configuration.
pub fn basics(shop: &mut Shop, french_states: bool) {
    let date = shop.now();
    for (id, name, iso_code, locale, code, short, long) in [
        (1, "English (English)", "en", "en-US", "en-us", "m/d/Y", "m/d/Y H:i:s"),
        (2, "Français (French)", "fr", "fr-FR", "fr", "d/m/Y", "d/m/Y H:i:s"),
    ] {
        let language = Record::numbered(id)
            .with("name", name)
            .with("iso_code", iso_code)
            .with("locale", locale)
            .with("language_code", code)
            .with("active", 1)
            .with("date_format_lite", short)
            .with("date_format_full", long);
        shop.insert("languages", language);
    }
    let name = shop.settings.shop_name.clone();
    let group = Record::default().with("name", "Default").with("active", 1);
    shop.insert("shop_groups", group);
    let record = Record::default()
        .with("id_shop_group", 1)
        .with("id_category", 2)
        .with("active", 1)
        .with("name", name)
        .with("theme_name", "classic");
    shop.insert("shops", record);
    for (english, french) in [("Visitor", "Visiteur"), ("Guest", "Invité"), ("Customer", "Client")] {
        let group = Record::default()
            .with("show_prices", 1)
            .with("date_add", &date)
            .with("date_upd", &date)
            .with_texts("name", &[english, french]);
        shop.insert("groups", group);
    }
    for (id, flags, module, color, english, french, template) in ORDER_STATES {
        let french = if french_states { french } else { english };
        let mut state = Record::numbered(id)
            .with("module_name", module)
            .with("color", color)
            .with_texts("name", &[english, french])
            .with_texts("template", &[template, template]);
        for (name, flag) in FLAGS.iter().zip(flags) {
            state.set(name, flag.to_string());
        }
        shop.insert("order_states", state);
    }
    for (name, nine, eight, value) in CONFIGURATIONS {
        let id = if shop.version.is_nine() { nine } else { eight };
        if id != 0 {
            let record = Record::numbered(id)
                .with("name", name)
                .with("value", value)
                .with("date_add", &date)
                .with("date_upd", &date);
            shop.insert("configurations", record);
        }
    }
    for (module, display_name) in [
        ("ps_wirepayment", "Wire payment"),
        ("ps_checkpayment", "Payments by check"),
        ("ps_cashondelivery", "Cash on delivery (COD)"),
    ] {
        shop.settings.payment_modules.insert(module.to_owned(), display_name.to_owned());
    }
}

/// A currency with its rate to the default one.
pub fn currency(shop: &mut Shop, iso_code: &str, number: &str, symbol: &str, names: [&str; 2], rate: &str) {
    let currency = Record::default()
        .with_texts("names", &names)
        .with("name", names[0])
        .with_texts("symbol", &[symbol, symbol])
        .with("iso_code", iso_code)
        .with("numeric_iso_code", number)
        .with("precision", 2)
        .with("conversion_rate", rate)
        .with("active", 1)
        .with_texts("pattern", &["", ""]);
    shop.insert("currencies", currency);
}

/// A carrier that everybody may choose; its zones are set apart.
#[must_use]
pub fn carrier(name: &str, delay: [&str; 2], active: bool, free: bool, tax_group: Id) -> Record {
    Record::default()
        .with("name", name)
        .with("active", u8::from(active))
        .with("is_free", u8::from(free))
        .with("id_tax_rules_group", tax_group)
        .with("shipping_handling", u8::from(!free))
        .with("shipping_method", 1)
        .with_texts("delay", &delay)
}

/// A product that can be ordered.
#[must_use]
pub fn product(reference: &str, names: [&str; 2], net_price: &str, kind: &str, date: &str) -> Record {
    let link: String = names[0]
        .to_lowercase()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    Record::default()
        .with("id_category_default", 2)
        .with("id_tax_rules_group", 1)
        .with(
            "type",
            match kind {
                "virtual" | "pack" => kind,
                _ => "simple",
            },
        )
        .with("id_shop_default", 1)
        .with("reference", reference)
        .with("is_virtual", u8::from(kind == "virtual"))
        .with("cache_is_pack", u8::from(kind == "pack"))
        .with("state", 1)
        .with("additional_delivery_times", 1)
        .with("product_type", kind)
        .with("minimal_quantity", 1)
        .with("price", net_price)
        .with("active", 1)
        .with("available_for_order", 1)
        .with("show_price", 1)
        .with("indexed", 1)
        .with("visibility", "both")
        .with("condition", "new")
        .with("redirect_type", "default")
        .with("pack_stock_type", 3)
        .with("low_stock_threshold", 0)
        .with("date_add", date)
        .with("date_upd", date)
        .with_texts("name", &names)
        .with_texts("link_rewrite", &[&link, &link])
        .with_texts("description", &["", ""])
        .with_texts("description_short", &["", ""])
        .with_texts("meta_title", &["", ""])
        .with_texts("meta_description", &["", ""])
        .with_texts("meta_keywords", &["", ""])
        .with_texts("available_now", &["", ""])
        .with_texts("available_later", &["", ""])
        .with_texts("delivery_in_stock", &["", ""])
        .with_texts("delivery_out_stock", &["", ""])
}

/// A combination of a product; `attributes` is how order rows call it: `Size: S - Color: White`.
#[must_use]
pub fn combination(product: Id, reference: &str, impact: &str, attributes: &str, default_on: bool) -> Record {
    Record::default()
        .with("id_product", product)
        .with("reference", reference)
        .with("price", impact)
        .with("minimal_quantity", 1)
        .with("default_on", u8::from(default_on))
        .with("attributes", attributes)
        .with_texts("available_now", &["", ""])
        .with_texts("available_later", &["", ""])
}

/// A stock row.
pub fn stock(shop: &mut Shop, product: Id, combination: Id, quantity: i64) {
    let row = Record::default()
        .with("id_product", product)
        .with("id_product_attribute", combination)
        .with("id_shop", 1)
        .with("quantity", quantity)
        .with("physical_quantity", quantity)
        .with("reserved_quantity", 0)
        .with("out_of_stock", 2);
    shop.insert("stock_availables", row);
}
