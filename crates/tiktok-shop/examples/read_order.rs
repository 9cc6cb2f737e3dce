//! Reads one order by hand and prints what this crate understands of it, without the buyer's data.
//!
//! ```sh
//! TIKTOK_APP_KEY=.. TIKTOK_APP_SECRET=.. TIKTOK_ACCESS_TOKEN=.. TIKTOK_SHOP_CIPHER=.. \
//!     cargo run -p tiktok-shop --example read_order -- 576461413038785752
//! ```
//!
//! `TIKTOK_API_URL` names another host than TikTok's.

use std::env;

use anyhow::Context;
use clock::SystemClock;
use tiktok_shop::{AppCredentials, Client, Secret, ShopAccess, http_client};

const API_URL: &str = "https://open-api.tiktokglobalshop.com";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let order_id = env::args().nth(1).context("name an order id")?;
    let api_url = env::var("TIKTOK_API_URL").unwrap_or_else(|_| API_URL.to_owned()).parse()?;
    let app =
        AppCredentials { app_key: variable("TIKTOK_APP_KEY")?, app_secret: secret("TIKTOK_APP_SECRET")? };
    let access = ShopAccess {
        access_token: secret("TIKTOK_ACCESS_TOKEN")?,
        shop_cipher: variable("TIKTOK_SHOP_CIPHER")?,
    };

    let client = Client::new(http_client()?, api_url, app, SystemClock::shared());
    let read = client.shop(access).order(&order_id).await?;

    println!("{:#?}", read.order);
    Ok(())
}

fn variable(name: &str) -> anyhow::Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}

fn secret(name: &str) -> anyhow::Result<Secret> {
    variable(name).map(Secret::from)
}
