use actix_web::get;
use actix_web::web::{Data, Json};
use database::attempts::{self, Attempt as Kept, Call};
use database::order_detail;
use shared::{Attempt, AttemptCall, CallSide, OrderId, Page};

use crate::app::AppState;
use crate::auth::{May, OrdersRaw};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::{Id, Pairs};
use crate::openapi::{Missing, PageQuery, Refusals};

/// List what was tried for an order
///
/// Every run of an effect on the order (import, shipment, cancellation, status write and so on) of the last 30 days, with
/// its outcome and its calls to TikTok Shop and PrestaShop; newest first. Nothing that names the buyer or opens a door is
/// kept of a call.
#[utoipa::path(
    tag = "orders",
    operation_id = "listAttempts",
    params(("id" = i64, Path, description = "Our order number"), PageQuery),
    responses((status = 200, body = Page<Attempt>, description = "A page of attempts"), Missing, Refusals),
    security(("bearer" = ["orders:raw"]))
)]
#[get("/orders/{id}/attempts")]
pub async fn list_attempts(
    state: Data<AppState>,
    _caller: May<OrdersRaw>,
    id: Id<OrderId>,
    pairs: Pairs,
) -> Result<Json<Page<Attempt>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    Cursors::no_filters(&rest)?;
    let binding = format!("attempts {}", id.0);
    let request = state.cursors.request(&parameters, &binding)?;
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let slice = attempts::page(db, &state.database.vault, id.0, &request).await?;
    Ok(Json(state.cursors.page(slice.map(|(id, kept)| attempt(id, kept)), &binding)))
}

fn attempt(id: i64, kept: Kept) -> Attempt {
    Attempt {
        id,
        kind: kept.kind,
        started_at: kept.started_at,
        duration_ms: kept.duration_ms,
        outcome: kept.outcome,
        code: kept.code,
        title: kept.code.map(|code| code.kind().title.to_owned()),
        asked_by: kept.asked_by,
        calls: kept.calls.into_iter().map(call).collect(),
    }
}

fn call(kept: Call) -> AttemptCall {
    AttemptCall {
        curl: curl(&kept),
        side: kept.side,
        method: kept.method,
        path: kept.path,
        status: kept.status,
        duration_ms: kept.duration_ms,
        request_id: kept.request_id,
        sent: kept.sent,
        answered: kept.answered,
    }
}

/// The call for a shell. What is hidden in the address and in the headers becomes variables, to be set before.
fn curl(call: &Call) -> String {
    let method = if call.method == "GET" { String::new() } else { format!(" -X {}", call.method) };
    // Within double quotes a shell still reads these.
    let address = format!("{}{}", call.origin, call.path).replace(['"', '`', '\\', '$'], "");
    let (path, query) =
        address.split_once('?').map_or((address.as_str(), None), |(path, query)| (path, Some(query)));
    let query = query.map(|query| query.split('&').map(parameter).collect::<Vec<_>>().join("&"));
    let address = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let (rights, content_type) = match call.side {
        CallSide::Store => ("-u \"$WEBSERVICE_KEY:\"", "text/xml"),
        CallSide::TikTok => ("-H \"x-tts-access-token: $ACCESS_TOKEN\"", "application/json"),
    };
    // `-g`, for brackets in addresses mean something else to curl.
    let mut command = format!("curl -g{method} \"{address}\" {rights}");
    if let Some(sent) = &call.sent {
        let sent = sent.replace('\'', "'\\''");
        command.push_str(&format!(" -H \"content-type: {content_type}\" --data-binary '{sent}'"));
    }
    command
}

fn parameter(pair: &str) -> String {
    match pair.split_once("=***") {
        Some((name, "")) if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
            format!("{name}=${}", name.to_ascii_uppercase())
        }
        _ => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(side: CallSide, method: &str, path: &str, sent: Option<&str>) -> Call {
        Call {
            side,
            method: method.to_owned(),
            origin: "https://shop.example".to_owned(),
            path: path.to_owned(),
            status: Some(200),
            duration_ms: 12,
            request_id: None,
            sent: sent.map(str::to_owned),
            answered: None,
        }
    }

    #[test]
    fn a_call_is_told_as_a_command_with_variables_for_what_is_secret() {
        let table = [
            (
                kept(CallSide::Store, "GET", "/api/orders?filter[gift_message]=tiktok:5&display=[id]", None),
                r#"curl -g "https://shop.example/api/orders?filter[gift_message]=tiktok:5&display=[id]" -u "$WEBSERVICE_KEY:""#,
            ),
            (
                kept(
                    CallSide::TikTok,
                    "POST",
                    "/order/202309/orders?app_key=***&sign=***&ids=5",
                    Some(r#"{"a":"it's"}"#),
                ),
                r#"curl -g -X POST "https://shop.example/order/202309/orders?app_key=$APP_KEY&sign=$SIGN&ids=5" -H "x-tts-access-token: $ACCESS_TOKEN" -H "content-type: application/json" --data-binary '{"a":"it'\''s"}'"#,
            ),
            (
                kept(CallSide::Store, "GET", "/api/x?filter[email]=***&a=$(id)`id`", None),
                r#"curl -g "https://shop.example/api/x?filter[email]=***&a=(id)id" -u "$WEBSERVICE_KEY:""#,
            ),
        ];

        for (call, command) in table {
            assert_eq!(curl(&call), command);
        }
    }
}
