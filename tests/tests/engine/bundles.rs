//! Virtual bundles that the store sells only in parts: all of them, at the bundle's price, or nothing.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::IssueCode;
use tests::EngineLab;

use crate::asking::do_to;
use crate::catalogue::shown::{imported_once, not_in_store, place, shown, sync};
use crate::labs::labs;

/// Two mugs and something else, sold as one for 40.00 in a bundle that the store has never heard of.
fn bundle(form: &str, other_sku: &str) -> Value {
    json!({ "country": "FR", "shipping_fee": "0", "lines": [{
        "seller_sku": "SET-FOR-TWO", "product_name": "Set for two", "price": "40.00", "bundle_form": form,
        "parts": [{ "seller_sku": "MUG-STONE-BLU", "count": 2 }, { "seller_sku": other_sku }],
    }] })
}

const FORMS: [&str; 2] = ["combined_listing_skus", "sub_item_info"];

/// References and pieces of a store order's rows, without the row for what its rounding leaves over.
async fn goods_of(lab: &EngineLab, id: &str) -> Result<Vec<(String, String)>> {
    let store_order = lab.sandboxes.store_orders_of(id).await?.pop().context("it is not in the store")?;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let rows = store_order["rows"].as_array().context("no rows")?.iter();
    let mut goods: Vec<_> =
        rows.map(|row| (text(row, "product_reference"), text(row, "product_quantity"))).collect();
    goods.retain(|(reference, _)| reference != "TIKTOK-SHIPPING");
    goods.sort();
    Ok(goods)
}

#[tokio::test]
async fn a_bundle_is_sold_by_its_parts_in_whichever_form_they_are_told() -> Result<()> {
    for lab in labs().await {
        for form in FORMS {
            let id = place(&lab, &bundle(form, "TEA-MINT-100")).await?;

            let wanted = [("MUG-STONE-BLU", "2"), ("TEA-MINT-100", "1")];
            let wanted = wanted.map(|(sku, pieces)| (sku.to_owned(), pieces.to_owned()));
            assert_eq!(goods_of(&lab, &id).await?, wanted, "{form} {:?}", lab.open_issues(&id).await?);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_bundle_with_a_part_without_sku_waits_for_the_sku() -> Result<()> {
    for lab in labs().await {
        for form in FORMS {
            let id = place(&lab, &bundle(form, "")).await?;
            shown(&lab, &id, IssueCode::SkuMissing).await?;
            not_in_store(&lab, &id).await?;

            do_to(&lab, &id, "sku", &json!({ "seller_sku": "TEA-MINT-100" })).await?;
            sync(&lab, &id).await?;
            imported_once(&lab, &id, IssueCode::SkuMissing).await?;
            assert_eq!(goods_of(&lab, &id).await?.len(), 2, "{form}");
        }
    }
    Ok(())
}
