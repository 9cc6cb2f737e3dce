use actix_web::get;
use actix_web::web::{Data, Json};
use database::users;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::error::ApiError;
use crate::openapi::OpenRefusals;

/// Whether there is anybody yet.
#[derive(Serialize, ToSchema)]
pub struct SetUpState {
    /// True while nobody can sign in; the server's log then holds a one-time setup link.
    needed: bool,
}

/// Get the setup state
///
/// Whether the first person is still to be created.
#[utoipa::path(
    tag = "session",
    operation_id = "getSetupState",
    responses((status = 200, body = SetUpState, description = "The state"), OpenRefusals),
    security(())
)]
#[get("/setup")]
pub async fn get_setup_state(state: Data<AppState>) -> Result<Json<SetUpState>, ApiError> {
    Ok(Json(SetUpState { needed: !users::any(state.database.reader()).await? }))
}
