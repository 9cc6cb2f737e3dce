//! Building blocks that know nothing of orders.

pub mod announcer;
pub mod badge;
pub mod copy_button;
pub mod dialog;
pub mod dropdown;
pub mod failure;
pub mod fields;
pub mod fold;
pub mod icon;
pub mod money;
pub mod time;
pub mod toast;
