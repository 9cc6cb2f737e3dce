#![doc = include_str!("../README.md")]

mod client;
mod error;
mod secret;
mod sign;

pub use client::{ATTEMPT_LIMIT, Client, Delivered, Message, http_client, read_answer};
pub use error::Error;
pub use secret::{NotASecret, Secret};
pub use sign::signatures;
