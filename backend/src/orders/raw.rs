use actix_web::get;
use actix_web::web::{Data, Json};
use database::{order_detail, snapshots};
use serde_json::Value;
use shared::{OrderId, RawOrder};

use crate::app::AppState;
use crate::auth::{May, OrdersRaw};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// Get an order's raw data
///
/// TikTok Shop's latest answer about the order as it came, without what names the buyer, and what the answer before said
/// otherwise.
#[utoipa::path(
    tag = "orders",
    operation_id = "getRawOrder",
    params(("id" = i64, Path, description = "Our order number")),
    responses((status = 200, body = RawOrder, description = "The raw data"), Missing, Refusals),
    security(("bearer" = ["orders:raw"]))
)]
#[get("/orders/{id}/raw")]
pub async fn get_raw_order(
    state: Data<AppState>,
    _caller: May<OrdersRaw>,
    id: Id<OrderId>,
) -> Result<Json<RawOrder>, ApiError> {
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let mut answers = snapshots::newest_two(db, &state.database.vault, id.0).await?.into_iter();
    let latest = answers.next().ok_or(ApiError::NotFound)?;
    let data = redacted(latest.raw);
    let before = answers.next().map(|before| redacted(before.raw));
    let mut changes = Vec::new();
    if let Some(before) = &before {
        compare("", before, &data, &mut changes);
    }
    let json = serde_json::to_string_pretty(&data).map_err(ApiError::internal)?;
    Ok(Json(RawOrder {
        schema_version: tiktok_shop::ORDER_VERSION.to_owned(),
        channel_updated_at: latest.channel_updated_at,
        recorded_at: latest.recorded_at,
        json,
        changes,
    }))
}

/// What stands in the place of what names a person.
const HIDDEN: &str = "***";

/// Parts of names of fields that tell of a person, in TikTok Shop's spelling.
const PERSONAL: [&str; 12] = [
    "address",
    "buyer",
    "user",
    "recipient",
    "phone",
    "mail",
    "message",
    "note",
    "cpf",
    "tax_id",
    "nickname",
    "person",
];
/// Fields whose names sound like it and that tell of goods and carriers only.
const IMPERSONAL: [&str; 3] =
    ["is_buyer_request_cancel", "has_updated_recipient_address", "need_upload_invoice"];

/// The answer without what names the buyer. What is new to us and sounds personal goes too.
fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let shown = fields.into_iter().map(|(name, value)| {
                let lower = name.to_ascii_lowercase();
                let personal =
                    PERSONAL.iter().any(|part| lower.contains(part)) && !IMPERSONAL.contains(&lower.as_str());
                let value = if personal && !value.is_null() { Value::from(HIDDEN) } else { redacted(value) };
                (name, value)
            });
            Value::Object(shown.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(redacted).collect()),
        plain => plain,
    }
}

/// Notes each place where two answers differ.
fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let part = |fields: &serde_json::Map<String, Value>| {
                    fields.get(name).cloned().unwrap_or(Value::Null)
                };
                let dot = if path.is_empty() { "" } else { "." };
                compare(&format!("{path}{dot}{name}"), &part(old), &part(new), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}[{index}]"), old, new, changes);
            }
        }
        _ if before == after => {}
        _ => changes.push(format!("{path}: {before} → {after}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_personal_is_left() {
        let raw = json!({
            "id": "576461413038785752", "buyer_email": "a@b.c", "user_id": "7", "status": "UNPAID",
            "recipient_address": { "name": "Camille", "phone_number": "(+33)6" },
            "buyer_message": "Ring twice", "is_buyer_request_cancel": true,
            "line_items": [{ "product_name": "Candle", "gift_note": "For Camille" }],
        });

        let shown = redacted(raw);

        let text = shown.to_string();
        for word in ["a@b.c", "Camille", "+33", "Ring"] {
            assert!(!text.contains(word), "{text}");
        }
        assert_eq!(shown["line_items"][0]["product_name"], "Candle");
        assert_eq!(shown["is_buyer_request_cancel"], true);
    }

    #[test]
    fn differences_name_their_place() {
        let mut changes = Vec::new();
        let before = json!({ "status": "ON_HOLD", "line_items": [{ "id": "1", "status": "A" }], "same": 1 });
        let after =
            json!({ "status": "AWAITING_SHIPMENT", "line_items": [{ "id": "1", "status": "B" }], "same": 1 });

        compare("", &before, &after, &mut changes);

        assert_eq!(
            changes,
            [r#"line_items[0].status: "A" → "B""#, r#"status: "ON_HOLD" → "AWAITING_SHIPMENT""#,]
        );
    }
}
