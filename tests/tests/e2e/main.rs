//! What a merchant does all day, in a real browser on the page as it is shipped.

mod adopting;
mod api_docs;
mod attempts;
mod bulk;
mod bulk_many;
mod canceling;
mod catalogue;
mod connections;
mod deleting;
mod exporting;
mod grid;
mod later_pages;
mod looks;
mod mending;
mod notes;
mod order;
mod people;
mod printing;
mod settings;
mod shipping;
mod sides;
mod signing_in;
mod stage;
mod telling_tools;
mod two_factors;
