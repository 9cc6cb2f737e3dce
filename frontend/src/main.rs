#![doc = include_str!("../README.md")]

mod actions;
mod api;
mod app;
mod browser;
mod clock;
mod components;
mod connections;
mod date_range;
mod frame;
mod grid_query;
mod installation;
mod json;
mod live;
mod load;
mod markup;
mod navigation;
mod order_detail;
mod orders;
mod pages;
mod preferences;
mod prelude;
mod route;
mod session;
mod settings;
mod sse;
mod text;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
