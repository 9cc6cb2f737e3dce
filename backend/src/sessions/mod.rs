//! One's own sessions: one endpoint per file.

mod end;
mod end_all;
mod list;

pub use end::end_session;
pub use end_all::end_sessions;
pub use list::list_sessions;
