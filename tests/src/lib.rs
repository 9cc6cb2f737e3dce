#![doc = include_str!("../README.md")]

mod control;
mod engine_lab;
mod sandboxes;

pub use control::Control;
pub use engine_lab::{EngineLab, LabOptions};
pub use sandboxes::Sandboxes;
