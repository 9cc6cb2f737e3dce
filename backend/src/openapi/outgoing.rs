//! What receivers of webhooks are sent, which is no operation of ours, and so in no list of routes.

use serde_json::{Value, json};
use shared::WebhookEvent;

/// Describes the message.
pub fn add(document: &mut Value) {
    let id = |description: &str, example: i64| json!({ "type": "integer", "format": "int64", "description": description, "examples": [example] });
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": { "type": "string" }, "example": example
        })
    };
    let message = json!({
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {
                "type": "string",
                "description": "What has happened; receivers leave aside what they do not know",
                "enum": WebhookEvent::ALL
            },
            "timestamp": { "type": "string", "format": "date-time", "description": "When it happened" },
            "data": {
                "type": "object",
                "description": "The ids of what it is about; the test message has none. Whoever wants more asks the API.",
                "properties": {
                    "connection_id": id("The connection's number", 1),
                    "order_id": id("Our order number", 1207),
                    "issue_id": id("The issue's number", 88),
                    "code": { "type": "string", "description": "The issue's code", "examples": ["SKU_NOT_FOUND"] }
                }
            }
        },
        "example": {
            "type": "issue.opened", "timestamp": "2026-11-23T21:40:00Z",
            "data": { "connection_id": 1, "order_id": 1207, "issue_id": 88, "code": "SKU_NOT_FOUND" }
        }
    });
    document["webhooks"] = json!({
        "message": {
            "post": {
                "tags": ["webhooks"],
                "operationId": "receiveWebhookMessage",
                "summary": "Be told of what has happened",
                "description": "Sent to the address of each webhook that wants the event, by the rules of Standard Webhooks \
                    (https://www.standardwebhooks.com). It may come more than once, with the same `webhook-id`, and not in \
                    order. An answer is waited for 15 seconds; its body is not read, and redirects are not followed.",
                "security": [],
                "parameters": [
                    header(
                        "webhook-id",
                        "Names the message; the same for each attempt, so that a receiver leaves a repeat aside",
                        "msg_2b7Kx0Xw6N1sYcQk"
                    ),
                    header(
                        "webhook-timestamp",
                        "When this attempt was made, in Unix seconds; refuse what is older than some minutes",
                        "1795470000"
                    ),
                    header(
                        "webhook-signature",
                        "`v1,` and the base64 of the HMAC-SHA256, with the secret's bytes (what follows `whsec_`, as \
                         base64), of `{webhook-id}.{webhook-timestamp}.{body}`. While a secret is replaced there are two, \
                         with a space between them; one that fits is enough.",
                        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
                    )
                ],
                "requestBody": { "required": true, "content": { "application/json": { "schema": message } } },
                "responses": {
                    "2XX": { "description": "Taken" },
                    "410": { "description": "The receiver wants no messages any more; the webhook is switched off" },
                    "default": {
                        "description": "Not taken: sent again with growing pauses, later if `Retry-After` says so. A webhook \
                            that takes nothing for three days is switched off."
                    }
                }
            }
        }
    });
}
