//! What a merchant does all day, in a real browser on the page as it is shipped.

mod bulk;
mod canceling;
mod connections;
mod deleting;
mod grid;
mod later_pages;
mod looks;
mod notes;
mod order;
mod people;
mod settings;
mod shipping;
mod sides;
mod signing_in;
mod stage;
