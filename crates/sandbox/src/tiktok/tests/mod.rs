//! Whole behaviour, called as a connector would call it.

mod caller;
mod cancelling;
mod checks;
mod http;
mod orders;
mod shipping;
