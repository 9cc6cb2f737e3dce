//! Nothing was forgotten: every operation of the OpenAPI document is called without a right and with each, and the outcome
//! compared with the table of rights.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, Header};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::{Role, Scope};

use crate::app::{As, PASSWORD, Person, TestApp, answer, app};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing, or what is not a token: a one-time link, a password, a signature, the refresh cookie.
    NoToken,
    /// Any token or key.
    AnyToken,
    /// A session; keys are refused.
    Session,
    Right(Scope),
}

use Needs::{AnyToken, NoToken, Right, Session};

/// Whoever adds an operation must say here whom it is for.
const TABLE: &[(&str, Needs)] = &[
    ("acceptInvitation", NoToken),
    ("admitToApiDocs", Right(Scope::DocsRead)),
    ("cancelExport", Right(Scope::OrdersRead)),
    ("cancelReconciliation", Right(Scope::OrdersWrite)),
    ("cancelSyncRun", Right(Scope::OrdersWrite)),
    ("beginSecondFactor", Session),
    ("changePassword", Session),
    ("checkLive", NoToken),
    ("checkReady", NoToken),
    ("confirmSecondFactor", Session),
    ("countOrders", Right(Scope::OrdersRead)),
    ("createApiKey", Right(Scope::KeysWrite)),
    ("createConnection", Right(Scope::ConnectionsWrite)),
    ("createInvitation", Right(Scope::UsersWrite)),
    ("createWebhook", Right(Scope::WebhooksWrite)),
    ("deleteWebhook", Right(Scope::WebhooksWrite)),
    ("describeProblem", NoToken),
    ("endSession", Session),
    ("endSessions", Session),
    ("endUserSessions", Right(Scope::UsersWrite)),
    ("eraseBuyer", Right(Scope::OrdersErase)),
    ("fetchOrders", Right(Scope::OrdersWrite)),
    ("getAction", Right(Scope::OrdersRead)),
    ("getActionOptions", Right(Scope::OrdersWrite)),
    ("getApiKey", Right(Scope::KeysRead)),
    ("getBulkRun", Right(Scope::OrdersRead)),
    ("getConnection", Right(Scope::ConnectionsRead)),
    ("getConnectionChoices", Right(Scope::ConnectionsRead)),
    ("getExport", Right(Scope::OrdersRead)),
    ("getExportFile", Right(Scope::OrdersRead)),
    ("getHealth", Right(Scope::ConnectionsRead)),
    ("getReconciliation", Right(Scope::ConnectionsRead)),
    ("getInvitation", Right(Scope::UsersRead)),
    ("getMetrics", NoToken),
    ("getOrder", Right(Scope::OrdersRead)),
    ("getProfile", Session),
    ("getRawOrder", Right(Scope::OrdersRaw)),
    ("getSession", AnyToken),
    ("getSetupState", NoToken),
    ("getSyncRun", Right(Scope::OrdersRead)),
    ("getUser", Right(Scope::UsersRead)),
    ("getWebhook", Right(Scope::WebhooksRead)),
    ("getWebhookDelivery", Right(Scope::WebhooksRead)),
    ("listActions", Right(Scope::OrdersRead)),
    ("listAlerts", Right(Scope::ConnectionsRead)),
    ("listApiKeys", Right(Scope::KeysRead)),
    ("listAssignees", Right(Scope::OrdersRead)),
    ("listAttempts", Right(Scope::OrdersRaw)),
    ("listAuditEntries", Right(Scope::AuditRead)),
    ("listBulkRunOrders", Right(Scope::OrdersRead)),
    ("listConnections", Right(Scope::ConnectionsRead)),
    ("listExports", Right(Scope::OrdersRead)),
    ("listInvitations", Right(Scope::UsersRead)),
    ("listIssues", Right(Scope::OrdersRead)),
    ("listLabels", Right(Scope::OrdersLabels)),
    ("listOrders", Right(Scope::OrdersRead)),
    ("listReconciliations", Right(Scope::ConnectionsRead)),
    ("listSessions", Session),
    ("listStoreStates", Right(Scope::ConnectionsRead)),
    ("listTimeline", Right(Scope::OrdersRead)),
    ("listUserSessions", Right(Scope::UsersRead)),
    ("listUsers", Right(Scope::UsersRead)),
    ("makeRecoveryCodes", Session),
    ("listWebhookDeliveries", Right(Scope::WebhooksRead)),
    ("listWebhooks", Right(Scope::WebhooksRead)),
    ("previewImport", Right(Scope::OrdersWrite)),
    ("receiveTikTokWebhook", NoToken),
    ("refreshSession", NoToken),
    ("removeSecondFactor", Session),
    ("removeUser", Right(Scope::UsersWrite)),
    ("replayWebhookDelivery", Right(Scope::WebhooksWrite)),
    ("requestAction", Right(Scope::OrdersWrite)),
    ("retryBulkRun", Right(Scope::OrdersWrite)),
    ("revealRecipient", Right(Scope::OrdersPii)),
    ("revokeApiKey", Right(Scope::KeysWrite)),
    ("rotateWebhookSecret", Right(Scope::WebhooksWrite)),
    ("searchOrders", Right(Scope::OrdersRead)),
    ("setUp", NoToken),
    ("signIn", NoToken),
    ("signOut", NoToken),
    ("startBulkRun", Right(Scope::OrdersWrite)),
    ("startExport", Right(Scope::OrdersRead)),
    ("startReconciliation", Right(Scope::OrdersWrite)),
    ("stopBulkRun", Right(Scope::OrdersWrite)),
    ("streamEvents", Right(Scope::OrdersRead)),
    ("testConnection", Right(Scope::ConnectionsWrite)),
    ("testNewConnection", Right(Scope::ConnectionsWrite)),
    ("testWebhook", Right(Scope::WebhooksWrite)),
    ("undoAction", Right(Scope::OrdersWrite)),
    ("updateApiKey", Right(Scope::KeysWrite)),
    ("updateConnection", Right(Scope::ConnectionsWrite)),
    ("updateUser", Right(Scope::UsersWrite)),
    ("updateWebhook", Right(Scope::WebhooksWrite)),
    ("withdrawInvitation", Right(Scope::UsersWrite)),
];

/// A number that names nothing: the walk is about rights, and is to change nothing on its way.
const NOTHING: &str = "999999";

pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub takes_query: bool,
    /// What the document says.
    needs: Needs,
}

impl Operation {
    fn request(&self, app: &TestApp) -> RequestBuilder {
        app.request(
            self.method.clone(),
            &self.path.replace("{id}", NOTHING).replace("{delivery_id}", NOTHING),
        )
    }
}

/// Every operation of the document.
pub async fn operations(app: &TestApp) -> Vec<Operation> {
    let (_, document) = answer(app.get("/api-docs/openapi.json")).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            operations.push(Operation {
                takes_query: parameters.into_iter().any(|parameter| parameter["in"] == "query"),
                method: Method::from_str(&method.to_uppercase()).unwrap(),
                path: path.clone(),
                needs: needs_of(&id, operation),
                id,
            });
        }
    }
    operations
}

fn needs_of(id: &str, operation: &Value) -> Needs {
    let security =
        operation["security"].as_array().unwrap_or_else(|| panic!("{id} says nothing of security"));
    // An empty one among several: it goes without, too.
    if security.contains(&serde_json::json!({})) {
        return NoToken;
    }
    assert_eq!(security.len(), 1, "{id}");
    let (scheme, scopes) = match security[0].as_object().unwrap().iter().next() {
        Some((scheme, scopes)) => (scheme.as_str(), scopes.as_array().unwrap()),
        None => return NoToken,
    };
    match (scheme, scopes.as_slice()) {
        ("refresh_cookie", []) => NoToken,
        ("access_token", []) => Session,
        ("bearer", []) => AnyToken,
        ("bearer", [scope]) => Right(scope.as_str().unwrap().parse().unwrap()),
        _ => panic!("{id}: {scheme} {scopes:?}"),
    }
}

#[tokio::test]
async fn the_document_says_what_the_table_says_of_every_operation() {
    let app = app().await;

    let documented: BTreeMap<_, _> =
        operations(&app).await.into_iter().map(|operation| (operation.id, operation.needs)).collect();

    let table: BTreeMap<_, _> = TABLE.iter().map(|(id, needs)| ((*id).to_owned(), *needs)).collect();
    assert_eq!(documented, table);
    app.stop().await;
}

/// Whether the answer is one of those that rights decide.
async fn refusal(request: RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    if !matches!(status, 401 | 403) {
        // Not read to its end: a stream has none.
        return None;
    }
    let problem: Value = response.json().await.unwrap();
    Some((status, problem["code"].clone()))
}

/// Status and code, which a token must not change where none is needed.
async fn told(request: RequestBuilder) -> (u16, Value) {
    let (status, body) = answer(request).await;
    (status, body["code"].clone())
}

#[tokio::test]
async fn every_operation_asks_for_exactly_the_right_of_the_table() {
    let app = app().await;
    let mut cells = 0;
    let unauthorized = Some((401, Value::from("unauthorized")));
    let forbidden = Some((403, Value::from("forbidden")));
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((*role, app.sign_in_as(*role).await));
    }
    let admin = &people.last().unwrap().1;
    let mut keys = Vec::new();
    for scope in Scope::ALL {
        keys.push((*scope, app.key(admin, &[*scope], None).await));
    }
    let bad_tokens = bad_tokens(&app, admin).await;
    let operations = operations(&app).await;

    for operation in &operations {
        let id = &operation.id;
        if operation.needs == NoToken {
            let without = told(operation.request(&app)).await;
            for person in people.iter().map(|(_, person)| person).chain(keys.iter().map(|(_, key)| key)) {
                assert_eq!(told(operation.request(&app).by(person)).await, without, "{id} with a token");
                cells += 1;
            }
            continue;
        }
        assert_eq!(refusal(operation.request(&app)).await, unauthorized, "{id} without a token");
        for (kind, token) in &bad_tokens {
            assert_eq!(
                refusal(operation.request(&app).bearer_auth(token)).await,
                unauthorized,
                "{id}: {kind}"
            );
        }
        cells += 1 + bad_tokens.len();
        for (role, person) in &people {
            let allowed = match operation.needs {
                NoToken | AnyToken | Session => true,
                Right(scope) => role.has(scope),
            };
            let outcome = refusal(operation.request(&app).by(person)).await;
            assert_eq!(outcome, if allowed { None } else { forbidden.clone() }, "{id} as {role}");
            cells += 1;
        }
        for (scope, key) in &keys {
            let allowed = match operation.needs {
                NoToken | AnyToken => true,
                Session => false,
                Right(needed) => *scope == needed,
            };
            let outcome = refusal(operation.request(&app).by(key)).await;
            assert_eq!(
                outcome,
                if allowed { None } else { forbidden.clone() },
                "{id} with a key for {scope}"
            );
            cells += 1;
        }
        if id == "endSessions" {
            // It did what it says.
            for (role, person) in &mut people {
                *person = Person::of(app.sign_in(&format!("{role}@example.com"), PASSWORD).await).await;
            }
        }
    }
    figures::tell(&format!(
        "rights: {cells} cells of route, caller and outcome, of {} operations",
        operations.len()
    ));
    assert!(cells > 1000, "{cells}");
    app.stop().await;
}

/// Tokens and keys that look right and are not.
async fn bad_tokens(app: &TestApp, admin: &Person) -> Vec<(&'static str, String)> {
    let expired = Person::of(app.sign_in("admin@example.com", PASSWORD).await).await;
    let ended = Person::of(app.sign_in("admin@example.com", PASSWORD).await).await;
    let sign_out = app.request(Method::DELETE, "/api/v1/session").refreshing(&ended.cookie);
    assert_eq!(sign_out.send().await.unwrap().status(), 204);
    let revoked = app.key(admin, Scope::ALL, None).await;
    let (_, listed) = answer(app.get("/api/v1/api-keys").by(admin)).await;
    let revoke = app.request(Method::DELETE, &format!("/api/v1/api-keys/{}", listed[0]["id"])).by(admin);
    let revoke = revoke.header("if-match", "*");
    assert_eq!(revoke.send().await.unwrap().status(), 204);
    let key = app.key(admin, Scope::ALL, None).await.token;
    let changed = |token: &str, place: usize| {
        let mut bytes = token.to_owned().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let past = TimeDelta::minutes(11);
    app.clock.advance(-past);
    let early = Person::of(app.sign_in("admin@example.com", PASSWORD).await).await;
    let body =
        json!({ "name": "Old", "scopes": Scope::ALL, "expires_at": app.now() + TimeDelta::minutes(1) });
    let (status, old) = answer(app.post("/api/v1/api-keys").by(&early).json(&body)).await;
    assert_eq!(status, 201, "{old}");
    app.clock.advance(past);
    app.create_user("gone@example.com", Role::Admin).await;
    let gone = Person::of(app.sign_in("gone@example.com", PASSWORD).await).await;
    let gone_key = app.key(&gone, Scope::ALL, None).await;
    let (_, user) = answer(app.get("/api/v1/session").by(&gone)).await;
    let disable = app.request(Method::PATCH, &format!("/api/v1/users/{}", user["id"])).by(admin);
    let disable = disable.header("if-match", "*").json(&json!({ "disabled": true }));
    assert_eq!(disable.send().await.unwrap().status(), 200);
    let forged = Forger::of(app, admin);
    let unchanged = app.get("/api/v1/session").bearer_auth(forged.signed(|_, _| ()));
    assert_eq!(unchanged.send().await.unwrap().status(), 200, "only what is changed is refused");
    let signature = admin.token.rfind('.').unwrap() + 5;
    let claims = admin.token.find('.').unwrap() + 20;
    vec![
        ("nonsense", "nonsense".to_owned()),
        ("no algorithm", forged.unsigned()),
        ("the key of another", forged.signed(|header, _| header.kid = Some("0".repeat(16)))),
        ("another kind", forged.signed(|header, _| header.typ = Some("JWT".to_owned()))),
        ("another audience", forged.signed(|_, claims| claims["aud"] = "elsewhere".into())),
        ("another issuer", forged.signed(|_, claims| claims["iss"] = "elsewhere".into())),
        ("an expired key", old["secret"].as_str().unwrap().to_owned()),
        ("the token of somebody disabled", gone.token),
        ("the key of somebody disabled", gone_key.token),
        ("changed signature", changed(&admin.token, signature)),
        ("changed claims", changed(&admin.token, claims)),
        ("ended session", ended.token),
        ("expired token", backdated(app, expired).await),
        ("revoked key", revoked.token),
        ("changed key", changed(&key, 30)),
        ("cut key", key[..63].to_owned()),
    ]
}

/// Makes tokens out of a real one, with the server's own key.
struct Forger {
    header: Header,
    claims: Value,
    key: EncodingKey,
}

impl Forger {
    fn of(app: &TestApp, person: &Person) -> Self {
        let claims = person.token.split('.').nth(1).unwrap();
        Self {
            header: jsonwebtoken::decode_header(&person.token).unwrap(),
            claims: serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap(),
            key: EncodingKey::from_secret(&app.master_key.derive("access tokens")),
        }
    }

    fn signed(&self, change: impl FnOnce(&mut Header, &mut Value)) -> String {
        let (mut header, mut claims) = (self.header.clone(), self.claims.clone());
        change(&mut header, &mut claims);
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }

    /// The same key id and claims, and no signature.
    fn unsigned(&self) -> String {
        let mut header = serde_json::to_value(&self.header).unwrap();
        header["alg"] = "none".into();
        let parts = [&header, &self.claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{}.", parts.join("."))
    }
}

/// A token of the past: the same server, as it signed eleven minutes ago.
async fn backdated(app: &TestApp, person: Person) -> String {
    app.clock.advance(TimeDelta::minutes(-11));
    let refreshed = app.post("/api/v1/session/refresh").refreshing(&person.cookie).send().await.unwrap();
    let token = Person::of(refreshed).await.token;
    app.clock.advance(TimeDelta::minutes(11));
    token
}
