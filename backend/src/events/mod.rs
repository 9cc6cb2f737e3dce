//! Live events: what changed, told at once to the pages that are open.

mod live;
mod stream;

pub use live::LiveEvents;
pub use stream::stream_events;
pub(crate) use stream::{LAST_EVENT_ID, last_seen};
