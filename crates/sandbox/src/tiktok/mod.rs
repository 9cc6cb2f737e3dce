#![doc = include_str!("README.md")]

mod addresses;
mod answer;
mod call;
mod calls;
mod cancellation_calls;
mod cancellations;
mod control;
mod control_orders;
mod delivery;
mod external_orders;
mod faults;
mod fulfilment;
mod gateway;
mod generator;
mod ids;
mod lifecycle;
mod limiter;
mod listings;
mod logistics;
mod money;
mod options;
mod order;
mod order_json;
mod orders;
mod packages;
mod paging;
mod placing;
mod price_detail;
mod reasons;
mod recipient;
mod reply;
mod returns;
mod routes;
mod server;
mod shapes;
mod sign;
mod switches;
mod tokens;
mod webhooks;
mod world;

#[cfg(test)]
mod tests;

pub use addresses::marks_of_buyers;
pub use generator::Start;
pub use options::{Options, Secret};
pub use placing::Mix;
pub use server::{Running, start};
pub use switches::Consent;
