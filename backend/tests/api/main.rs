//! The program from outside: a real server on a port of its own, on each database.

mod app;
mod connections;
mod counts;
mod events;
mod grid;
mod orders;
mod page;
mod problems;
mod roles;
mod sessions;
mod webhooks;
