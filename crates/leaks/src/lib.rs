#![doc = include_str!("../README.md")]

mod leaks;
mod log_watch;

pub use leaks::Leaks;
pub use log_watch::LogWatch;
