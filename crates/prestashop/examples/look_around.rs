//! Asks a shop what it is, what the key may do and how it rounds.
//!
//! `WEBSERVICE_KEY=… cargo run -p prestashop --example look_around -- https://shop.example/ [id_shop]`

use std::sync::Arc;

use prestashop::{Client, Method, Resource, ShopId, WebserviceKey, http_client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let shop_url = arguments.next().ok_or("give the address of the shop")?.parse()?;
    let shop_id = arguments.next().map(|id| id.parse::<ShopId>()).transpose()?;
    let key = WebserviceKey::new(std::env::var("WEBSERVICE_KEY")?);
    let client = Client::new(http_client(), shop_url, key, shop_id).with_observer(Arc::new(|exchange| {
        let call = exchange.record;
        eprintln!("{} {}: {:?} in {:?}", call.method, call.resource, call.verdict, call.duration);
    }));

    let root = client.api_root().await?;
    let version = root.version.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    println!("{} runs prestashop {version}", root.shop_name);
    for (resource, method) in
        root.permissions.missing(&[(Resource::Orders, Method::Get), (Resource::Orders, Method::Post)])
    {
        println!("the key may not {method} {resource}");
    }
    println!("{:#?}", client.shop_settings(&client.own_shop().await?).await?);
    Ok(())
}
