//! What others write, kept and passed on as the engine does it, for those who try any bytes on it.

use database::attempts::Call;
use shared::CallSide;
use url::Url;

use crate::{attempts, export_rows};

/// What is kept of a call, wholly or as far as it is about one order.
#[must_use]
pub fn kept_of(side: CallSide, url: Url, sent: &[u8], answered: &[u8], only_order: Option<&str>) -> Call {
    attempts::kept_of(side, url, sent, answered, only_order)
}

/// A line of a table that holds these texts of others.
#[must_use]
pub fn table_line(texts: &[String]) -> Vec<u8> {
    export_rows::line_of(texts)
}
