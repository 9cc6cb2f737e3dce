#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod prestashop;
pub mod replay;
pub mod tiktok;
mod trickle;
