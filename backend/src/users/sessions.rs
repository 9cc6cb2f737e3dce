use actix_web::get;
use actix_web::web::{Data, Json};
use database::sessions;
use shared::{UserId, UserSession};

use super::find;
use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::extract::Id;
use crate::openapi::{Missing, Refusals};

/// List a person's sessions
///
/// Those that have not ended, the latest used first.
#[utoipa::path(
    tag = "people",
    operation_id = "listUserSessions",
    params(("id" = i64, Path, description = "The person's number")),
    responses((status = 200, body = [UserSession], description = "The sessions"), Missing, Refusals),
    security(("bearer" = ["users:read"]))
)]
#[get("/users/{id}/sessions")]
pub async fn list_user_sessions(
    state: Data<AppState>,
    caller: May<UsersRead>,
    id: Id<UserId>,
) -> Result<Json<Vec<UserSession>>, ApiError> {
    let db = state.database.reader();
    find(db, id.0).await?;
    let current = caller.session().map(|session| session.as_str());
    Ok(Json(sessions::of_user(db, id.0, current, state.clock().now()).await?))
}
