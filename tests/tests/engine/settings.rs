//! The settings of a connection, each with what the store or TikTok Shop then holds.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::{EmailPolicy, IdentityRule, MoneyBasis};
use tests::EngineLab;

use crate::asking::{imported_order, truth};
use crate::catalogue::shown::{change_row, forget_store, mugs_to, place, row, rows};
use crate::labs::{decimal, labs};
use crate::store_side::{UPS, change_settings, look_again, set_number, set_state};

const SHIPPED: &str = "PS_OS_SHIPPING";

#[tokio::test]
async fn each_setting_shows_in_what_the_store_or_tiktok_shop_holds() -> Result<()> {
    for lab in labs().await {
        // One after the other, for each leaves its setting behind and the rest must hold all the same.
        email_address(&lab).await.context("e-mail address")?;
        money_basis(&lab).await.context("money basis")?;
        fulfilled_by_tiktok(&lab).await.context("orders of TikTok's warehouse")?;
        identity_number(&lab).await.context("identity number")?;
        store_carrier(&lab).await.context("store carrier")?;
        tiktok_carrier(&lab).await.context("TikTok carrier")?;
        cancel_reason(&lab).await.context("cancel reason")?;
        tracking_delay(&lab).await.context("tracking delay")?;
    }
    Ok(())
}

async fn store_order(lab: &EngineLab, id: &str) -> Result<Value> {
    let mut store_orders = lab.sandboxes.store_orders_of(id).await?;
    ensure!(store_orders.len() == 1, "{:?}: {store_orders:?}", lab.open_issues(id).await?);
    Ok(store_orders.remove(0))
}

/// The row of the store that this field of an order names.
async fn row_of(lab: &EngineLab, order: &Value, resource: &str, field: &str) -> Result<Value> {
    let id: u64 = order[field].as_str().with_context(|| format!("no {field}: {order:#}"))?.parse()?;
    let rows = rows(lab, resource, &[]).await?;
    rows.into_iter().find(|row| row["id"] == id).with_context(|| format!("no {resource} {id}"))
}

async fn email_address(lab: &EngineLab) -> Result<()> {
    for (policy, address) in [
        (EmailPolicy::Fixed, "orders@shop.example".to_owned()),
        (EmailPolicy::PerOrder, "buyerid-{id}@shop.example".to_owned()),
        (EmailPolicy::BuyerIdAlias, "buyerid@tiktok.com".to_owned()),
    ] {
        change_settings(lab, |settings| {
            settings.email_policy = policy;
            settings.customer_email = Some("orders@shop.example".to_owned());
        })
        .await?;
        let id = imported_order(lab).await?;

        let order = store_order(lab, &id).await?;
        let customer = row_of(lab, &order, "customers", "id_customer").await?;
        assert_eq!(customer["email"], address.replace("{id}", &id), "{policy}");
    }
    Ok(())
}

async fn money_basis(lab: &EngineLab) -> Result<()> {
    for (basis, kept) in [(MoneyBasis::BuyerPaid, "0"), (MoneyBasis::IncludingPlatformDiscounts, "3.00")] {
        change_settings(lab, |settings| settings.money_basis = basis).await?;
        let line = json!({ "seller_sku": "MUG-STONE-BLU", "price": "20.00", "platform_discount": "3.00" });
        let id = place(lab, &json!({ "country": "FR", "lines": [line] })).await?;

        let (order, truth) = (store_order(lab, &id).await?, truth(lab, &id).await?);
        let discount = decimal(&truth["payment"]["platform_discount"]);
        assert_eq!(discount, Decimal::new(300, 2), "{truth:#}");
        let expected = decimal(&truth["payment"]["worth_to_seller"]) - discount + decimal(&json!(kept));
        assert_eq!(decimal(&order["total_paid"]), expected, "{basis}");
        ensure!(lab.open_issues(&id).await?.is_empty(), "{basis}: {:?}", lab.open_issues(&id).await?);
    }
    Ok(())
}

async fn fulfilled_by_tiktok(lab: &EngineLab) -> Result<()> {
    for import in [false, true] {
        change_settings(lab, |settings| settings.import_fulfilled_by_tiktok = import).await?;
        let mut order = mugs_to("FR");
        order["fulfilled_by_tiktok"] = true.into();
        order["shipped_by_tiktok"] = true.into();
        let id = place(lab, &order).await?;

        let store_orders = lab.sandboxes.store_orders_of(&id).await?;
        let open = lab.open_issues(&id).await?;
        assert_eq!(store_orders.len(), usize::from(import), "{import}: {open:?}");
    }
    Ok(())
}

async fn identity_number(lab: &EngineLab) -> Result<()> {
    let spain = row(lab, "countries", "iso_code", "ES").await?;
    change_row(lab, "countries", &spain, &json!({ "need_identification_number": "1" })).await?;
    change_settings(lab, |settings| {
        settings.identity_rule = IdentityRule::Fixed;
        settings.identity_number = Some("12345678Z".to_owned());
    })
    .await?;
    forget_store(lab).await?;
    let id = place(lab, &mugs_to("ES")).await?;

    let order = store_order(lab, &id).await?;
    let address = row_of(lab, &order, "addresses", "id_address_delivery").await?;
    assert_eq!(address["dni"], "12345678Z");
    Ok(())
}

async fn store_carrier(lab: &EngineLab) -> Result<()> {
    let house = row(lab, "carriers", "name", "House carrier").await?;
    change_row(lab, "carriers", &house, &json!({ "is_free": "1" })).await?;
    let reference = house["id_reference"].as_str().context("no reference")?.parse()?;
    change_settings(lab, |settings| settings.carrier_reference = Some(reference)).await?;
    forget_store(lab).await?;
    let id = imported_order(lab).await?;

    assert_eq!(store_order(lab, &id).await?["id_carrier"], house["id"].to_string());
    change_settings(lab, |settings| settings.carrier_reference = None).await
}

async fn tiktok_carrier(lab: &EngineLab) -> Result<()> {
    change_settings(lab, |settings| settings.default_channel_carrier_id = Some(UPS.to_owned())).await?;
    let id = imported_order(lab).await?;
    set_number(lab, &id, "SE100001", true).await?;
    set_state(lab, &id, SHIPPED).await?;
    look_again(lab).await?;

    let packages = truth(lab, &id).await?["packages"].clone();
    assert_eq!(packages[0]["shipping_provider_id"], UPS, "{packages:#}");
    assert_eq!(packages[0]["tracking_number"], "SE100001", "{packages:#}");
    Ok(())
}

async fn cancel_reason(lab: &EngineLab) -> Result<()> {
    change_settings(lab, |settings| {
        settings.write_back_canceled = true;
        settings.cancel_reason = Some("seller_cancel_reason_wrong_price".to_owned());
    })
    .await?;
    let id = imported_order(lab).await?;
    set_state(lab, &id, "PS_OS_CANCELED").await?;
    look_again(lab).await?;

    let truth = truth(lab, &id).await?;
    assert_eq!(truth["status"], "CANCELLED", "{truth:#}");
    assert_eq!(truth["cancel_reason"], "Pricing error");
    Ok(())
}

async fn tracking_delay(lab: &EngineLab) -> Result<()> {
    change_settings(lab, |settings| settings.tracking_delay_min = 45).await?;
    let id = imported_order(lab).await?;
    set_state(lab, &id, SHIPPED).await?;
    look_again(lab).await?;

    lab.advance(TimeDelta::minutes(40)).await?;
    look_again(lab).await?;
    ensure!(lab.open_issues(&id).await?.is_empty(), "{:?}", lab.open_issues(&id).await?);
    lab.advance(TimeDelta::minutes(5)).await?;
    look_again(lab).await?;
    assert_eq!(lab.open_issues(&id).await?, ["SHIP_TRACKING_MISSING"]);
    Ok(())
}
