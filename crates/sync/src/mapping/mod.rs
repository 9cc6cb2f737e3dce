//! TikTok order to our snapshot to store order: pure functions, no I/O, no clock.

mod address;
mod amounts;
mod cancel_reason;
mod decision;
mod drift;
mod plan;
mod snapshot;
mod store_state;
mod tax;

pub use address::{destination_of, likely_country, placeholder_recipient, recipient_of, store_address_of};
pub use amounts::{Incoherent, SaleAmounts, allocate, amounts_of};
pub use cancel_reason::{OUT_OF_STOCK, cancel_reason_for, same_cancel_reason};
pub use decision::{CANCELED_BEFORE, Choice, ImportDecision, import_decision};
pub use drift::{Compared, DRIFTS, STATUS_DRIFT, TRACKING_DRIFT, drift, drifts};
pub use plan::{OrderTaxes, PlanInput, PlanRow, StoreOrderPlan, order_key, plan_store_order, sellable_units};
pub use snapshot::snapshot_of;
pub use store_state::{
    AfterCancellation, MissingState, ShipmentFacts, ShipmentStep, StoreStates, Target, after_cancellation,
    is_same_number, plain_number,
};
pub use tax::CountryTax;
