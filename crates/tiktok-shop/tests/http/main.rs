//! The client against a small HTTP server: what travels, and what is made of the answers.

mod answers;
mod attacks;
mod cancellations;
mod lists;
mod requests;
mod support;
mod tokens;
