//! Entities as the webservice shows them: stored fields plus what the shop computes on reading.

use super::record::{AssociationRow, Id, Record};
use super::shop::Shop;

/// The fields of an order's row that the webservice shows inside the order.
const ORDER_ROW_FIELDS: [&str; 12] = [
    "product_id",
    "product_attribute_id",
    "product_quantity",
    "product_name",
    "product_reference",
    "product_ean13",
    "product_isbn",
    "product_upc",
    "product_price",
    "id_customization",
    "unit_price_tax_incl",
    "unit_price_tax_excl",
];

/// The entity with computed fields and associations filled in.
#[must_use]
pub fn of(shop: &Shop, resource: &str, record: &Record) -> Record {
    let mut shown = record.clone();
    match resource {
        "orders" => {
            let tracking = shop
                .order_carrier(record.id)
                .map_or("", |carrier| carrier.text("tracking_number"))
                .to_owned();
            shown.set("shipping_number", tracking);
            shown.associations.insert("order_rows".to_owned(), order_rows(shop, record.id));
        }
        "products" => {
            shown.associations.insert("stock_availables".to_owned(), stock_rows(shop, record.id));
            let combinations = ids(shop
                .table("combinations")
                .iter()
                .filter(|combination| combination.id_of("id_product") == record.id)
                .map(|combination| combination.id));
            shown.associations.insert("combinations".to_owned(), combinations);
        }
        _ => {}
    }
    shown
}

fn order_rows(shop: &Shop, order: Id) -> Vec<AssociationRow> {
    shop.order_details(order)
        .map(|detail| {
            let mut row: AssociationRow = ORDER_ROW_FIELDS
                .iter()
                .map(|field| ((*field).to_owned(), detail.text(field).to_owned()))
                .collect();
            row.insert("id".to_owned(), detail.id.to_string());
            row
        })
        .collect()
}

fn stock_rows(shop: &Shop, product: Id) -> Vec<AssociationRow> {
    shop.table("stock_availables")
        .iter()
        .filter(|stock| stock.id_of("id_product") == product)
        .map(|stock| {
            AssociationRow::from([
                ("id".to_owned(), stock.id.to_string()),
                ("id_product_attribute".to_owned(), stock.text("id_product_attribute").to_owned()),
            ])
        })
        .collect()
}

/// Association elements that consist of an id.
#[must_use]
pub fn ids(ids: impl Iterator<Item = Id>) -> Vec<AssociationRow> {
    ids.map(|id| AssociationRow::from([("id".to_owned(), id.to_string())])).collect()
}
