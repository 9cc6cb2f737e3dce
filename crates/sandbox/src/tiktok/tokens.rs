//! Consent, codes and tokens: who may act for the seller, and for how long.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::{SeedableRng, seq::IndexedRandom};
use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::call::Call;
use super::reply::Reply;
use super::switches::Consent;
use super::webhooks::Event;
use super::world::World;

const CODE_LIFE_S: i64 = 30 * 60;
const ACCESS_TOKEN_LIFE_S: i64 = 7 * 86_400;
/// About the year 2125: as long as the authorization that the seller granted; more than 32 bits.
const REFRESH_TOKEN_EXPIRES_AT: i64 = 4_903_858_076;

/// Every scope that an endpoint of this server asks for.
pub const ALL_SCOPES: &[&str] = &[
    "seller.authorization.info",
    "seller.order.info",
    "seller.order.ext_ref.write",
    "seller.order.ext_ref.read",
    "seller.fulfillment.basic",
    "seller.fulfillment.package.write",
    "seller.logistics",
    "seller.return_refund.basic",
];

/// What one seller has allowed the app to do.
#[derive(Clone)]
pub struct Grant {
    pub shop_ids: Vec<String>,
    pub scopes: Vec<String>,
    open_id: String,
    access_tokens: BTreeMap<String, i64>,
    refresh_tokens: Vec<String>,
    pub is_revoked: bool,
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Grant")
            .field("shop_ids", &self.shop_ids)
            .field("scopes", &self.scopes)
            .field("is_revoked", &self.is_revoked)
            .finish_non_exhaustive()
    }
}

/// All grants, and the codes that may still become one.
pub struct Grants {
    grants: Vec<Grant>,
    /// Code, shops that it stands for, and until when it works.
    codes: BTreeMap<String, (Vec<String>, i64)>,
    /// Scopes of the app: a new grant gets these.
    pub app_scopes: Vec<String>,
    random: StdRng,
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Grants").field("grants", &self.grants).finish_non_exhaustive()
    }
}

/// A fresh pair of tokens.
#[derive(Clone)]
pub struct Pair {
    pub access_token: String,
    pub access_token_expires_at: i64,
    pub refresh_token: String,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    Good(usize),
    Expired,
    Unknown,
}

impl Grants {
    /// No grants; token texts depend on the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            grants: Vec::new(),
            codes: BTreeMap::new(),
            app_scopes: ALL_SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            random: StdRng::seed_from_u64(seed ^ 0x7073_6575_646f),
        }
    }

    /// Makes a code that works once, for half an hour.
    pub fn issue_code(&mut self, shop_ids: Vec<String>, now: i64) -> String {
        let code = self.random_text("GCP_", 32);
        self.add_code(code.clone(), shop_ids, now + CODE_LIFE_S);
        code
    }

    /// Makes a code of the caller's choice work once.
    pub fn add_code(&mut self, code: String, shop_ids: Vec<String>, until: i64) {
        self.codes.insert(code, (shop_ids, until));
    }

    /// Opens a grant without any code.
    pub fn open(&mut self, shop_ids: Vec<String>, region: &str, now: i64) -> (usize, Pair) {
        let open_id = (7_010_736_057_180_325_637 + self.grants.len() as u64).to_string();
        let scopes = self.app_scopes.clone();
        self.grants.push(Grant {
            shop_ids,
            scopes,
            open_id,
            access_tokens: BTreeMap::new(),
            refresh_tokens: Vec::new(),
            is_revoked: false,
        });
        let index = self.grants.len() - 1;
        let pair = self.new_pair(index, region, now, true);
        (index, pair)
    }

    /// Makes every pair that was given out invalid.
    fn invalidate(&mut self) {
        for grant in &mut self.grants {
            grant.access_tokens.clear();
            grant.refresh_tokens.clear();
        }
    }

    /// The grant with this number.
    pub fn grant(&self, index: usize) -> Option<&Grant> {
        self.grants.get(index)
    }

    /// All grants.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Grant> {
        self.grants.iter_mut()
    }

    /// What an access token is worth now.
    pub fn check(&self, token: &str, now: i64) -> TokenState {
        let found = self.grants.iter().enumerate().find_map(|(index, grant)| {
            grant.access_tokens.get(token).map(|expires_at| (index, grant, *expires_at))
        });
        match found {
            Some((_, grant, _)) if grant.is_revoked => TokenState::Unknown,
            Some((_, _, expires_at)) if expires_at <= now => TokenState::Expired,
            Some((index, _, _)) => TokenState::Good(index),
            None => TokenState::Unknown,
        }
    }

    /// Makes every access token expire now.
    pub fn expire_access_tokens(&mut self, now: i64) {
        for expires_at in self.grants.iter_mut().flat_map(|grant| grant.access_tokens.values_mut()) {
            *expires_at = (*expires_at).min(now);
        }
    }

    /// The newest pair of each grant that is in force.
    pub fn current(&self) -> Vec<(usize, Pair)> {
        self.grants
            .iter()
            .enumerate()
            .filter(|(_, grant)| !grant.is_revoked)
            .filter_map(|(index, grant)| {
                let (token, expires_at) =
                    grant.access_tokens.iter().max_by_key(|(_, expires_at)| **expires_at)?;
                let pair = Pair {
                    access_token: token.clone(),
                    access_token_expires_at: *expires_at,
                    refresh_token: grant.refresh_tokens.last()?.clone(),
                };
                Some((index, pair))
            })
            .collect()
    }

    fn redeem(&mut self, code: &str, now: i64) -> Option<Vec<String>> {
        self.codes.remove(code).filter(|(_, until)| now < *until).map(|(shop_ids, _)| shop_ids)
    }

    fn of_refresh_token(&self, token: &str) -> Option<usize> {
        self.grants
            .iter()
            .position(|grant| !grant.is_revoked && grant.refresh_tokens.iter().any(|known| known == token))
    }

    fn new_pair(&mut self, index: usize, region: &str, now: i64, invalidates_old: bool) -> Pair {
        let prefix = match region {
            "US" => "TTP_",
            "GB" => "ROW_",
            _ => "GCP_",
        };
        let pair = Pair {
            access_token: self.random_text(prefix, 48),
            access_token_expires_at: now + ACCESS_TOKEN_LIFE_S,
            refresh_token: self.random_text(prefix, 48),
        };
        let grant = &mut self.grants[index];
        if invalidates_old {
            grant.access_tokens.clear();
            grant.refresh_tokens.clear();
        }
        grant.access_tokens.insert(pair.access_token.clone(), pair.access_token_expires_at);
        grant.refresh_tokens.push(pair.refresh_token.clone());
        pair
    }

    fn random_text(&mut self, prefix: &str, length: usize) -> String {
        const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        let random = &mut self.random;
        let signs = (0..length).map(|_| char::from(*SIGNS.choose(random).expect("signs to choose from")));
        format!("{prefix}{}", signs.collect::<String>())
    }
}

/// The answer of the token host for a pair.
fn pair_json(world: &World, index: usize, pair: &Pair) -> Value {
    let grant = world.grants.grant(index);
    let shop = grant.and_then(|grant| world.shop(grant.shop_ids.first()?));
    json!({
        "access_token": pair.access_token, "access_token_expire_in": pair.access_token_expires_at,
        "refresh_token": pair.refresh_token, "refresh_token_expire_in": REFRESH_TOKEN_EXPIRES_AT,
        "open_id": grant.map_or("", |grant| &grant.open_id),
        "seller_name": shop.map_or("", |shop| &shop.name),
        "seller_base_region": shop.map_or("", |shop| &shop.region),
        "user_type": 0,
        "granted_scopes": grant.map(|grant| grant.scopes.clone()).unwrap_or_default(),
    })
}

/// `GET /api/v2/token/get` and `GET /api/v2/token/refresh`; errors come with HTTP 200 and without `data`.
pub fn serve(world: &mut World, path: &str, query: &BTreeMap<String, String>, now: i64) -> Reply {
    let value = |name: &str| query.get(name).map_or("", String::as_str);
    let request_id = world.next_request_id(now);
    if value("app_key") != world.settings.app_key || value("app_secret") != world.settings.app_secret {
        return refusal(36_009_004, "Invalid credentials. Invalid 'app_key' or 'app_secret'.", &request_id);
    }
    let pair = if path.ends_with("/get") {
        if value("grant_type") != "authorized_code" {
            return refusal(36_009_004, "Invalid 'grant_type' query parameter.", &request_id);
        }
        world.grants.redeem(value("auth_code"), now).map(|shop_ids| {
            let region =
                shop_ids.first().and_then(|id| world.shop(id)).map_or("FR", |shop| &shop.region).to_owned();
            if world.switches.authorization_invalidates_old {
                world.grants.invalidate();
            }
            world.grants.open(shop_ids, &region, now)
        })
    } else {
        if value("grant_type") != "refresh_token" {
            return refusal(36_009_004, "Invalid 'grant_type' query parameter.", &request_id);
        }
        world.grants.of_refresh_token(value("refresh_token")).map(|index| {
            let invalidates_old = world.switches.refresh_invalidates_old;
            let region = world
                .grants
                .grant(index)
                .and_then(|grant| world.shop(grant.shop_ids.first()?))
                .map_or("FR", |shop| &shop.region)
                .to_owned();
            (index, world.grants.new_pair(index, &region, now, invalidates_old))
        })
    };
    match pair {
        Some((index, pair)) => {
            let data = pair_json(world, index, &pair);
            Reply::json(
                200,
                &json!({ "code": 0, "message": "success", "data": data, "request_id": request_id }),
            )
        }
        None if path.ends_with("/get") => refusal(36_004_004, "invalid auth code", &request_id),
        None => refusal(36_004_005, "can not find related auth record", &request_id),
    }
}

fn refusal(code: i64, message: &str, request_id: &str) -> Reply {
    Reply::json(200, &json!({ "code": code, "message": message, "request_id": request_id }))
}

/// The consent page, `/open/authorize?service_id=` or the older `/oauth/authorize?app_key=`.
pub fn consent(world: &mut World, path: &str, query: &BTreeMap<String, String>, now: i64) -> Reply {
    let value = |name: &str| query.get(name).map(String::as_str);
    let knows_app = if path.starts_with("/oauth/") {
        value("app_key") == Some(&world.settings.app_key)
    } else {
        value("service_id") == Some(&world.settings.service_id)
    };
    if !knows_app {
        return Reply::html(400, "<!doctype html><title>TikTok Shop</title><p>This app does not exist.</p>");
    }
    let choice = match value("choice") {
        Some("grant") => Consent::Grant,
        Some("deny") => Consent::Deny,
        _ => world.switches.consent,
    };
    let state = value("state").unwrap_or_default().to_owned();
    match choice {
        Consent::Ask => consent_page(path, query),
        Consent::Grant => {
            let shop_ids: Vec<String> = world.shops.iter().map(|shop| shop.id.clone()).collect();
            let code = world.grants.issue_code(shop_ids, now);
            let region = world.shops.first().map_or("FR", |shop| &shop.region).to_owned();
            let app_key = world.settings.app_key.clone();
            let extra = [("app_key", app_key.as_str()), ("locale", "en"), ("shop_region", region.as_str())];
            back_to_app(world, &[("code", code.as_str()), ("state", &state)], &extra)
        }
        Consent::Deny => {
            back_to_app(world, &[("code", "null"), ("error", "auth_denied"), ("state", &state)], &[])
        }
    }
}

fn back_to_app(world: &World, parameters: &[(&str, &str)], extra: &[(&str, &str)]) -> Reply {
    let Ok(mut url) = url::Url::parse(&world.switches.redirect_url) else {
        return Reply::html(
            500,
            "<!doctype html><title>TikTok Shop</title><p>The redirect URL is not valid.</p>",
        );
    };
    for (name, value) in parameters.iter().chain(extra) {
        // A seller who came from the App Store brings no state back.
        if *name != "state" || !value.is_empty() {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    Reply::redirect(url.as_str())
}

fn consent_page(path: &str, query: &BTreeMap<String, String>) -> Reply {
    let link = |choice: &str| {
        let pairs = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.chain([("choice", choice)]))
            .finish();
        format!("{path}?{}", query.replace('&', "&amp;"))
    };
    Reply::html(
        200,
        &format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Authorize app</title>\
             <h1>Authorize this app?</h1><p>It will read and ship the orders of your shop.</p>\
             <p><a href=\"{}\">Authorize</a> · <a href=\"{}\">Cancel</a></p></html>",
            link("grant"),
            link("deny"),
        ),
    )
}

/// `GET /authorization/202309/shops`.
pub fn list_shops(world: &mut World, call: &Call) -> Answer {
    let grant = world.grants.grant(call.grant).ok_or_else(ApiError::internal)?;
    let rows: Vec<Value> = world
        .shops
        .iter()
        .filter(|shop| grant.shop_ids.contains(&shop.id))
        .map(|shop| {
            json!({
                "id": shop.id, "name": shop.name, "region": shop.region, "seller_type": "LOCAL",
                "cipher": shop.cipher, "code": shop.code,
            })
        })
        .collect();
    Ok(json!({ "shops": rows }))
}

impl World {
    /// The seller takes the permission back: tokens die, and the app is told.
    pub fn revoke_grants(&mut self, now: i64) {
        let shop_ids: Vec<String> = self
            .grants
            .all_mut()
            .filter(|grant| !grant.is_revoked)
            .flat_map(|grant| {
                grant.is_revoked = true;
                grant.shop_ids.clone()
            })
            .collect();
        for shop_id in shop_ids {
            self.notify(&shop_id, &Event::Deauthorized, now);
        }
    }

    /// A new `request_id`: time and number, as long as real ones.
    pub fn next_request_id(&mut self, now: i64) -> String {
        self.requests += 1;
        let time = chrono::DateTime::from_timestamp(now, 0).unwrap_or_default();
        format!("{}{:018X}", time.format("%Y%m%d%H%M%S"), self.requests)
    }

    /// A random token text of another kind, such as a shop's cipher.
    pub fn random_cipher(random: &mut StdRng, region: &str) -> String {
        let prefix = if region == "GB" { "ROW_" } else { "GCP_" };
        let number: u128 = random.random();
        format!("{prefix}{}", hex::encode(number.to_be_bytes()))
    }
}
