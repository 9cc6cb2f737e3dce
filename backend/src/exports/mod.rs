//! Files of orders, written by a job: one endpoint per file.

mod cancel;
mod file;
mod get;
mod list;
pub(crate) mod start;

pub use cancel::cancel_export;
pub use file::get_export_file;
pub use get::get_export;
pub use list::list_exports;
pub use start::start_export;

use database::ConnectionTrait;
use database::exports::{self, ExportRecord};
use shared::ExportId;

use crate::auth::Caller;
use crate::error::ApiError;

/// The caller's own export; to anybody else there is none.
async fn find(db: &impl ConnectionTrait, caller: &Caller, id: ExportId) -> Result<ExportRecord, ApiError> {
    let record = exports::find(db, id).await?;
    record.filter(|record| record.owner == caller.account()).ok_or(ApiError::NotFound)
}
