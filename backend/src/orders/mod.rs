//! The order grid and its actions: one endpoint per file.

mod action_options;
mod actions;
mod attempts;
mod counts;
mod erase;
mod get;
mod import_preview;
mod labels;
mod list;
mod raw;
mod recipient;
mod request;
mod search;
pub(crate) mod shape;
pub(crate) mod timeline;

pub use action_options::get_action_options;
pub use actions::list_actions;
pub use attempts::list_attempts;
pub use counts::count_orders;
pub use erase::erase_buyer;
pub use get::get_order;
pub use import_preview::preview_import;
pub use labels::list_labels;
pub use list::list_orders;
pub use raw::get_raw_order;
pub use recipient::reveal_recipient;
pub use request::request_action;
pub(crate) use search::SearchOrders;
pub use search::search_orders;
pub use timeline::list_timeline;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, Responder};
use database::{BuyerFilter, Criteria, order_list};
use shared::{OrderFilter, OrderSummary, Page, Search};

use crate::app::AppState;
use crate::auth::Caller;
use crate::cursor::{PageParameters, binding};
use crate::error::ApiError;

/// The filter that the parameters of a query, or of a run over many orders, stand for.
///
/// # Errors
/// One for each parameter that is not understood.
pub fn filter_of(pairs: &[(String, String)]) -> Result<OrderFilter, ApiError> {
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    OrderFilter::from_pairs(pairs).map_err(ApiError::bad_filter)
}

/// The orders that a filter means now, of those that the caller reaches.
///
/// # Errors
/// When its search is not understood.
pub fn criteria_of(
    state: &AppState,
    caller: &Caller,
    filter: &OrderFilter,
    buyer: BuyerFilter,
) -> Result<Criteria, ApiError> {
    let search = Search::of(filter, state.clock().now()).map_err(ApiError::bad_filter)?;
    Criteria::new(search, buyer, &caller.reach).map_err(ApiError::bad_filter)
}

async fn page_of(
    state: &AppState,
    caller: &Caller,
    filter: &OrderFilter,
    buyer: BuyerFilter,
    parameters: &PageParameters,
) -> Result<Page<OrderSummary>, ApiError> {
    let mut pairs = filter.to_pairs();
    let buyers_data = [("name", &buyer.name), ("phone", &buyer.phone), ("email", &buyer.email)];
    pairs.extend(buyers_data.map(|(name, text)| (format!("buyer.{name}"), text.clone().unwrap_or_default())));
    let binding = binding("orders", &pairs);
    let request = state.cursors.request(parameters, &binding)?;
    let criteria = criteria_of(state, caller, filter, buyer)?;
    let slice = order_list::list(state.database.reader(), &state.database.vault, &criteria, &request).await?;
    Ok(state.cursors.page(slice, &binding))
}

/// An answer that no cache may keep, since it names a person.
fn personal(answer: impl serde::Serialize) -> impl Responder {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer)
}
