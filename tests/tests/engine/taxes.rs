//! Which tax the store takes, so that the order is told to the cent before it is made.

use anyhow::{Result, ensure};
use serde_json::json;
use tests::EngineLab;

use crate::catalogue::shown::{forget_store, mugs_to, place};
use crate::labs::{decimal, labs};
use crate::store_side::store_role;

/// The order is in the store once, paid, right to the cent, and nothing is open.
async fn right_in_store(lab: &EngineLab, id: &str) -> Result<()> {
    let case = format!("{} order {id}: {:?}", lab.database_name(), lab.open_issues(id).await?);
    let store_orders = lab.sandboxes.store_orders_of(id).await?;
    ensure!(store_orders.len() == 1, "{case}: {} times in the store", store_orders.len());
    let worth = &crate::asking::truth(lab, id).await?["payment"]["worth_to_seller"];
    let paid = &store_orders[0]["total_paid"];
    ensure!(decimal(paid) == decimal(worth), "{case}: {paid} in the store, worth {worth}");
    ensure!(store_role(lab, id).await?.as_deref() == Some("PS_OS_WS_PAYMENT"), "{case}: not paid");
    ensure!(lab.open_issues(id).await?.is_empty(), "{case}");
    Ok(())
}

#[tokio::test]
async fn a_store_that_takes_no_taxes_gets_gross_prices() -> Result<()> {
    for lab in labs().await {
        lab.sandboxes.store_control.patch("/configurations", &json!({ "PS_TAX": "0" })).await?;
        forget_store(&lab).await?;

        for country in ["FR", "DK"] {
            let id = place(&lab, &mugs_to(country)).await?;

            right_in_store(&lab, &id).await?;
            let row = &lab.sandboxes.store_orders_of(&id).await?[0]["rows"][0];
            assert_eq!(
                decimal(&row["unit_price_tax_excl"]),
                decimal(&row["unit_price_tax_incl"]),
                "{country}"
            );
        }
    }
    Ok(())
}
