//! A caller that signs by itself, straight into the gateway.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::tiktok::gateway::{self, Incoming, Moment};
use crate::tiktok::placing::PlaceRequest;
use crate::tiktok::reply::Reply;
use crate::tiktok::switches::Switches;
use crate::tiktok::world::{Settings, Shop, World};

pub const APP_KEY: &str = "29a39d";
pub const APP_SECRET: &str = "e59af819cc";
pub const START: i64 = 1_790_000_000;

/// A world, a clock, and a token for its shop.
pub struct Caller {
    pub world: World,
    pub now: i64,
    pub token: String,
    pub refresh_token: String,
    pub cipher: String,
}

impl Caller {
    pub fn in_market(region: &str) -> Self {
        let settings = Settings {
            app_key: APP_KEY.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            service_id: "7200".to_owned(),
            packages_from_payment: None,
            seed: 1,
        };
        let cipher = World::random_cipher(&mut StdRng::seed_from_u64(1), region);
        let shop = Shop {
            id: "7493999789368181917".to_owned(),
            name: "Harbour Goods".to_owned(),
            region: region.to_owned(),
            cipher: cipher.clone(),
            code: "FRLC1".to_owned(),
            currency: if region == "US" { "USD" } else { "EUR" },
        };
        let shop_ids = vec![shop.id.clone()];
        let mut world = World::new(settings, Switches::default(), vec![shop]);
        let (_, pair) = world.grants.open(shop_ids, region, START);
        Self { world, now: START, token: pair.access_token, refresh_token: pair.refresh_token, cipher }
    }

    /// Places one order of the shape and answers its id.
    pub fn place(&mut self, shape: &str) -> String {
        self.place_with(&json!({ "shapes": [shape] })).remove(0)
    }

    pub fn place_with(&mut self, request: &Value) -> Vec<String> {
        let mut request: PlaceRequest = serde_json::from_value(request.clone()).unwrap();
        request.seed = request.seed.or(Some(7));
        self.world.place_requested(&request, self.now).unwrap()
    }

    pub fn line_ids(&self, order_id: &str) -> Vec<String> {
        self.world.orders[order_id].lines.iter().map(|line| line.id.clone()).collect()
    }

    pub fn change_switches(&mut self, changes: Value) {
        self.world.switches = self.world.switches.with(changes).unwrap();
    }

    /// A signed call of this shop with everything as it should be.
    pub fn incoming(&self, method: &str, path: &str, query: &[(&str, &str)], body: &str) -> Incoming {
        let mut all: BTreeMap<String, String> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert("app_key".to_owned(), APP_KEY.to_owned());
        all.insert("timestamp".to_owned(), self.now.to_string());
        if !path.starts_with("/authorization/") {
            all.insert("shop_cipher".to_owned(), self.cipher.clone());
        }
        let mut incoming = Incoming {
            method: method.to_owned(),
            path: path.to_owned(),
            query: all,
            media_type: Some("application/json".to_owned()),
            access_token: Some(self.token.clone()),
            body: body.as_bytes().to_vec(),
        };
        sign(&mut incoming);
        incoming
    }

    pub fn send(&mut self, incoming: &Incoming) -> Reply {
        let moment = Moment { now: self.now, machine: self.now };
        gateway::serve(&mut self.world, incoming, moment, "http://127.0.0.1:1").reply
    }

    /// Sends a right call and answers the whole JSON.
    pub fn call(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let incoming = self.incoming(method, path, query, &body);
        json_of(&self.send(&incoming))
    }

    /// Sends a right call that must succeed and answers `data`.
    pub fn data(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> Value {
        let mut answer = self.call(method, path, query, body);
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer["data"].take()
    }

    /// Sends a right call that must be refused and answers the code.
    pub fn code(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> i64 {
        self.call(method, path, query, body)["code"].as_i64().unwrap()
    }

    pub fn read(&mut self, order_id: &str) -> Value {
        self.data("GET", "/order/202507/orders", &[("ids", order_id)], &Value::Null)["orders"][0].take()
    }

    pub fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Value {
        let incoming = Incoming {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            media_type: None,
            access_token: None,
            body: Vec::new(),
        };
        json_of(&self.send(&incoming))
    }

    /// Lets the business clock and the machine's go on.
    pub fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        self.world.advance(self.now);
    }
}

/// Signs the call as its parts are now; written anew here, so that it does not follow a mistake of the server.
pub fn sign(incoming: &mut Incoming) {
    let mut text = incoming.path.clone();
    for (name, value) in incoming.query.iter().filter(|(name, _)| *name != "sign" && *name != "access_token")
    {
        text.push_str(name);
        text.push_str(value);
    }
    text.push_str(std::str::from_utf8(&incoming.body).unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(format!("{APP_SECRET}{text}{APP_SECRET}").as_bytes());
    incoming.query.insert("sign".to_owned(), hex::encode(mac.finalize().into_bytes()));
}

pub fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}
