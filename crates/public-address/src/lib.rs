#![doc = include_str!("../README.md")]

mod address;
mod check;
mod resolver;

pub use address::is_public;
pub use check::{Refused, check, check_literal, parse};
pub use resolver::Resolver;

/// Where connections may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destinations {
    /// To public web servers, over https on its own port.
    Public,
    /// Anywhere, over http too: for development only.
    Anywhere,
}
