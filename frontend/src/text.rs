//! The message catalogue: every sentence of the page that is not the server's, in one place.

/// Names sentences that never change.
macro_rules! sentences {
    ($($name:ident $text:literal)+) => { $(pub const $name: &str = $text;)+ };
}

mod actions;
mod connections;
mod exports;
mod frame;
mod grid;
mod health;
mod order;
mod people;
mod printing;
mod webhooks;

pub use actions::*;
pub use connections::*;
pub use exports::*;
pub use frame::*;
pub use grid::*;
pub use health::*;
pub use order::*;
pub use people::*;
pub use printing::*;
pub use webhooks::*;
