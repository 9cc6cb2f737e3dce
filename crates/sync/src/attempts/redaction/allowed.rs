//! Which fields are shown, and what their values must look like. Tables that the eye can check.

/// Ids, numbers and codes of orders, goods, parcels, and of rows in the store. Ids of buyers on TikTok Shop are not among
/// them; a store's customer and address are numbers that say nothing outside it.
const IDS: &[&str] = &[
    // TikTok Shop
    "cancel_id",
    "cancel_ids",
    "cancel_line_item_id",
    "code",
    "delivery_option_id",
    "exchange_source_order_id",
    "external_order_id",
    "ids",
    "ineligible_code",
    "last_mile_tracking_number",
    "line_item_ids",
    "order_id",
    "order_id_list",
    "order_ids",
    "order_line_item_id",
    "order_line_item_ids",
    "order_line_items_ids",
    "origin_id",
    "package_id",
    "product_id",
    "replaced_order_id",
    "request_id",
    "return_or_cancel_id",
    "seller_sku",
    "shipping_provider_id",
    "sku_id",
    "tracking_number",
    "warehouse_id",
    "warehouse_ids",
    // PrestaShop
    "current_state",
    "delivery_number",
    "id",
    "id_address_delivery",
    "id_address_invoice",
    "id_carrier",
    "id_cart",
    "id_country",
    "id_currency",
    "id_customer",
    "id_customization",
    "id_default_group",
    "id_employee",
    "id_group",
    "id_lang",
    "id_order",
    "id_order_carrier",
    "id_order_invoice",
    "id_order_state",
    "id_product",
    "id_product_attribute",
    "id_reference",
    "id_shop",
    "id_shop_group",
    "id_state",
    "id_tax",
    "id_tax_rules_group",
    "id_warehouse",
    "id_zone",
    "invoice_number",
    "iso_code",
    "order_reference",
    "product_attribute_id",
    "product_reference",
    "reference",
    "shipping_number",
];

/// The vendors' own words for states and kinds.
const WORDS: &[&str] = &[
    // TikTok Shop
    "cancel_status",
    "cancel_type",
    "cancel_user",
    "cancellation_initiator",
    "commerce_platform",
    "currency",
    "delivery_type",
    "display_status",
    "document_size",
    "document_type",
    "effect_status",
    "fulfillment_type",
    "handover_method",
    "order_status",
    "order_type",
    "package_status",
    "platform",
    "region_code",
    "role",
    "shipping_type",
    "split_or_combine_tag",
    "status",
    "tax_type",
    "type",
    // PrestaShop
    "active",
    "available_for_order",
    "deleted",
    "delivery",
    "gift",
    "hidden",
    "invoice",
    "logable",
    "module",
    "paid",
    "product_type",
    "recyclable",
    "reduction_type",
    "shipped",
    "valid",
    "visibility",
];

/// A field is an amount if one of these is a word of its name, and its value a number; but not a `tax_id`, which is a
/// person's.
const AMOUNTS: &[&str] = &[
    "amount",
    "cost",
    "count",
    "deduction",
    "discount",
    "discounts",
    "fee",
    "paid",
    "price",
    "quantity",
    "rate",
    "reduction",
    "subtotal",
    "tax",
    "total",
    "wrapping",
];

/// Whether the value of a field may be shown.
pub(super) fn in_body(name: &str, value: &str) -> bool {
    let words = || name.split('_');
    if IDS.contains(&name) {
        return is_id(value);
    }
    if WORDS.contains(&name) && is_word(value) {
        return true;
    }
    if name == "gift_message" {
        return is_our_key(value);
    }
    if matches!(words().next(), Some("is" | "has")) {
        return matches!(value, "0" | "1" | "true" | "false");
    }
    if words().any(|word| matches!(word, "time" | "date")) || matches!(name, "from" | "to") {
        return is_time(value);
    }
    let names_somebody = matches!(words().next_back(), Some("id" | "number" | "code" | "name"));
    !names_somebody && words().any(|word| AMOUNTS.contains(&word)) && is_number(value)
}

/// Whether the value of a parameter may be shown.
pub(super) fn in_query(name: &str, value: &str) -> bool {
    let of_names =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '[' | ']' | ',');
    match name {
        "display" => value.chars().all(of_names),
        "limit" | "page_size" | "date" | "id_shop" => value.chars().all(|c| c.is_ascii_digit() || c == ','),
        "sort" => value.chars().all(|c| of_names(c) || c.is_ascii_uppercase()),
        "filter[gift_message]" => is_our_key(value),
        _ => {
            let field = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
            // One id, several, or all those beyond one.
            let mut ids = value.split(['[', ']', '|', ',', '>', '<']).filter(|id| !id.is_empty());
            IDS.contains(&field) && ids.all(is_id)
        }
    }
}

/// Letters, digits and what joins them, not long; no address and no sentence looks like that.
pub(super) fn is_id(value: &str) -> bool {
    let joins = |c: char| matches!(c, '-' | '_' | '.' | '/' | '#');
    value.len() <= 64 && value.chars().all(|c| c.is_ascii_alphanumeric() || joins(c))
}

fn is_our_key(value: &str) -> bool {
    value.strip_prefix("tiktok:").is_some_and(|id| id.chars().all(|c| c.is_ascii_digit()))
}

fn is_word(value: &str) -> bool {
    value.len() <= 64 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    value.len() <= 24
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn is_time(value: &str) -> bool {
    let of_times = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | ' ' | '.' | '+' | 'T' | 'Z');
    value.len() <= 40 && value.chars().all(of_times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_shown_if_its_name_is_known_and_its_value_looks_like_it() {
        let table = [
            ("id", "576461413038785752", true),
            ("id", "camille@example.com", false),
            ("order_id", "Camille Durand", false),
            ("seller_sku", "MUG-STONE-BLU", true),
            ("tracking_number", "JX123456789FR", true),
            ("user_id", "7494845267308415301", false),
            ("buyer_uid", "7494845267308415301", false),
            ("status", "AWAITING_SHIPMENT", true),
            ("status", "Camille Durand", false),
            ("gift_message", "tiktok:576461413038785752", true),
            ("gift_message", "tiktok:Camille", false),
            ("gift_message", "Happy birthday", false),
            ("total_paid_tax_incl", "46.890000", true),
            ("price", "-0.010000", true),
            ("price", "12 rue des Lilas", false),
            ("original_shipping_fee", "4.90", true),
            ("sub_total", "4.90", true),
            ("create_time", "1795422307", true),
            ("date_add", "2026-11-23 10:20:00", true),
            ("date_add", "on Monday", false),
            ("is_cod", "false", true),
            ("is_cod", "Camille", false),
            ("firstname", "Camille", false),
            ("lastname", "Durand", false),
            ("name", "Durand", false),
            ("address1", "12", false),
            ("postcode", "75011", false),
            ("postal_code", "75011", false),
            ("city", "Paris", false),
            ("phone", "0612345678", false),
            ("phone_mobile", "0612345678", false),
            ("phone_number", "(+33)612345678", false),
            ("buyer_email", "v1b2c3@scs.tiktok.com", false),
            ("email", "buyerid@tiktok.com", false),
            ("passwd", "secret", false),
            ("secure_key", "0123456789abcdef0123456789abcdef", false),
            ("access_token", "TTP_abc", false),
            ("refresh_token", "TTP_abc", false),
            ("cipher", "GCP_abc", false),
            ("dni", "12345678Z", false),
            ("tax_id", "12345678901", false),
            ("tax_number", "12345678901", false),
            ("vat_number", "FR12345678901", false),
            ("cpf", "12345678901", false),
            ("buyer_message", "Ring", false),
            ("cancel_reason", "no", false),
            ("doc_url", "https://label.example/x", false),
            ("anything_new", "1", false),
        ];

        for (name, value, shown) in table {
            assert_eq!(in_body(name, value), shown, "{name}: {value}");
        }
    }
}
