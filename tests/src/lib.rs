#![doc = include_str!("../README.md")]

mod api;
mod api_tools;
pub mod browser;
mod comparison;
mod control;
mod engine_lab;
mod faults;
mod process;
mod sandboxes;
mod whole_run;

pub use api::Api;
pub use api_tools::{ApiTools, api_document_path};
pub use comparison::{Comparison, Sides, read_sides};
pub use control::Control;
pub use engine_lab::{EngineLab, LabOptions};
pub use faults::{Experiment, FaultOptions, FaultReport, Mutation, run_experiment, run_faults};
pub use process::{
    Duties, LOGIN_EMAIL, LOGIN_PASSWORD, Orderbridge, ProcessOptions, create_login, free_address, program,
};
pub use sandboxes::Sandboxes;
pub use whole_run::{Run, RunOptions};
