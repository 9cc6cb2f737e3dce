//! The state of the shop that a recording needs, and that calls in between made which were not recorded.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Value as JsonValue, json};

use super::line::{Line, Request};
use super::plan::{CartPlan, RecordedOrder, body_id, carrier_of_order, recorded_id, state_change};
use super::recording::{Message, Recording, Reply};
use crate::prestashop::xml;
use crate::prestashop::{FULL_KEY, Version};

/// Ids of the things that an order is made from.
#[derive(Debug, Clone, Copy)]
struct Basket {
    customer: u64,
    address: u64,
    cart: u64,
}

/// Makes and undoes what recordings need.
#[derive(Debug)]
pub struct Conditions {
    line: Line,
    version: Version,
    /// Carrier of an order as a recorded answer shows it.
    recorded_carriers: BTreeMap<u64, u64>,
    /// What was ordered from a cart, as the recorded answer shows it.
    recorded_orders: BTreeMap<u64, RecordedOrder>,
    /// Orders and the states that recorded requests move them to.
    recorded_states: Vec<(u64, u64)>,
    made_customers: u32,
    /// The cart that a message was left on; the recordings order it without recording that.
    cart_with_message: Option<Basket>,
}

impl Conditions {
    /// Conditions for a shop.
    pub fn new(shop_url: &str, version: Version, recordings: &[Recording]) -> anyhow::Result<Self> {
        let recorded_carriers = recordings.iter().filter_map(carrier_of_order).collect();
        Ok(Self {
            line: Line::new(shop_url)?,
            version,
            recorded_carriers,
            recorded_orders: recordings.iter().filter_map(RecordedOrder::from).collect(),
            recorded_states: recordings.iter().filter_map(state_change).collect(),
            made_customers: 0,
            cart_with_message: None,
        })
    }

    /// The line to the shop.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Lets orders take their time, so that simultaneous ones overlap.
    pub async fn slow_down_orders(&self) -> anyhow::Result<()> {
        self.control("PATCH", "settings", json!({ "order_post_ms": 400, "invoice_race_ms": 0 }))
            .await
            .map(drop)
    }

    /// Lets orders be made at once again.
    pub async fn speed_up_orders(&self) -> anyhow::Result<()> {
        self.control("PATCH", "settings", json!({ "order_post_ms": 0 })).await.map(drop)
    }

    /// Brings the shop into the state that a recording was made in.
    pub async fn before(&mut self, recording: &Recording) -> anyhow::Result<()> {
        self.make_what_is_named(recording).await?;
        match recording.number {
            637 => self.set_stock(1).await?,
            638 => self.set_stock(0).await?,
            639 if recording.method == "POST" => {
                self.set_stock(0).await?;
                self.configure("PS_ENABLE_BACKORDER_STATUS", "1").await?;
            }
            640 if recording.method == "POST" => {
                self.set_stock(300).await?;
                self.change("products", 1, json!({ "active": 0 })).await?;
            }
            641 if recording.method == "POST" => {
                self.change("products", 1, json!({ "available_for_order": 0 })).await?;
            }
            642 if recording.method == "POST" => {
                self.change("products", 1, json!({ "minimal_quantity": 10 })).await?;
            }
            645 if recording.method == "POST" => {
                self.change("groups", 2, json!({ "reduction": "10" })).await?
            }
            648 if recording.method == "POST" => self.set_ecotax("1").await?,
            721 => self.make_orders_up_to(39).await?,
            745 => self.enter_state(41, 3).await?,
            757 => self.patch("orders", 42, "order", "<shipping_number>T2</shipping_number>").await?,
            800 => self.switch("webservice_enabled", false).await?,
            801 => self.configure("PS_SHOP_ENABLE", "0").await?,
            810 => self.switch("debug_mode", true).await?,
            820 => self.switch("invoice_pdf_broken", true).await?,
            830 | 832 => self.switch("reports_deprecations", true).await?,
            _ => {}
        }
        if recording.method == "POST" && recording.reply.status == 201 {
            self.skip_to_recorded_ids(recording).await?;
        }
        Ok(())
    }

    /// The reference of an order that a recorded request asks for, and the one that it has in this shop.
    pub async fn reference_asked_for(
        &self,
        recording: &Recording,
    ) -> anyhow::Result<Option<(String, String)>> {
        let recorded = recording
            .target
            .split_once("filter[order_reference]=")
            .map(|(_, rest)| rest.split('&').next().unwrap_or_default().to_owned());
        let Some(recorded) = recorded.filter(|reference| !reference.is_empty()) else { return Ok(None) };
        let Ok(root) = xml::parse(&recording.reply.message.body) else { return Ok(None) };
        let payment = root.children.first().and_then(|list| list.children.first());
        let Some(id) = payment.and_then(|payment| payment.child_text("id")) else { return Ok(None) };
        let reply = self.call("GET", &format!("order_payments/{id}"), String::new()).await?;
        let replayed = xml::parse(&reply.message.body).ok().and_then(|root| {
            root.children.first().and_then(|payment| payment.child_text("order_reference")).map(str::to_owned)
        });
        Ok(replayed.map(|replayed| (recorded, replayed)))
    }

    /// Takes back what was only meant for one recording.
    pub async fn after(&mut self, recording: &Recording) -> anyhow::Result<()> {
        match recording.number {
            639 => self.configure("PS_ENABLE_BACKORDER_STATUS", "0").await,
            640 => self.change("products", 1, json!({ "active": 1 })).await,
            641 => self.change("products", 1, json!({ "available_for_order": 1 })).await,
            642 => self.change("products", 1, json!({ "minimal_quantity": 1 })).await,
            645 => self.change("groups", 2, json!({ "reduction": "0" })).await,
            648 => self.set_ecotax("0").await,
            800 => self.switch("webservice_enabled", true).await,
            801 => self.configure("PS_SHOP_ENABLE", "1").await,
            810 => self.switch("debug_mode", false).await,
            820 => self.switch("invoice_pdf_broken", false).await,
            830 | 832 => self.switch("reports_deprecations", false).await,
            _ => Ok(()),
        }
    }

    /// Makes orders, carts, addresses and customers that a request names and that nobody recorded making.
    async fn make_what_is_named(&mut self, recording: &Recording) -> anyhow::Result<()> {
        let resource = recording.resource();
        if resource == "order_histories"
            && recording.reply.status == 201
            && let Some(order) = body_id(&recording.request, "id_order")
        {
            self.make_orders_up_to(order).await?;
        }
        if resource == "orders"
            && recording.reply.status == 200
            && recording.method != "POST"
            && let Some(order) = recording.id()
        {
            self.make_orders_up_to(order).await?;
        }
        if recording.method == "POST" && recording.target.contains("ps_method") {
            self.make_orders_up_to(recording.id().unwrap_or(0)).await?;
        }
        if recording.method == "DELETE" && recording.reply.status == 200 {
            let id = recording.id().unwrap_or(0);
            match resource {
                "carts" => drop(self.make_basket(None, None, Some(id), &CartPlan::default()).await?),
                "customers" => drop(self.make_customer(Some(id)).await?),
                _ => {}
            }
        }
        let makes_order = recording.method == "POST"
            && resource == "orders"
            && recording.number >= 500
            && !recording.target.contains("ps_method");
        let uses_cart = makes_order || matches!(resource, "specific_prices" | "messages");
        if uses_cart && recording.method == "POST" && recording.number >= 500 {
            let made_later = body_id(&recording.request, "id_cart")
                .and_then(|cart| self.recorded_orders.get(&cart))
                .map(|ordered| ordered.id);
            if let Some(order) = recorded_id(&recording.reply).filter(|_| makes_order).or(made_later) {
                // Of orders that were made at once any may be the first.
                let earliest = if recording.name.starts_with("concurrent-") { 34 } else { order };
                self.make_orders_up_to(earliest.saturating_sub(1)).await?;
            }
            self.make_cart_of(recording).await?;
        }
        if recording.number == 810 {
            // The order that the recorded request tries to make a second time.
            let basket = named_basket(&recording.request).context("the request names no cart")?;
            self.order(basket, "54.29").await?;
        }
        Ok(())
    }

    async fn make_cart_of(&mut self, recording: &Recording) -> anyhow::Result<()> {
        let Some(cart) = body_id(&recording.request, "id_cart") else { return Ok(()) };
        if self.exists("carts", cart).await? {
            return Ok(());
        }
        let plan = self.plan_for(recording);
        // Only 651 orders somebody else's cart.
        let customer = body_id(&recording.request, "id_customer")
            .filter(|customer| *customer != 0 && recording.number != 651);
        let address = body_id(&recording.request, "id_address_delivery");
        let basket = self.make_basket(customer, address, Some(cart), &plan).await?;
        if recording.resource() == "messages" {
            self.cart_with_message = Some(basket);
        }
        Ok(())
    }

    /// The cart that a recording was made with, as far as its number, name and answer tell.
    fn plan_for(&self, recording: &Recording) -> CartPlan {
        let mut plan = CartPlan::default();
        let ordered = body_id(&recording.request, "id_cart").and_then(|cart| self.recorded_orders.get(&cart));
        if let Some(ordered) = ordered {
            plan.rows.clone_from(&ordered.rows);
        }
        let carrier = ordered.and_then(|ordered| self.recorded_carriers.get(&ordered.id));
        if let Some(carrier) = carrier.filter(|carrier| **carrier != 0) {
            plan.delivery_option = Some(format!("{{\"{{address}}\":\"{carrier},\"}}"));
        }
        match recording.number {
            628 => plan.delivery_option = None,
            629 => plan.delivery_option = Some("{\"{address}\":\"3,\"}".to_owned()),
            630 => plan.delivery_option = Some("not json".to_owned()),
            631 => plan.rows = vec![(9999, 0, 1)],
            632 => plan.rows.push((9999, 0, 1)),
            643 => plan.country = 1,
            644 => plan.country = 21,
            700..=703 => plan.gift_message = Some("tiktok:conc"),
            740 => plan.pinned = ordered.map_or_else(Vec::new, |ordered| ordered.net_prices.clone()),
            820 => plan.gift_message = Some("tiktok:pdf"),
            832 => plan.gift_message = Some("tiktok:deprec"),
            _ => {}
        }
        plan
    }

    /// Makes orders until one with this id exists.
    async fn make_orders_up_to(&mut self, order: u64) -> anyhow::Result<()> {
        while self.next_id("orders").await? <= order {
            let next = self.next_id("orders").await?;
            self.make_hidden_order(next).await?;
        }
        Ok(())
    }

    /// Makes the order that the recordings left out under this id, with what was done to it.
    async fn make_hidden_order(&mut self, id: u64) -> anyhow::Result<()> {
        let mut plan = CartPlan::default();
        let mut paid = "54.29";
        match id {
            // Paid too little, as was another one by a cent.
            10 => paid = "1.00",
            12 => paid = "54.28",
            // A combination of another product, which costs nothing.
            20 => plan.rows = vec![(1, 9, 1)],
            // To a country without tax.
            27 => {
                plan.country = 21;
                paid = "45.24";
            }
            // With ecotax on top of what was paid.
            31 => paid = "1.00",
            _ => {}
        }
        let basket = match self.cart_with_message.take_if(|_| id == 39) {
            Some(basket) => basket,
            None => self.make_basket(None, None, None, &plan).await?,
        };
        self.order(basket, paid).await?;
        if id == 9 {
            for state in [4, 6] {
                if !self.recorded_states.contains(&(id, state)) {
                    self.enter_state(id, state).await?;
                }
            }
        }
        Ok(())
    }

    async fn make_customer(&mut self, id: Option<u64>) -> anyhow::Result<u64> {
        if let Some(id) = id {
            if self.exists("customers", id).await? {
                return Ok(id);
            }
            self.skip_to("customers", id).await?;
        }
        self.made_customers += 1;
        let body = format!(
            "<customer><id_lang>1</id_lang><lastname>Buyer</lastname><firstname>Tess</firstname>\
             <email>unrecorded-{}@buyer.example.com</email><passwd>xxxxxxxxxxxxAa1!</passwd><active>1</active>\
             <is_guest>1</is_guest><id_default_group>2</id_default_group></customer>",
            self.made_customers
        );
        self.create("customers", &body).await
    }

    async fn make_basket(
        &mut self,
        customer: Option<u64>,
        address: Option<u64>,
        cart: Option<u64>,
        plan: &CartPlan,
    ) -> anyhow::Result<Basket> {
        let customer = self.make_customer(customer).await?;
        let address = match address {
            Some(address) if self.exists("addresses", address).await? => address,
            _ => {
                self.skip_to("addresses", address.unwrap_or(0)).await?;
                let body = format!(
                    "<address><id_customer>{customer}</id_customer><id_country>{}</id_country><alias>TikTok</alias>\
                     <lastname>Buyer</lastname><firstname>Tess</firstname><address1>10 rue de la Paix</address1>\
                     <postcode>75002</postcode><city>Paris</city><phone>+33102030405</phone></address>",
                    plan.country
                );
                self.create("addresses", &body).await?
            }
        };
        if let Some(cart) = cart {
            self.skip_to("carts", cart).await?;
        }
        let rows: String = plan
            .rows
            .iter()
            .map(|(product, combination, pieces)| {
                format!(
                    "<cart_row><id_product>{product}</id_product>\
                     <id_product_attribute>{combination}</id_product_attribute>\
                     <id_address_delivery>{address}</id_address_delivery><quantity>{pieces}</quantity></cart_row>"
                )
            })
            .collect();
        let option = plan.delivery_option.as_ref().map_or_else(String::new, |option| {
            let option = option.replace("{address}", &address.to_string());
            format!("<delivery_option><![CDATA[{option}]]></delivery_option>")
        });
        let key = plan
            .gift_message
            .map_or_else(String::new, |key| format!("<gift_message><![CDATA[{key}]]></gift_message>"));
        let body = format!(
            "<cart><id_currency>1</id_currency><id_lang>1</id_lang><id_customer>{customer}</id_customer>\
             <id_address_delivery>{address}</id_address_delivery><id_address_invoice>{address}</id_address_invoice>\
             <id_carrier>2</id_carrier><id_shop>1</id_shop><id_shop_group>1</id_shop_group>{option}{key}\
             <associations><cart_rows>{rows}</cart_rows></associations></cart>"
        );
        let cart = self.create("carts", &body).await?;
        for ((product, combination, _), net) in plan.rows.iter().zip(&plan.pinned) {
            let body = format!(
                "<specific_price><id_shop>1</id_shop><id_shop_group>0</id_shop_group><id_cart>{cart}</id_cart>\
                 <id_product>{product}</id_product><id_product_attribute>{combination}</id_product_attribute>\
                 <id_currency>1</id_currency><id_country>0</id_country><id_group>0</id_group>\
                 <id_customer>0</id_customer><price>{net}</price><from_quantity>1</from_quantity>\
                 <reduction>0.000000</reduction><reduction_tax>1</reduction_tax>\
                 <reduction_type>amount</reduction_type><from>0000-00-00 00:00:00</from>\
                 <to>0000-00-00 00:00:00</to></specific_price>"
            );
            self.create("specific_prices", &body).await?;
        }
        Ok(Basket { customer, address, cart })
    }

    async fn order(&self, basket: Basket, paid: &str) -> anyhow::Result<u64> {
        let Basket { customer, address, cart } = basket;
        let body = format!(
            "<order><id_address_delivery>{address}</id_address_delivery>\
             <id_address_invoice>{address}</id_address_invoice><id_cart>{cart}</id_cart>\
             <id_currency>1</id_currency><id_lang>1</id_lang><id_customer>{customer}</id_customer>\
             <id_carrier>2</id_carrier><module>ps_wirepayment</module><payment>TikTok Shop</payment>\
             <total_paid>{paid}</total_paid><total_paid_real>{paid}</total_paid_real>\
             <total_products>{paid}</total_products><total_products_wt>{paid}</total_products_wt>\
             <conversion_rate>1.000000</conversion_rate></order>"
        );
        self.create("orders", &body).await
    }

    async fn enter_state(&self, order: u64, state: u64) -> anyhow::Result<()> {
        let body = format!(
            "<order_history><id_order>{order}</id_order><id_order_state>{state}</id_order_state></order_history>"
        );
        self.create("order_histories", &body).await.map(drop)
    }

    async fn set_stock(&self, quantity: i64) -> anyhow::Result<()> {
        let change = json!({ "product": 1, "combination": 1, "quantity": quantity });
        self.control("POST", "stock", change).await.map(drop)
    }

    async fn set_ecotax(&self, amount: &str) -> anyhow::Result<()> {
        self.configure("PS_USE_ECOTAX", if amount == "0" { "0" } else { "1" }).await?;
        self.change("products", 1, json!({ "ecotax": amount })).await
    }

    async fn configure(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.control("PATCH", "configurations", json!({ name: value })).await.map(drop)
    }

    async fn switch(&self, name: &str, on: bool) -> anyhow::Result<()> {
        self.control("PATCH", "settings", json!({ name: on })).await.map(drop)
    }

    async fn change(&self, resource: &str, id: u64, fields: JsonValue) -> anyhow::Result<()> {
        self.control("PATCH", &format!("entities/{resource}/{id}"), fields).await.map(drop)
    }

    async fn next_id(&self, resource: &str) -> anyhow::Result<u64> {
        let next = self.control("POST", "next-ids", json!({})).await?;
        next[resource].as_u64().with_context(|| format!("no next id of {resource}"))
    }

    async fn skip_to(&self, resource: &str, id: u64) -> anyhow::Result<()> {
        self.control("POST", "next-ids", json!({ resource: id })).await.map(drop)
    }

    /// Leaves out the ids that unrecorded calls took before a recorded one.
    async fn skip_to_recorded_ids(&self, recording: &Recording) -> anyhow::Result<()> {
        let resource = recording.resource();
        if recording.name.starts_with("concurrent-") {
            return Ok(());
        }
        if let Some(id) = recorded_id(&recording.reply) {
            self.skip_to(resource, id).await?;
        }
        Ok(())
    }

    async fn control(&self, method: &str, path: &str, body: JsonValue) -> anyhow::Result<JsonValue> {
        let reply = self.line.send(&Request::json(method, &format!("/control/{path}"), &body)).await?;
        if reply.status >= 300 {
            bail!("control refused {method} {path} with {body}: {} {}", reply.status, reply.message.body);
        }
        Ok(serde_json::from_str(&reply.message.body).unwrap_or(JsonValue::Null))
    }

    async fn exists(&self, resource: &str, id: u64) -> anyhow::Result<bool> {
        let reply = self.call("GET", &format!("{resource}/{id}"), String::new()).await?;
        Ok(reply.status == 200)
    }

    async fn patch(&self, resource: &str, id: u64, node: &str, fields: &str) -> anyhow::Result<()> {
        let body = format!("<prestashop><{node}><id>{id}</id>{fields}</{node}></prestashop>");
        let reply = self.call("PATCH", &format!("{resource}/{id}"), body).await?;
        if reply.status != 200 {
            bail!("{resource}/{id} could not be changed: {}", reply.message.body);
        }
        Ok(())
    }

    async fn create(&self, resource: &str, entity: &str) -> anyhow::Result<u64> {
        let body = format!("<prestashop>{entity}</prestashop>");
        let reply = self.call("POST", resource, body).await?;
        recorded_id(&reply).with_context(|| {
            format!(
                "{resource} of {}: no entity was created: {} {}",
                self.version, reply.status, reply.message.body
            )
        })
    }

    async fn call(&self, method: &str, path: &str, body: String) -> anyhow::Result<Reply> {
        let target = format!("/api/{path}?ws_key={FULL_KEY}");
        self.line
            .send(&Request {
                method: method.to_owned(),
                target,
                message: Message { headers: Vec::new(), body },
            })
            .await
    }
}

fn named_basket(request: &Message) -> Option<Basket> {
    Some(Basket {
        customer: body_id(request, "id_customer")?,
        address: body_id(request, "id_address_delivery")?,
        cart: body_id(request, "id_cart")?,
    })
}
