//! What a merchant does all day, in a real browser on the page as it is shipped.

mod connections;
mod grid;
mod looks;
mod order;
mod signing_in;
mod stage;
