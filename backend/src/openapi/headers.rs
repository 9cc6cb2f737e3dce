//! The headers that answers carry whatever the operation, added in one place, so that none can be forgotten.

use serde_json::{Map, Value, json};

/// Describes the headers once, and names them at every answer that carries them.
pub fn add(document: &mut Value) {
    document["components"]["headers"] = json!({
        "RequestId": {
            "description": "Names the request in the log; every problem repeats it",
            "schema": { "type": "string", "examples": ["8e03978e-40d5-43e8-bc93-6894a57f9324"] }
        },
        "RateLimitPolicy": {
            "description": "The budgets of requests: how many in how many seconds; left out where they are switched off",
            "schema": { "type": "string", "examples": ["\"caller\";q=6000;w=60"] }
        },
        "RateLimit": {
            "description": "How much of each budget is left, and for how many seconds",
            "schema": { "type": "string", "examples": ["\"caller\";r=5999;t=60"] }
        },
        "RetryAfter": {
            "description": "After how many seconds to try again",
            "schema": { "type": "integer", "minimum": 1, "examples": [5] }
        },
        "Location": {
            "description": "Where to look at what was made or is under way; a repeat with the same Idempotency-Key gets the same",
            "schema": { "type": "string", "format": "uri-reference", "examples": ["/api/v1/actions/41"] }
        },
        "IdempotentReplayed": {
            "description": "`true` where an earlier request with the same Idempotency-Key was answered so",
            "schema": { "type": "boolean" }
        }
    });
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let is_of_somebody = path.starts_with("/api/") && needs_token(operation);
            let takes_key = takes(operation, "Idempotency-Key");
            // What this one makes is asked for nowhere until it is confirmed.
            let has_address = path.starts_with("/api/") && operation["operationId"] != "beginSecondFactor";
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                let location = (has_address && matches!(status.as_str(), "201" | "202"))
                    .then_some(("Location", "Location"));
                for (name, component) in names(status, is_of_somebody, takes_key).into_iter().chain(location)
                {
                    let reference = json!({ "$ref": format!("#/components/headers/{component}") });
                    response["headers"][name] = reference;
                }
            }
        }
    }
}

fn names(status: &str, is_of_somebody: bool, takes_key: bool) -> Vec<(&'static str, &'static str)> {
    let mut names = vec![("X-Request-Id", "RequestId")];
    if is_of_somebody && status != "401" {
        names.extend([("RateLimit-Policy", "RateLimitPolicy"), ("RateLimit", "RateLimit")]);
    }
    // A request with the same key may be being answered.
    if matches!(status, "429" | "503") || (takes_key && status == "409") {
        names.push(("Retry-After", "RetryAfter"));
    }
    if takes_key && (status.starts_with('2') || matches!(status, "404" | "409" | "422")) {
        names.push(("Idempotent-Replayed", "IdempotentReplayed"));
    }
    names
}

fn needs_token(operation: &Value) -> bool {
    let mut ways = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
    ways.any(|ways| ways.contains_key("bearer") || ways.contains_key("access_token"))
}

fn takes(operation: &Value, name: &str) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
}
