//! Sends one message: `cargo run -p outgoing-webhooks --example send_one -- https://example.com/hook whsec_…`

use std::sync::Arc;

use anyhow::Context;
use clock::SystemClock;
use outgoing_webhooks::{Client, Message, Secret, http_client};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("the receiver's address is missing")?.parse()?;
    let secret = Secret::parse(&arguments.next().context("the secret is missing")?)?;
    let body = r#"{"type":"webhook.test","timestamp":"2026-11-28T12:00:00Z","data":{}}"#.to_owned();
    let message = Message { id: "msg_by_hand".to_owned(), body };
    let now = SystemClock::shared().now();
    let delivered = Client::new(http_client(Arc::new(System))?).send(&url, &message, &[secret], now).await?;
    println!("answered {}", delivered.status);
    Ok(())
}
