//! `cargo xtask bench`: what an import costs the store, how heavy the page is, and how fast grid and webhooks are.
//!
//! Everything is measured beside something else in the same run, so that the ratios mean something on any machine.
//! Nothing here fails because a machine is slow: a figure beyond its target is marked, and that is all.

mod grid;
mod grid_orders;
mod grid_queries;
mod imports;
mod page;
mod report;
mod webhooks;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measures orderbridge on this machine; ends by itself.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Options {
    /// What to measure; everything unless given
    #[arg(value_enum)]
    sections: Vec<Section>,
    /// Small counts, to see that it works; the figures mean little
    #[arg(long)]
    quick: bool,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders in the grid; the growth is measured from a tenth of them
    #[arg(long)]
    grid_orders: Option<u32>,
    /// Ask only those queries of the grid whose name contains this
    #[arg(long)]
    query: Option<String>,
    /// Orders of the backlog that is imported
    #[arg(long)]
    backlog: Option<u32>,
    /// How long the store takes to create an order, in milliseconds; real shops take about 300
    #[arg(long, default_value_t = 300)]
    order_post_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Calls to the store per import, and how busy a backlog keeps it
    Imports,
    /// Bytes over the wire for the first view
    Page,
    /// Queries of the grid on both databases, beside bare SQL
    Grid,
    /// Answering webhooks
    Webhooks,
}

/// How much is measured.
#[derive(Debug, Clone)]
struct Scale {
    seed: u64,
    backlog: u32,
    order_post_ms: u64,
    grid_orders: u32,
    /// Times that each query of the grid is asked.
    samples: usize,
    /// What the name of a query must contain to be asked.
    query: String,
    webhooks: usize,
}

impl Scale {
    fn of(options: &Options) -> Self {
        let full = Self {
            seed: options.seed,
            backlog: 300,
            order_post_ms: options.order_post_ms,
            grid_orders: 100_000,
            samples: 200,
            query: options.query.clone().unwrap_or_default(),
            webhooks: 2_000,
        };
        let quick = Self { backlog: 20, grid_orders: 2_000, samples: 20, webhooks: 200, ..full.clone() };
        let scale = if options.quick { quick } else { full };
        Self {
            backlog: options.backlog.unwrap_or(scale.backlog).max(1),
            grid_orders: options.grid_orders.unwrap_or(scale.grid_orders).max(100),
            ..scale
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scale = Scale::of(&options);
    let all = Section::value_variants();
    let sections = if options.sections.is_empty() { all } else { &options.sections };
    report::print_conditions(&scale, options.quick);
    for section in all.iter().filter(|section| sections.contains(section)) {
        match section {
            Section::Imports => imports::measure(&scale).await?,
            Section::Page => page::measure(&scale).await?,
            Section::Grid => grid::measure(&scale).await?,
            Section::Webhooks => webhooks::measure(&scale).await?,
        }
    }
    Ok(())
}
