use actix_web::get;
use actix_web::web::{Data, Json};
use database::users::{self, UserRecord};
use shared::UserAccount;

use crate::app::AppState;
use crate::auth::{May, UsersRead};
use crate::error::ApiError;
use crate::openapi::Refusals;

/// List people
///
/// Everybody who may sign in, by address.
#[utoipa::path(
    tag = "people",
    operation_id = "listUsers",
    responses((status = 200, body = [UserAccount], description = "The people"), Refusals),
    security(("bearer" = ["users:read"]))
)]
#[get("/users")]
pub async fn list_users(
    state: Data<AppState>,
    _caller: May<UsersRead>,
) -> Result<Json<Vec<UserAccount>>, ApiError> {
    let everybody = users::list(state.database.reader()).await?;
    Ok(Json(everybody.into_iter().map(UserRecord::account).collect()))
}
