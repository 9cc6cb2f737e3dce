use std::collections::BTreeMap;

use actix_web::post;
use actix_web::web::{Data, Json};
use database::BuyerFilter;
use database::audit::Entry;
use serde::Deserialize;
use shared::{AuditEvent, FieldError, OrderSummary, Page, Scope};
use utoipa::ToSchema;

use super::{filter_of, page_of};
use crate::app::AppState;
use crate::audit::tell_alone;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::{BodyRefusals, Refusals};

/// A search whose criteria do not belong into an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchOrders {
    /// The filters of `GET /orders` by name, and `limit`, `after`, `before`.
    #[serde(default)]
    #[schema(example = json!({"limit": "50", "status": "error"}))]
    filter: BTreeMap<String, String>,
    /// Needs the scope `orders:pii`.
    #[serde(default)]
    buyer: Option<SearchBuyer>,
}

/// Whole names, numbers and addresses; parts of them are not found, for they are stored unreadable.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBuyer {
    #[serde(default)]
    #[schema(max_length = 200)]
    name: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    phone: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    email: Option<String>,
}

/// The longest name, number or address that is looked for, in characters; the schema says the same.
const LONGEST: usize = 200;

impl SearchBuyer {
    fn check(&self) -> Result<(), ApiError> {
        let values = [("name", &self.name), ("phone", &self.phone), ("email", &self.email)];
        let too_long = values
            .into_iter()
            .filter(|(_, value)| value.as_ref().is_some_and(|value| value.chars().count() > LONGEST))
            .map(|(name, _)| {
                FieldError::new(
                    format!("/buyer/{name}"),
                    format!("longer than {LONGEST} characters; shorten it"),
                )
            })
            .collect::<Vec<_>>();
        ApiError::refuse_values(too_long)
    }
}

/// Search orders
///
/// The list of `GET /orders`, with the criteria in the body. Buyers are searched for only here, never in an address.
#[utoipa::path(
    tag = "orders",
    operation_id = "searchOrders",
    request_body = SearchOrders,
    responses((status = 200, body = Page<OrderSummary>, description = "A page of orders"), BodyRefusals, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[post("/orders/search")]
pub async fn search_orders(
    state: Data<AppState>,
    caller: May<OrdersRead>,
    body: Body<SearchOrders>,
) -> Result<Json<Page<OrderSummary>>, ApiError> {
    let SearchOrders { filter, buyer } = body.0;
    if let Some(buyer) = &buyer {
        caller.require(Scope::OrdersPii)?;
        buyer.check()?;
        tell_alone(&state, Entry::new(AuditEvent::BuyerSearched, caller.actor())).await?;
    }
    let buyer = buyer.map(|SearchBuyer { name, phone, email }| BuyerFilter { name, phone, email });
    let found = async {
        let (parameters, pairs) = Cursors::page_parameters(filter.into_iter().collect())?;
        page_of(&state, &caller, &filter_of(&pairs)?, buyer.unwrap_or_default(), &parameters).await
    };
    let page = found.await.map_err(|error| error.in_body(|name| format!("/filter/{name}")))?;
    Ok(Json(page))
}
