//! What the outside calls.

mod tiktok;

pub use tiktok::PLACES;
pub use tiktok::receive_tiktok_webhook;
