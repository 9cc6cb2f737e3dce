use actix_web::get;
use actix_web::web::{Data, Json};
use database::{order_detail, order_history};
use shared::{FieldError, OrderId, Page, TIMELINE_TOPICS, TimelineEntry};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::app::AppState;
use crate::auth::{May, OrdersRead};
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::extract::{Id, Pairs, words};
use crate::openapi::{Missing, PageQuery, Refusals, text_parameter};

/// What the story is narrowed to.
struct TopicQuery;

impl IntoParams for TopicQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let topics = TIMELINE_TOPICS.join("`, `");
        let description = format!("Only these topics, separated by commas: `{topics}`");
        vec![text_parameter("topic", &description)]
    }
}

/// List an order's timeline
///
/// Who or what did what with the order, when and why; newest first.
#[utoipa::path(
    tag = "orders",
    operation_id = "listTimeline",
    params(("id" = i64, Path, description = "Our order number"), TopicQuery, PageQuery),
    responses((status = 200, body = Page<TimelineEntry>, description = "A page of the story"), Missing, Refusals),
    security(("bearer" = ["orders:read"]))
)]
#[get("/orders/{id}/timeline")]
pub async fn list_timeline(
    state: Data<AppState>,
    _caller: May<OrdersRead>,
    id: Id<OrderId>,
    pairs: Pairs,
) -> Result<Json<Page<TimelineEntry>>, ApiError> {
    let (parameters, rest) = Cursors::page_parameters(pairs.0)?;
    let topics = topics_of(&rest)?;
    let binding = format!("timeline {} {}", id.0, topics.join(","));
    let request = state.cursors.request(&parameters, &binding)?;
    let db = state.database.reader();
    order_detail::version(db, id.0).await?.ok_or(ApiError::NotFound)?;
    let slice = order_history::timeline_page(db, id.0, &topics, &request).await?;
    Ok(Json(state.cursors.page(slice, &binding)))
}

pub(crate) fn topics_of(pairs: &[(String, String)]) -> Result<Vec<&'static str>, ApiError> {
    let mut topics = Vec::new();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        if name != "topic" {
            errors.push(FieldError::new(name, "unknown filter; known is topic"));
            continue;
        }
        topics.extend(words(name, value, TIMELINE_TOPICS, &mut errors));
    }
    ApiError::refuse_filter(errors)?;
    Ok(topics)
}
