//! TikTok Shop's JSON.

use serde_json::{Map, Value};

use super::{HIDDEN, LONGEST_LIST, allowed, name_shown, vocabulary};

/// The document without what is not shown, indented; `None` if it is none.
pub(super) fn redacted(document: &[u8], only_order: Option<&str>) -> Option<String> {
    let mut value: Value = serde_json::from_slice(document).ok()?;
    let left_out = only_order.map_or(0, |order| leave_others_out(&mut value, order));
    let mut value = shown("", value);
    // Said afterwards, so that nothing which only looks so is shown.
    if left_out > 0
        && let Some(Value::Array(orders)) = value.pointer_mut(ORDERS)
    {
        orders.push(more(left_out));
    }
    serde_json::to_string_pretty(&value).ok()
}

/// Where an answer about several orders holds them.
const ORDERS: &str = "/data/orders";

/// Keeps one order of an answer about several, and says how many it has left out.
fn leave_others_out(value: &mut Value, order: &str) -> usize {
    let Some(Value::Array(orders)) = value.pointer_mut(ORDERS) else { return 0 };
    let all = orders.len();
    orders.retain(|found| found.get("id").and_then(Value::as_str) == Some(order));
    all - orders.len()
}

fn shown(name: &str, value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let value = shown(&name, value);
                (name_shown(&name).to_owned(), value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let rest = items.len().saturating_sub(LONGEST_LIST);
            let items = items.into_iter().take(LONGEST_LIST).map(|item| shown(name, item));
            Value::Array(items.chain((rest > 0).then(|| more(rest))).collect())
        }
        Value::String(text) => Value::String(text_shown(name, text)),
        Value::Number(number) if allowed::in_body(name, &number.to_string()) => Value::Number(number),
        Value::Number(_) => Value::from(HIDDEN),
        Value::Bool(_) | Value::Null => value,
    }
}

fn text_shown(name: &str, text: String) -> String {
    if text.is_empty() || allowed::in_body(name, &text) {
        text
    } else if name == "message" {
        vocabulary::shown(&text)
    } else {
        HIDDEN.to_owned()
    }
}

fn more(number: usize) -> Value {
    Value::from(format!("… {number} more"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_keeps_its_structure_and_loses_its_buyer() {
        let answer = json!({
            "code": 0, "message": "Success", "request_id": "202611231020001A2B",
            "data": { "orders": [{
                "id": "576461413038785752", "status": "AWAITING_SHIPMENT", "user_id": "7494845267308415301",
                "buyer_email": "v1b2c3@scs.tiktok.com", "buyer_message": "Ring twice",
                "create_time": 1795422307, "is_cod": false, "cpf": null, "seller_note": "",
                "payment": { "currency": "EUR", "total_amount": "46.89" },
                "recipient_address": {
                    "name": "Camille Durand", "phone_number": "(+33)612345678", "full_address": "12 rue des Lilas",
                    "region_code": "FR", "postal_code": "75011", "address_detail": "12 rue des Lilas",
                    "district_info": [{ "address_level": "L1", "address_name": "Paris" }],
                },
                "Camille Durand": 1,
                "new": 5,
            }] },
        });

        let shown: Value =
            serde_json::from_str(&redacted(answer.to_string().as_bytes(), None).unwrap()).unwrap();

        assert_eq!(
            shown,
            json!({
                "code": 0, "message": "Success", "request_id": "202611231020001A2B",
                "data": { "orders": [{
                    "id": "576461413038785752", "status": "AWAITING_SHIPMENT", "user_id": "***",
                    "buyer_email": "***", "buyer_message": "***",
                    "create_time": 1795422307, "is_cod": false, "cpf": null, "seller_note": "",
                    "payment": { "currency": "EUR", "total_amount": "46.89" },
                    "recipient_address": {
                        "name": "***", "phone_number": "***", "full_address": "***",
                        "region_code": "FR", "postal_code": "***", "address_detail": "***",
                        "district_info": [{ "address_level": "***", "address_name": "***" }],
                    },
                    "***": "***",
                    "new": "***",
                }] },
            })
        );
    }

    #[test]
    fn tokens_are_hidden_and_long_lists_are_cut() {
        let tokens = br#"{"data":{"access_token":"TTP_a","refresh_token":"TTP_b","seller_name":"Maison"}}"#;
        let shown = redacted(tokens, None).unwrap();
        assert!(!shown.contains("TTP_") && !shown.contains("Maison"), "{shown}");

        let ids: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let shown = redacted(json!({ "order_ids": ids }).to_string().as_bytes(), None).unwrap();
        assert!(
            shown.contains("\"9\"") && !shown.contains("\"10\"") && shown.contains("… 40 more"),
            "{shown}"
        );
    }
}
