//! The parts of the grid.

pub mod bulk_bar;
pub mod fetch_orders;
pub mod filter_bar;
pub mod filters;
pub mod first_run;
pub mod grid;
pub mod grid_state;
pub mod issues_dialog;
pub mod live_pill;
pub mod pager;
pub mod row;
pub mod search_box;
pub mod status_tabs;
pub mod views;
