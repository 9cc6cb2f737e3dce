//! Stock: what can be sold, what is reserved by open orders, what lies on the shelf.

use super::record::{Id, Record};
use super::shop::Shop;

/// The stock row of a product's combination (0 for the product itself).
#[must_use]
pub fn row(shop: &Shop, product: Id, combination: Id) -> Option<&Record> {
    shop.table("stock_availables").iter().find(|stock| {
        stock.id_of("id_product") == product && stock.id_of("id_product_attribute") == combination
    })
}

/// How many pieces can still be sold; negative when more were sold than there were.
#[must_use]
pub fn quantity(shop: &Shop, product: Id, combination: Id) -> i64 {
    row(shop, product, combination).map_or(0, |stock| stock.integer("quantity"))
}

/// Changes the sellable quantity by a difference.
pub fn change(shop: &mut Shop, product: Id, combination: Id, difference: i64) {
    set(shop, product, combination, quantity(shop, product, combination) + difference);
}

/// Sets the sellable quantity; the product's own row follows the sum of its combinations.
pub fn set(shop: &mut Shop, product: Id, combination: Id, quantity: i64) {
    let Some(id) = row(shop, product, combination).map(|stock| stock.id) else { return };
    if let Some(stock) = shop.get_mut("stock_availables", id) {
        stock.set("quantity", quantity.to_string());
        let reserved = stock.integer("reserved_quantity");
        stock.set("physical_quantity", (quantity + reserved).to_string());
    }
    if combination != 0 {
        follow_combinations(shop, product);
    }
}

fn follow_combinations(shop: &mut Shop, product: Id) {
    let total: i64 = shop
        .table("stock_availables")
        .iter()
        .filter(|stock| stock.id_of("id_product") == product && stock.id_of("id_product_attribute") != 0)
        .map(|stock| stock.integer("quantity"))
        .sum();
    if let Some(id) = row(shop, product, 0).map(|stock| stock.id)
        && let Some(stock) = shop.get_mut("stock_availables", id)
    {
        stock.set("quantity", total.to_string());
    }
}

/// Whether an order in this state holds pieces back: neither shipped nor in error nor canceled.
#[must_use]
pub fn reserves(shop: &Shop, state: Id) -> bool {
    let excluded = [shop.configured_id("PS_OS_ERROR"), shop.configured_id("PS_OS_CANCELED")];
    !excluded.contains(&state) && shop.get("order_states", state).is_some_and(|state| !state.flag("shipped"))
}

/// Follows an order from one state to another in what is reserved and, with it, what lies on the shelf.
pub fn follow(shop: &mut Shop, order: Id, reserved_before: bool, reserved_after: bool) {
    let sign = i64::from(reserved_after) - i64::from(reserved_before);
    let pieces: Vec<(Id, Id, i64)> = shop
        .order_details(order)
        .map(|detail| {
            let open = detail.integer("product_quantity") - detail.integer("product_quantity_refunded");
            (detail.id_of("product_id"), detail.id_of("product_attribute_id"), open)
        })
        .collect();
    for (product, combination, open) in pieces {
        let Some(id) = row(shop, product, combination).map(|stock| stock.id) else { continue };
        if let Some(stock) = shop.get_mut("stock_availables", id) {
            let reserved = stock.integer("reserved_quantity") + sign * open;
            stock.set("reserved_quantity", reserved.to_string());
            let physical = stock.integer("quantity") + reserved;
            stock.set("physical_quantity", physical.to_string());
        }
    }
}
