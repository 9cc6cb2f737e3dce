#![doc = include_str!("../README.md")]

mod cancellations;
mod client;
mod error;
mod external_orders;
mod fulfillment;
mod logistics;
mod observer;
mod order;
mod orders;
mod paging;
mod recipient;
mod rejection;
mod secret;
mod shops;
pub mod sign;
mod token;
mod transport;
pub mod webhook;
mod wire;

pub use cancellations::*;
pub use client::{AppCredentials, Client, Shop, ShopAccess};
pub use error::{Error, Setting};
pub use external_orders::*;
pub use fulfillment::*;
pub use logistics::*;
pub use observer::{Exchange, Observer, Verdict};
pub use order::*;
pub use orders::*;
pub use paging::{DEFAULT_MAX_PAGES, Items, SortField, SortOrder, read_page};
pub use recipient::*;
pub use rejection::Rejection;
pub use secret::Secret;
pub use shops::*;
pub use token::*;
pub use transport::{ANSWER_LIMIT_BYTES, http_client, pause_asked, read_answer};
