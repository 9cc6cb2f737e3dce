//! A store of several shops: orders go into the one that was chosen, or nowhere.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::IssueCode;
use tests::EngineLab;

use crate::catalogue::shown::{change_row, forget_store, imported_once, mugs_to, not_in_store, place, shown};
use crate::labs::labs;
use crate::store_side::change_settings;

/// Opens another shop beside the first one.
async fn another_shop(lab: &EngineLab) -> Result<Value> {
    let shop = json!({ "id_shop_group": 1, "id_category": 2, "active": 1, "deleted": 0, "name": "Outlet" });
    lab.sandboxes.store_control.post("/entities/shops", &shop).await
}

#[tokio::test]
async fn of_several_shops_one_has_to_be_chosen() -> Result<()> {
    for lab in labs().await {
        another_shop(&lab).await?;
        forget_store(&lab).await?;
        let id = place(&lab, &mugs_to("FR")).await?;
        shown(&lab, &id, IssueCode::StoreAuth).await?;
        not_in_store(&lab, &id).await?;

        change_settings(&lab, |settings| settings.store_shop_id = Some(1)).await?;
        imported_once(&lab, &id, IssueCode::StoreAuth).await?;
        assert_eq!(lab.sandboxes.store_orders_of(&id).await?[0]["id_shop"], "1");
    }
    Ok(())
}

#[tokio::test]
async fn a_chosen_shop_that_is_switched_off_is_not_replaced_by_another() -> Result<()> {
    for lab in labs().await {
        let outlet = another_shop(&lab).await?;
        change_row(&lab, "shops", &outlet, &json!({ "active": 0 })).await?;
        let outlet_id = outlet["id"].as_i64().context("no id")?;
        change_settings(&lab, |settings| settings.store_shop_id = Some(outlet_id)).await?;
        forget_store(&lab).await?;

        let id = place(&lab, &mugs_to("FR")).await?;

        let issue = shown(&lab, &id, IssueCode::StoreAuth).await?;
        assert!(issue.sentence.contains(&format!("#{outlet_id}")), "{}", issue.sentence);
        not_in_store(&lab, &id).await?;
    }
    Ok(())
}
