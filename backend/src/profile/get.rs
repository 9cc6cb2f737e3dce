use actix_web::get;
use actix_web::web::{Data, Json};
use database::{second_factors, users};
use shared::Profile;

use crate::app::AppState;
use crate::auth::Person;
use crate::error::ApiError;
use crate::openapi::Refusals;

/// Get one's own profile
///
/// The account, and how it is protected.
#[utoipa::path(
    tag = "people",
    operation_id = "getProfile",
    responses((status = 200, body = Profile, description = "The profile"), Refusals),
    security(("access_token" = []))
)]
#[get("/profile")]
pub async fn get_profile(state: Data<AppState>, person: Person) -> Result<Json<Profile>, ApiError> {
    let db = state.database.reader();
    let record = users::find(db, person.user.id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(Profile {
        id: record.user.id,
        second_factor: record.second_factor,
        second_factor_required: state.config.needs_second_factor(record.user.role),
        recovery_codes_left: second_factors::recovery_codes_left(db, record.user.id).await?,
        created_at: record.created_at,
        email: record.user.email,
        role: record.user.role,
    }))
}
