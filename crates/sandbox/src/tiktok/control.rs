//! The control API under `/control`: what only a test or a demo may do. No signature, plain JSON.

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::control_orders;
use super::faults::Fault;
use super::gateway::Incoming;
use super::reply::Reply;
use super::server::Sandbox;
use super::shapes::Shape;
use super::webhooks::Event;

/// Why a control call failed: HTTP status and a sentence.
#[derive(Debug)]
pub struct ControlError {
    status: u16,
    message: String,
}

impl ControlError {
    /// What was asked for does not exist.
    pub fn not_found(what: &str) -> Self {
        Self { status: 404, message: format!("{what} not found") }
    }

    /// The body or a parameter does not fit.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    /// The order is not in a state for this.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self { status: 409, message: message.into() }
    }
}

/// What a control call answers.
pub type Control = Result<Value, ControlError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    /// Moves the business clock, also back.
    #[serde(default)]
    advance_seconds: i64,
    /// First puts the clock back to the machine's.
    #[serde(default)]
    reset: bool,
    /// Makes the gateway's own clock run ahead of the machine's by so much.
    #[serde(default)]
    gateway_ahead_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopesRequest {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetsRequest {
    targets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendRequest {
    r#type: u32,
    data: Value,
    #[serde(default)]
    shop_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrickleRequest {
    orders_per_minute: f64,
}

/// Answers a call under `/control`.
pub fn serve(sandbox: &Sandbox, incoming: &Incoming) -> Reply {
    let answer = dispatch(sandbox, incoming);
    sandbox.wake.notify_one();
    match answer {
        Ok(value) => Reply::json(200, &value),
        Err(error) => Reply::json(error.status, &json!({ "error": error.message })),
    }
}

fn dispatch(sandbox: &Sandbox, incoming: &Incoming) -> Control {
    let path: Vec<&str> = incoming.path.split('/').filter(|segment| !segment.is_empty()).skip(1).collect();
    match (incoming.method.as_str(), path.as_slice()) {
        ("GET", []) => Ok(summary(sandbox)),
        (_, ["orders", rest @ ..]) => control_orders::serve(sandbox, incoming, rest),
        ("GET", ["shapes"]) => {
            Ok(json!({ "shapes": Shape::all().iter().map(|s| s.tag()).collect::<Vec<_>>() }))
        }
        ("GET", ["clock"]) => Ok(clock_json(sandbox)),
        ("POST", ["clock"]) => move_clock(sandbox, &body(incoming)?),
        ("GET", ["switches"]) => Ok(json!(sandbox.world().switches)),
        ("PUT", ["switches"]) => change_switches(sandbox, body(incoming)?),
        ("GET", ["faults"]) => Ok(json!({ "faults": sandbox.world().faults.list() })),
        ("POST", ["faults"]) => {
            let fault: Fault = body(incoming)?;
            let id = sandbox.world().faults.add(fault).map_err(ControlError::invalid)?;
            Ok(json!({ "id": id }))
        }
        ("DELETE", ["faults"]) => {
            sandbox.world().faults.clear();
            Ok(json!({}))
        }
        ("GET", ["calls"]) => Ok(sandbox.world().calls.to_json(limit(incoming, 100))),
        ("DELETE", ["calls"]) => {
            sandbox.world().calls.clear();
            Ok(json!({}))
        }
        (_, ["webhooks", rest @ ..]) => webhooks(sandbox, incoming, rest),
        (_, ["tokens", rest @ ..]) => tokens(sandbox, incoming, rest),
        ("POST", ["authorize"]) => {
            let now = sandbox.moment().now;
            let mut world = sandbox.world();
            let shop_ids = world.shops.iter().map(|shop| shop.id.clone()).collect();
            Ok(json!({ "auth_code": world.grants.issue_code(shop_ids, now) }))
        }
        ("POST", ["scopes"]) => change_scopes(sandbox, &body(incoming)?),
        ("PUT", ["trickle"]) => {
            let request: TrickleRequest = body(incoming)?;
            if !(0.0..=6_000.0).contains(&request.orders_per_minute) {
                return Err(ControlError::invalid("orders_per_minute must be between 0 and 6000"));
            }
            sandbox.world().orders_per_minute = request.orders_per_minute;
            Ok(json!({}))
        }
        ("POST", ["pause"]) => {
            sandbox.world().is_paused = true;
            Ok(json!({ "is_paused": true }))
        }
        ("POST", ["resume"]) => {
            sandbox.world().is_paused = false;
            Ok(json!({ "is_paused": false }))
        }
        ("POST", ["reset"]) => {
            sandbox.reset();
            Ok(json!({}))
        }
        _ => Err(ControlError::not_found("this control call")),
    }
}

/// The body as the wanted type; an empty body counts as `{}`.
pub fn body<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, ControlError> {
    let bytes: &[u8] = if incoming.body.is_empty() { b"{}" } else { &incoming.body };
    serde_json::from_slice(bytes).map_err(|error| ControlError::invalid(error.to_string()))
}

/// The query parameter `limit`.
pub fn limit(incoming: &Incoming, default: usize) -> usize {
    incoming.query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn summary(sandbox: &Sandbox) -> Value {
    let clock = clock_json(sandbox);
    let world = sandbox.world();
    let mut by_status = std::collections::BTreeMap::<&str, usize>::new();
    for order in world.orders.values() {
        *by_status.entry(order.status.text()).or_default() += 1;
    }
    json!({
        "clock": clock,
        "is_paused": world.is_paused,
        "orders_per_minute": world.orders_per_minute,
        "app_key": world.settings.app_key,
        "service_id": world.settings.service_id,
        "shops": world.shops.iter().map(|shop| json!({
            "id": shop.id, "name": shop.name, "region": shop.region, "cipher": shop.cipher,
            "currency": shop.currency,
        })).collect::<Vec<_>>(),
        "orders": world.orders.len(),
        "orders_by_status": by_status,
        "cancellations": world.cancellations.len(),
        "webhooks_are_idle": world.outbox.is_idle(),
    })
}

fn clock_json(sandbox: &Sandbox) -> Value {
    let moment = sandbox.moment();
    json!({
        "business_time": moment.now,
        "machine_time": moment.machine,
        "ahead_seconds": sandbox.clock.offset().num_seconds(),
        "gateway_ahead_seconds": sandbox.world().switches.gateway_clock_ahead_s,
    })
}

fn move_clock(sandbox: &Sandbox, request: &ClockRequest) -> Control {
    if request.reset {
        sandbox.clock.advance(-sandbox.clock.offset());
    }
    let by = TimeDelta::try_seconds(request.advance_seconds)
        .filter(|by| by.num_days().abs() <= 36_500)
        .ok_or_else(|| ControlError::invalid("advance_seconds is too far"))?;
    sandbox.clock.advance(by);
    let now = sandbox.moment().now;
    {
        let mut world = sandbox.world();
        if let Some(ahead) = request.gateway_ahead_seconds {
            world.switches.gateway_clock_ahead_s = ahead;
        }
        world.advance(now);
    }
    Ok(clock_json(sandbox))
}

fn change_switches(sandbox: &Sandbox, changes: Value) -> Control {
    let mut world = sandbox.world();
    let switches = world.switches.with(changes).map_err(ControlError::invalid)?;
    world.switches = switches;
    // Other durations mean other deadlines for all that is under way.
    let ids: Vec<String> = world.orders.keys().cloned().collect();
    for id in ids {
        world.schedule_order(&id);
    }
    Ok(json!(world.switches))
}

fn change_scopes(sandbox: &Sandbox, request: &ScopesRequest) -> Control {
    let mut world = sandbox.world();
    let change = |scopes: &mut Vec<String>| {
        scopes.retain(|scope| !request.remove.contains(scope));
        for scope in &request.add {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
    };
    change(&mut world.grants.app_scopes);
    world.grants.all_mut().for_each(|grant| change(&mut grant.scopes));
    Ok(json!({ "scopes": world.grants.app_scopes }))
}

fn webhooks(sandbox: &Sandbox, incoming: &Incoming, rest: &[&str]) -> Control {
    let now = sandbox.moment().now;
    let mut world = sandbox.world();
    match (incoming.method.as_str(), rest) {
        ("GET", []) => Ok(world.outbox.to_json(limit(incoming, 100))),
        ("DELETE", []) => {
            world.outbox.clear();
            Ok(json!({}))
        }
        ("PUT", ["targets"]) => {
            let request: TargetsRequest = body(incoming)?;
            if let Some(bad) = request.targets.iter().find(|target| url::Url::parse(target).is_err()) {
                return Err(ControlError::invalid(format!("{bad:?} is not a URL")));
            }
            world.outbox.targets = request.targets;
            Ok(json!({ "targets": world.outbox.targets }))
        }
        ("POST", ["send"]) => {
            let request: SendRequest = body(incoming)?;
            let shop_id = match request.shop_id {
                Some(id) => id,
                None => world.shops.first().map(|shop| shop.id.clone()).unwrap_or_default(),
            };
            world.notify(&shop_id, &Event::Other { kind: request.r#type, data: request.data }, now);
            Ok(json!({}))
        }
        _ => Err(ControlError::not_found("this control call")),
    }
}

fn tokens(sandbox: &Sandbox, incoming: &Incoming, rest: &[&str]) -> Control {
    let now = sandbox.moment().now;
    let mut world = sandbox.world();
    match (incoming.method.as_str(), rest) {
        ("GET", []) => {
            let rows: Vec<Value> = world
                .grants
                .current()
                .into_iter()
                .map(|(index, pair)| {
                    let grant = world.grants.grant(index);
                    json!({
                        "access_token": pair.access_token, "refresh_token": pair.refresh_token,
                        "access_token_expires_at": pair.access_token_expires_at,
                        "scopes": grant.map(|grant| grant.scopes.clone()).unwrap_or_default(),
                        "shop_ids": grant.map(|grant| grant.shop_ids.clone()).unwrap_or_default(),
                    })
                })
                .collect();
            Ok(json!({ "tokens": rows }))
        }
        ("POST", []) => {
            let shop_ids: Vec<String> = world.shops.iter().map(|shop| shop.id.clone()).collect();
            let region = world.shops.first().map_or("FR", |shop| &shop.region).to_owned();
            let (_, pair) = world.grants.open(shop_ids, &region, now);
            Ok(json!({
                "access_token": pair.access_token, "refresh_token": pair.refresh_token,
                "access_token_expires_at": pair.access_token_expires_at,
            }))
        }
        ("POST", ["expire"]) => {
            world.grants.expire_access_tokens(now);
            Ok(json!({}))
        }
        ("POST", ["revoke"]) => {
            world.revoke_grants(now);
            Ok(json!({}))
        }
        _ => Err(ControlError::not_found("this control call")),
    }
}
