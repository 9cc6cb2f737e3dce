//! What the pages of settings share. All of it is loaded with the first of them, see `pages/later.rs`.

pub mod area;
pub mod confirm;
pub mod fields;
pub mod listing;
pub mod once;
pub mod vital_signs;
pub mod webhook_fields;
