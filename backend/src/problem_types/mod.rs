//! What the address in the `type` of a problem leads to: what it means, and what to do about it.

mod catalogue;
mod get;

pub use catalogue::{ProblemType, find};
pub use get::describe_problem;
