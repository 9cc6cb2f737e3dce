//! One file per address.

pub mod connection_edit;
pub mod connection_new;
pub mod connections;
pub mod home;
pub mod later;
pub mod not_found;
pub mod order_detail;
pub mod orders;
pub mod set_up;
pub mod sign_in;
