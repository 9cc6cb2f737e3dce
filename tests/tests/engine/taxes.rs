//! Which tax the store takes, so that the order is told to the cent before it is made.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::IssueCode;
use tests::EngineLab;

use crate::catalogue::shown::{
    change_row, forget_store, mugs_to, not_in_store, place, retry_import, row, rows, shown,
};
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

/// Adds a rule for the standard rate of a country, with another rate.
async fn add_rule(lab: &EngineLab, country: &str, rate: &str, fields: &Value) -> Result<Value> {
    let country = row(lab, "countries", "iso_code", country).await?["id"].to_string();
    let tax = json!({ "rate": rate, "active": 1, "name": { "1": "Local tax" } });
    let tax = lab.sandboxes.store_control.post("/entities/taxes", &tax).await?["id"].clone();
    let mut rule = json!({ "id_tax_rules_group": 1, "id_country": country, "id_tax": tax, "id_state": 0,
        "zipcode_from": "0", "zipcode_to": "0", "behavior": 0 });
    let wanted = fields.as_object().context("not fields")?;
    rule.as_object_mut().context("not a rule")?.extend(wanted.clone());
    lab.sandboxes.store_control.post("/entities/tax_rules", &rule).await
}

#[tokio::test]
async fn of_several_rules_those_up_to_the_first_that_counts_alone_make_the_rate() -> Result<()> {
    for lab in labs().await {
        // After the rule that a fresh store has, which counts alone.
        add_rule(&lab, "FR", "5.5", &json!({ "behavior": 1 })).await?;
        let id = place(&lab, &mugs_to("FR")).await?;
        right_in_store(&lab, &id).await?;

        let denmark = row(&lab, "countries", "iso_code", "DK").await?["id"].to_string();
        for rule in rows(&lab, "tax_rules", &[("id_country", &denmark)]).await? {
            change_row(&lab, "tax_rules", &rule, &json!({ "behavior": 2 })).await?;
        }
        add_rule(&lab, "DK", "5.5", &json!({ "behavior": 2 })).await?;
        let id = place(&lab, &mugs_to("DK")).await?;
        right_in_store(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rule_for_a_part_of_the_country_keeps_the_order_back() -> Result<()> {
    for lab in labs().await {
        let everywhere_but_zero = json!({ "zipcode_from": "00001", "zipcode_to": "99999" });
        let rule = add_rule(&lab, "FR", "8.5", &everywhere_but_zero).await?;
        let id = place(&lab, &mugs_to("FR")).await?;
        shown(&lab, &id, IssueCode::TaxRuleMissing).await?;
        not_in_store(&lab, &id).await?;

        lab.sandboxes.store_control.delete(&format!("/entities/tax_rules/{}", rule["id"])).await?;
        retry_import(&lab, &id).await?;
        right_in_store(&lab, &id).await?;
    }
    Ok(())
}
