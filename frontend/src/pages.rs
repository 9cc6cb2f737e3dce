//! One file per address.

pub mod account;
pub mod api_keys;
pub mod audit;
pub mod connection_edit;
pub mod connection_new;
pub mod connections;
pub mod exports;
pub mod health;
pub mod home;
pub mod invitation;
pub mod later;
pub mod not_found;
pub mod order_detail;
pub mod orders;
pub mod people;
pub mod print;
pub mod set_up;
pub mod sign_in;
pub mod webhook;
pub mod webhooks;
