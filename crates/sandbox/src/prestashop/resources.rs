//! The resources of the webservice: their names, classes, links and what may not be done with them.

/// The three names of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Name in the address, and of the element around a list.
    pub name: &'static str,
    /// Name of the element of one entity.
    pub node: &'static str,
    /// The shop's class, as its error messages name it.
    pub class: &'static str,
}

const fn resource(name: &'static str, node: &'static str, class: &'static str) -> Resource {
    Resource { name, node, class }
}

/// The resources that the sandbox describes in full.
pub const RESOURCES: [Resource; 29] = [
    resource("addresses", "address", "Address"),
    resource("carriers", "carrier", "Carrier"),
    resource("carts", "cart", "Cart"),
    resource("combinations", "combination", "Combination"),
    resource("configurations", "configuration", "Configuration"),
    resource("countries", "country", "Country"),
    resource("currencies", "currency", "Currency"),
    resource("customers", "customer", "Customer"),
    resource("groups", "group", "Group"),
    resource("languages", "language", "Language"),
    resource("messages", "message", "Message"),
    resource("order_carriers", "order_carrier", "OrderCarrier"),
    resource("order_cart_rules", "order_cart_rule", "OrderCartRule"),
    resource("order_details", "order_detail", "OrderDetail"),
    resource("order_histories", "order_history", "OrderHistory"),
    resource("order_invoices", "order_invoice", "OrderInvoice"),
    resource("order_payments", "order_payment", "OrderPayment"),
    resource("order_states", "order_state", "OrderState"),
    resource("orders", "order", "Order"),
    resource("products", "product", "Product"),
    resource("shop_groups", "shop_group", "ShopGroup"),
    resource("shops", "shop", "Shop"),
    resource("specific_prices", "specific_price", "SpecificPrice"),
    resource("states", "state", "State"),
    resource("stock_availables", "stock_available", "StockAvailable"),
    resource("tax_rule_groups", "tax_rule_group", "TaxRulesGroup"),
    resource("tax_rules", "tax_rule", "TaxRule"),
    resource("taxes", "tax", "Tax"),
    resource("zones", "zone", "Zone"),
];

/// The described resource with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.name == name)
}

/// Fields whose value is the id of an entity of another resource.
const LINKS: &[(&str, &str, &str)] = &[
    ("addresses", "id_customer", "customers"),
    ("addresses", "id_manufacturer", "manufacturers"),
    ("addresses", "id_supplier", "suppliers"),
    ("addresses", "id_warehouse", "warehouse"),
    ("addresses", "id_country", "countries"),
    ("addresses", "id_state", "states"),
    ("carriers", "id_tax_rules_group", "tax_rule_groups"),
    ("carts", "id_address_delivery", "addresses"),
    ("carts", "id_address_invoice", "addresses"),
    ("carts", "id_currency", "currencies"),
    ("carts", "id_customer", "customers"),
    ("carts", "id_guest", "guests"),
    ("carts", "id_lang", "languages"),
    ("combinations", "id_product", "products"),
    ("countries", "id_zone", "zones"),
    ("countries", "id_currency", "currencies"),
    ("customers", "id_default_group", "groups"),
    ("customers", "id_lang", "languages"),
    ("messages", "id_cart", "carts"),
    ("messages", "id_order", "orders"),
    ("messages", "id_customer", "customers"),
    ("messages", "id_employee", "employees"),
    ("order_carriers", "id_order", "orders"),
    ("order_carriers", "id_carrier", "carriers"),
    ("order_cart_rules", "id_order", "orders"),
    ("order_details", "id_order", "orders"),
    ("order_details", "product_id", "products"),
    ("order_details", "product_attribute_id", "combinations"),
    ("order_histories", "id_employee", "employees"),
    ("order_histories", "id_order_state", "order_states"),
    ("order_histories", "id_order", "orders"),
    ("orders", "id_address_delivery", "addresses"),
    ("orders", "id_address_invoice", "addresses"),
    ("orders", "id_cart", "carts"),
    ("orders", "id_currency", "currencies"),
    ("orders", "id_lang", "languages"),
    ("orders", "id_customer", "customers"),
    ("orders", "id_carrier", "carriers"),
    ("orders", "current_state", "order_states"),
    ("products", "id_manufacturer", "manufacturers"),
    ("products", "id_supplier", "suppliers"),
    ("products", "id_category_default", "categories"),
    ("products", "id_default_image", "images"),
    ("products", "id_default_combination", "combinations"),
    ("products", "id_tax_rules_group", "tax_rule_groups"),
    ("shops", "id_shop_group", "shop_groups"),
    ("specific_prices", "id_shop_group", "shop_groups"),
    ("specific_prices", "id_shop", "shops"),
    ("specific_prices", "id_cart", "carts"),
    ("specific_prices", "id_product", "products"),
    ("specific_prices", "id_product_attribute", "product_attributes"),
    ("specific_prices", "id_currency", "currencies"),
    ("specific_prices", "id_country", "countries"),
    ("specific_prices", "id_group", "groups"),
    ("specific_prices", "id_customer", "customers"),
    ("states", "id_zone", "zones"),
    ("states", "id_country", "countries"),
    ("stock_availables", "id_product", "products"),
    ("stock_availables", "id_product_attribute", "combinations"),
    ("stock_availables", "id_shop", "shops"),
    ("stock_availables", "id_shop_group", "shop_groups"),
    ("tax_rules", "id_tax_rules_group", "tax_rule_groups"),
    ("tax_rules", "id_state", "states"),
    ("tax_rules", "id_country", "countries"),
];

/// The resource that a field's value is an id of.
#[must_use]
pub fn link(resource: &str, field: &str) -> Option<&'static str> {
    LINKS.iter().find(|(name, of, _)| *name == resource && *of == field).map(|(_, _, target)| *target)
}

/// Methods that the webservice refuses on a resource whatever the key may do.
#[must_use]
pub fn forbidden_methods(resource: &str) -> &'static [&'static str] {
    match resource {
        "stock_availables" => &["POST", "DELETE"],
        "stocks"
        | "stock_movements"
        | "supply_orders"
        | "supply_order_details"
        | "supply_order_states"
        | "supply_order_histories"
        | "supply_order_receipt_histories"
        | "warehouse_product_locations" => &["PUT", "PATCH", "POST", "DELETE"],
        "warehouses" => &["DELETE"],
        "search" => &["PUT", "PATCH", "POST", "DELETE"],
        _ => &[],
    }
}

/// The column that the database reads the rows of a resource by when a filter uses it and nothing sorts them.
///
/// Lists without `sort` come in the order of the index that the database picks.
#[must_use]
pub fn natural_order(resource: &str, filtered: &[&str]) -> &'static [&'static str] {
    match resource {
        "order_states" => &["module_name"],
        "configurations" if filtered.contains(&"name") => &["name"],
        "stock_availables" if filtered.contains(&"id_product") => &["id_product", "id_product_attribute"],
        _ => &[],
    }
}
