//! The binary: see `cli.rs` for what it can do.

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Fails only when a provider is installed already, which then serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    backend::cli::run(backend::cli::Cli::parse()).await
}
