//! The conformance run against the shops that the sandbox plays, as somebody would run it against a test shop.

use std::process::Stdio;

use anyhow::Result;
use sandbox::prestashop::{Options, ShopKind, Version, start};
use serde_json::json;
use tests::Control;
use tokio::process::Command;

async fn conformance(shop_url: &str, key: &str, orders: u32) -> Result<(bool, String)> {
    let output = Command::new(tests::program("conformance")?)
        .args(["--prestashop-url", shop_url, "--create-orders", &orders.to_string()])
        .env("PRESTASHOP_WEBSERVICE_KEY", key)
        .stdin(Stdio::null())
        .output()
        .await?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[tokio::test]
async fn every_shop_that_the_sandbox_plays_passes() -> Result<()> {
    for version in [Version::V9_1_4, Version::V8_1_0] {
        for shop in [ShopKind::Demo, ShopKind::Recorded] {
            let running = start(Options { version, shop, ..Options::default() }).await?;

            let (passed, said) = conformance(&running.shop_url, &running.key, 9).await?;

            assert!(passed, "{version:?} {shop:?}: {said}");
            assert!(said.contains("orders right to the cent: 9 of 9"), "{said}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_permission_is_named() -> Result<()> {
    let running = start(Options::default()).await?;
    let control = Control::new(&running.control_url);
    let read_only = json!(["GET"]);
    let permissions = json!({ "customers": ["GET", "POST"], "carts": read_only, "orders": ["GET", "POST"] });
    control.post("/keys", &json!({ "key": running.key, "permissions": permissions })).await?;

    let (passed, said) = conformance(&running.shop_url, &running.key, 1).await?;

    assert!(!passed, "{said}");
    assert!(said.contains("WRONG  PrestaShop permissions") && said.contains("on carts"), "{said}");
    Ok(())
}
