use std::sync::Arc;

use anyhow::{Context, Result};
use sandbox::{prestashop, tiktok};
use serde_json::{Value, json};

use crate::control::Control;

/// TikTok Shop and PrestaShop as servers on loopback, with their control APIs, seen from one of the seller's shops.
pub struct Sandboxes {
    pub channel: Arc<tiktok::Running>,
    pub channel_control: Control,
    pub store: prestashop::Running,
    pub store_control: Control,
    pub tiktok_options: tiktok::Options,
    /// The shop on TikTok Shop.
    pub shop_id: String,
    pub shop_cipher: String,
}

impl Sandboxes {
    /// Starts both on free ports, seen from the seller's first shop.
    ///
    /// # Errors
    /// When a server cannot be started.
    pub async fn start(
        tiktok_options: tiktok::Options,
        prestashop_options: prestashop::Options,
    ) -> Result<Self> {
        let channel = Arc::new(tiktok::start(tiktok_options.clone())?);
        Self::of_shop(0, channel, tiktok_options, prestashop_options).await
    }

    /// The seller's second shop on the same TikTok Shop, with a store of its own.
    ///
    /// # Errors
    /// When there is no such shop, or the store cannot be started.
    pub async fn of_second_shop(&self, prestashop_options: prestashop::Options) -> Result<Self> {
        let channel = Arc::clone(&self.channel);
        Self::of_shop(1, channel, self.tiktok_options.clone(), prestashop_options).await
    }

    async fn of_shop(
        number: usize,
        channel: Arc<tiktok::Running>,
        tiktok_options: tiktok::Options,
        prestashop_options: prestashop::Options,
    ) -> Result<Self> {
        let store = prestashop::start(prestashop_options).await?;
        let channel_control = Control::new(&channel.control_url);
        let world = channel_control.get("").await?;
        let shop = &world["shops"][number];
        let text = |value: &Value| value.as_str().map(str::to_owned).context("there is no such shop");
        Ok(Self {
            channel_control,
            store_control: Control::new(&store.control_url),
            channel,
            store,
            tiktok_options,
            shop_id: text(&shop["id"])?,
            shop_cipher: text(&shop["cipher"])?,
        })
    }

    /// Places random orders and returns their ids.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn place_random(&self, count: u32, seed: u64, mix: &str) -> Result<Vec<String>> {
        self.place(&json!({ "count": count, "seed": seed, "mix": mix })).await
    }

    /// Places orders as the control API describes, in this shop unless it names one, and returns their ids.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn place(&self, body: &Value) -> Result<Vec<String>> {
        let mut body = body.clone();
        if body.get("shop_id").is_none() {
            body["shop_id"] = json!(self.shop_id);
        }
        let placed = self.channel_control.post("/orders", &body).await?;
        let ids = placed["ids"].as_array().context("no ids")?;
        Ok(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The seller's shops on TikTok Shop.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn shop_ids(&self) -> Result<Vec<String>> {
        let world = self.channel_control.get("").await?;
        let shops = world["shops"].as_array().context("no list of shops")?;
        Ok(shops.iter().filter_map(|shop| Some(shop["id"].as_str()?.to_owned())).collect())
    }

    /// What TikTok Shop's sandbox knows of every order of the shop.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn channel_orders(&self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/orders?limit=500&shop_id={}&after={after}", self.shop_id);
            let page = self.channel_control.get(&path).await?;
            let orders = page["orders"].as_array().context("no orders")?;
            let Some(last) = orders.last() else { return Ok(all) };
            after = last["id"].as_str().context("no id")?.to_owned();
            all.extend(orders.iter().cloned());
        }
    }

    /// What PrestaShop's sandbox keeps of every order.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn store_orders(&self) -> Result<Vec<Value>> {
        let orders = self.store_control.get("/orders").await?;
        Ok(orders.as_array().context("no orders")?.clone())
    }

    /// The store orders that carry the key of a TikTok order.
    ///
    /// # Errors
    /// When the sandbox does not answer.
    pub async fn store_orders_of(&self, tiktok_order_id: &str) -> Result<Vec<Value>> {
        let key = format!("tiktok:{tiktok_order_id}");
        Ok(self
            .store_orders()
            .await?
            .into_iter()
            .filter(|order| order["gift_message"] == key.as_str())
            .collect())
    }

    /// Makes the store go wrong.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn break_store(&self, fault: &Value) -> Result<()> {
        self.store_control.post("/faults", fault).await.map(drop)
    }

    /// Makes TikTok Shop go wrong.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn break_channel(&self, fault: &Value) -> Result<()> {
        self.channel_control.post("/faults", fault).await.map(drop)
    }
}
