//! Nothing was forgotten: every operation of the OpenAPI document is called without the right, and refused.

use std::str::FromStr;

use reqwest::Method;
use serde_json::Value;
use shared::Role;

use crate::app::{As, TestApp, answer, app};

struct Operation {
    id: String,
    method: Method,
    path: String,
    /// The lowest role that may call it; `None` for open operations and those of the refresh cookie.
    needs: Option<Role>,
}

async fn operations(app: &TestApp) -> Vec<Operation> {
    let (_, document) = answer(app.get("/api-docs/openapi.json")).await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs = operation["security"][0]["bearer"][0].as_str();
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: Method::from_str(&method.to_uppercase()).unwrap(),
                path: path.replace("{id}", "1"),
                needs: needs.map(|role| role.parse().unwrap()),
            });
        }
    }
    operations
}

/// The open operations, and those that the refresh cookie is for: whoever adds one must say so here.
const WITHOUT_TOKEN: [&str; 8] = [
    "checkLive",
    "checkReady",
    "getSetupState",
    "receiveTikTokWebhook",
    "refreshSession",
    "setUp",
    "signIn",
    "signOut",
];

/// What changes something, asks outside or shows more of a buyer needs more than the lowest role.
const CHANGING: [(&str, Role); 15] = [
    ("createConnection", Role::Manager),
    ("fetchOrders", Role::Operator),
    ("getActionOptions", Role::Operator),
    ("getRawOrder", Role::Operator),
    ("listLabels", Role::Operator),
    ("previewImport", Role::Operator),
    ("requestAction", Role::Operator),
    ("retryBulkRun", Role::Operator),
    ("revealRecipient", Role::Manager),
    ("startBulkRun", Role::Operator),
    ("stopBulkRun", Role::Operator),
    ("testConnection", Role::Manager),
    ("testNewConnection", Role::Manager),
    ("undoAction", Role::Operator),
    ("updateConnection", Role::Manager),
];

#[tokio::test]
async fn nothing_answers_without_a_token() {
    let app = app().await;
    let operations = operations(&app).await;

    let open: Vec<_> = operations.iter().filter(|operation| operation.needs.is_none()).collect();
    let mut open_ids: Vec<_> = open.iter().map(|operation| operation.id.as_str()).collect();
    open_ids.sort_unstable();
    assert_eq!(open_ids, WITHOUT_TOKEN);
    for operation in operations.iter().filter(|operation| operation.needs.is_some()) {
        for token in [None, Some("nonsense"), Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")] {
            let mut request = app.request(operation.method.clone(), &operation.path);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let (status, problem) = answer(request).await;
            assert_eq!((status, &problem["code"]), (401, &Value::from("unauthorized")), "{}", operation.id);
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn every_operation_needs_the_role_that_the_document_says() {
    let app = app().await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((*role, app.sign_in_as(*role).await));
    }

    for operation in operations(&app).await {
        let Some(needs) = operation.needs else { continue };
        let expected =
            CHANGING.iter().find(|(id, _)| *id == operation.id).map_or(Role::Viewer, |(_, role)| *role);
        assert_eq!(needs, expected, "{}", operation.id);
        for (role, person) in &people {
            let response =
                app.request(operation.method.clone(), &operation.path).by(person).send().await.unwrap();
            let refused = matches!(response.status().as_u16(), 401 | 403);
            assert_eq!(refused, *role < needs, "{} as {role}: {}", operation.id, response.status());
        }
    }
    app.stop().await;
}
