//! The client against recorded answers of real shops, and against a server that misbehaves.

#![cfg(test)]

mod attacks;
mod changed_orders;
mod every_recording;
mod judging;
mod recording;
mod requests;
mod totals;
mod transport;
