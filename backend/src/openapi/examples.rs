//! An example for every body of the document, made from its schema, so that none can be forgotten or go stale.

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// What texts and numbers look like that their schema says nothing of, by the name of the property.
const WORDS: [(&str, &str); 87] = [
    ("access_token", "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
    ("actor", "ana@orderbridge.example"),
    ("amount", "46.89"),
    ("app_key", "6a4b2c"),
    ("app_secret", "0f3c5e7a9b1d"),
    ("auth_code", "ROW_FeBoANmHP3yqdoUI9fZOCw"),
    ("author", "ana@orderbridge.example"),
    ("back_office_url", "https://shop.example/admin42/"),
    ("buyer_message", "Please ring twice."),
    ("cancel_reason", "seller_cancel_reason_out_of_stock"),
    ("carrier", "Colissimo"),
    ("carrier_id", "7117858858072016645"),
    ("changes", "shipping_carrier"),
    ("city", "Paris"),
    ("code", "492039"),
    ("color", "#3498d8"),
    ("comment", "The buyer agreed."),
    ("connection_name", "Maison Lumière"),
    ("correctable_package_ids", "1152921504606846976"),
    ("country", "FR"),
    ("currency", "EUR"),
    ("current", "violet tram seven"),
    ("customer_email", "buyerid@tiktok.com"),
    ("default_channel_carrier_id", "7117858858072016645"),
    ("delivery_option", "Standard shipping"),
    ("detail", "“CANDLE-FIG” is not in your store."),
    ("email", "ana@orderbridge.example"),
    ("error", "TikTok Shop did not answer."),
    ("first_item", "Scented candle, fig"),
    ("first_item_image", "https://images.example/candle.webp"),
    ("hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("hint", "…3456"),
    ("id", "1152921504606846976"),
    ("identity_number", "12345678Z"),
    ("image", "https://images.example/candle.webp"),
    ("instance", "/api/v1/orders/1207"),
    ("invited_by", "ana@orderbridge.example"),
    ("json", "{\"id\":\"576461413038785752\"}"),
    ("key", "seller_cancel_reason_out_of_stock"),
    ("label", "Subtotal"),
    ("lines", "12 rue des Lilas"),
    ("link", "https://orders.example/invitation#token=3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("method", "Card"),
    ("name", "Maison Lumière"),
    ("new", "seven quiet violet trams"),
    ("next_cursor", "eyJ2IjoxfQ.MTIwNw"),
    ("not_cancelable", "TikTok Shop does not list it for this order."),
    ("owner", "ana@orderbridge.example"),
    ("package_id", "1152921504606846976"),
    ("password", "violet tram seven"),
    ("payment_label", "TikTok Shop"),
    ("payment_module", "ps_wirepayment"),
    ("phone", "+33612345678"),
    ("postal_code", "75011"),
    ("previous_cursor", "eyJ2IjoxfQ.MTIwOA"),
    ("problems", "TikTok Shop has sent nothing for 20 minutes."),
    ("product", "Scented candle, fig"),
    ("reason", "seller_cancel_reason_out_of_stock"),
    ("reference", "XKBKNABJK"),
    ("refresh_token", "ROW_kB2pQAAAABd"),
    ("region", "FR"),
    ("remedy", "Give a product of the store this SKU."),
    ("request_id", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ("result", "Tracking number 6A12345678901 sent."),
    ("secret", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    ("seller_center_url", "https://seller-eu.tiktok.com/order/detail?order_no=576461413038785752"),
    ("sentence", "“CANDLE-FIG” is not in your store."),
    ("shop_cipher", "ROW_gsB2pQAAAABd"),
    ("shop_id", "7494105231562050816"),
    ("shop_name", "Maison Lumière FR"),
    ("sku", "CANDLE-FIG"),
    ("status", "AWAITING_SHIPMENT"),
    ("status_reason", "The buyer canceled it."),
    ("subject", "user 3"),
    ("suggested_tracking_number", "6A12345678901"),
    ("tags", "fragile"),
    ("text", "Gift wrap it."),
    ("tiktok_line_item_ids", "577086512123755123"),
    ("tiktok_order_id", "576461413038785752"),
    ("title", "SKU not in the store"),
    ("token", "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("topic", "import"),
    ("tracking_number", "6A12345678901"),
    ("user_agent", "Firefox 146 on Linux"),
    ("variant", "200 g"),
    ("webservice_key", "WEBSERVICEKEYWEBSERVICEKEY123456"),
    ("webservice_key_hint", "…3456"),
];

/// A schema that contains itself is shown this deep.
const DEEPEST: usize = 12;

/// Gives every body without an example one.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        let operations = item.as_object_mut().into_iter().flat_map(Map::values_mut);
        for operation in operations {
            if let Some(content) = operation.pointer_mut("/requestBody/content") {
                complete(content, &schemas, None);
            }
            let responses = operation["responses"].as_object_mut().into_iter().flatten();
            for (status, response) in responses {
                let problem = problem_of(status, path);
                if let Some(content) = response.get_mut("content") {
                    complete(content, &schemas, problem.as_ref());
                }
            }
        }
    }
}

fn complete(content: &mut Value, schemas: &Map<String, Value>, problem: Option<&Value>) {
    for (media_type, body) in content.as_object_mut().into_iter().flatten() {
        let Some(body) = body.as_object_mut() else { continue };
        if body.contains_key("example") || body.contains_key("examples") {
            continue;
        }
        let example = match (media_type.as_str(), problem, body.get("schema")) {
            ("application/problem+json", Some(problem), _) => problem.clone(),
            (_, _, Some(schema)) => example_of(schema, "", schemas, 0),
            _ => continue,
        };
        body.insert("example".to_owned(), example);
    }
}

/// What such a refusal says.
fn problem_of(status: &str, path: &str) -> Option<Value> {
    let error = match StatusCode::from_bytes(status.as_bytes()).ok()?.as_u16() {
        400 => ApiError::bad_request("bad_request", "The request is not understood."),
        401 => ApiError::Unauthorized("Sign in and send the access token as a bearer token."),
        403 => ApiError::Forbidden("This needs the role operator or higher.".to_owned()),
        404 => ApiError::NotFound,
        409 => ApiError::Conflict {
            code: "not_possible_now",
            detail: "It is not possible in the present state.".to_owned(),
        },
        412 => ApiError::Stale,
        413 => ApiError::TooLarge { limit_bytes: 64 * 1024 },
        415 => ApiError::NotJson,
        422 => ApiError::Invalid(vec![shared::FieldError::new("/name", "must not be empty")]),
        428 => ApiError::VersionMissing,
        410 => ApiError::Gone {
            code: "export_expired",
            detail: "The file was kept for 24 hours and is gone; ask for a new export.".to_owned(),
        },
        429 => ApiError::QuotaExceeded { violated: "caller", retry_after_s: 8 },
        500 => ApiError::internal("not shown"),
        503 => ApiError::Overloaded { detail: "The database is busy; try again in a moment." },
        _ => return None,
    };
    let instance = path.replace("{id}", "1207");
    serde_json::to_value(error.problem(&instance, "8e03978e-40d5-43e8-bc93-6894a57f9324")).ok()
}

fn example_of(schema: &Value, name: &str, schemas: &Map<String, Value>, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let of = |schema: &Value, name: &str| example_of(schema, name, schemas, depth + 1);
    if let Some(given) = given(schema) {
        return given.clone();
    }
    if let Some(target) = schema["$ref"].as_str() {
        let target = target.rsplit('/').next().unwrap_or_default();
        return schemas.get(target).map_or(Value::Null, |schema| of(schema, name));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| of(part, name));
        let properties = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return Value::Object(properties.collect());
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let choice = choices.iter().find(|choice| choice["type"] != "null");
        return choice.map_or(Value::Null, |choice| of(choice, name));
    }
    match type_of(schema) {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, schema)| (name.clone(), of(schema, name))).collect())
        }
        "array" => Value::Array(schema.get("items").map(|items| of(items, name)).into_iter().collect()),
        "integer" | "number" => {
            schema.get("minimum").filter(|least| **least != 0).cloned().unwrap_or(json!(1))
        }
        "boolean" => json!(true),
        "string" => text_of(schema, name).into(),
        _ => Value::Null,
    }
}

/// What the schema itself says.
fn given(schema: &Value) -> Option<&Value> {
    let own = schema.get("example").or_else(|| schema.get("const")).or_else(|| schema.get("default"));
    own.or_else(|| schema["examples"].get(0)).or_else(|| schema["enum"].get(0))
}

fn type_of(schema: &Value) -> &str {
    let types = schema["type"].as_array();
    let first = types.and_then(|types| types.iter().filter_map(Value::as_str).find(|name| *name != "null"));
    first.or_else(|| schema["type"].as_str()).unwrap_or_default()
}

fn text_of(schema: &Value, name: &str) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => return "2026-11-23T08:00:00Z",
        Some("date") => return "2026-11-23",
        Some("uri") => return "https://shop.example/",
        Some("uuid") => return "8e03978e-40d5-43e8-bc93-6894a57f9324",
        _ => {}
    }
    let word = WORDS.iter().find(|(known, _)| *known == name).map(|(_, word)| *word);
    match word {
        Some(word) => word,
        None if name == "url" || name.ends_with("_url") => "https://shop.example/",
        None if name.ends_with("_id") => "1152921504606846976",
        None => "text",
    }
}
