#![doc = include_str!("../README.md")]

pub mod prestashop;
pub mod tiktok;
