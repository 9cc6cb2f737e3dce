//! The order grid and its actions: one endpoint per file.

mod counts;
mod get;
mod import;
mod list;
mod recipient;
mod search;
mod sync;
mod timeline;

pub use counts::count_orders;
pub use get::get_order;
pub use import::import_order;
pub use list::list_orders;
pub use recipient::reveal_recipient;
pub use search::search_orders;
pub use sync::sync_order;
pub use timeline::list_timeline;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Json;
use actix_web::{HttpResponse, Responder};
use database::{BuyerFilter, Criteria, order_list};
use shared::{OrderFilter, OrderSummary, Page, Search};

use crate::app::AppState;
use crate::cursor::{PageParameters, binding};
use crate::error::ApiError;

/// Jobs that a person waits for go before those that nobody sees.
const ASKED_FOR_BY_A_PERSON: i16 = 10;

fn filter_of(pairs: &[(String, String)]) -> Result<OrderFilter, ApiError> {
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    OrderFilter::from_pairs(pairs).map_err(ApiError::bad_filter)
}

fn criteria_of(state: &AppState, filter: &OrderFilter, buyer: BuyerFilter) -> Result<Criteria, ApiError> {
    let search = Search::of(filter, state.clock().now()).map_err(ApiError::bad_filter)?;
    Criteria::new(search, buyer).map_err(ApiError::bad_filter)
}

async fn page_of(
    state: &AppState,
    filter: &OrderFilter,
    buyer: BuyerFilter,
    parameters: &PageParameters,
) -> Result<Json<Page<OrderSummary>>, ApiError> {
    let mut pairs = filter.to_pairs();
    let buyers_data = [("name", &buyer.name), ("phone", &buyer.phone), ("email", &buyer.email)];
    pairs.extend(buyers_data.map(|(name, text)| (format!("buyer.{name}"), text.clone().unwrap_or_default())));
    let binding = binding("orders", &pairs);
    let request = state.cursors.request(parameters, &binding)?;
    let criteria = criteria_of(state, filter, buyer)?;
    let slice = order_list::list(state.database.reader(), &state.database.vault, &criteria, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

/// An answer that no cache may keep, since it names a person.
fn personal(answer: impl serde::Serialize) -> impl Responder {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer)
}
