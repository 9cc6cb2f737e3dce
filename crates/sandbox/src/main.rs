//! Starts a sandbox from the command line: `cargo run -p sandbox -- tiktok|prestashop|both|replay --help`.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use sandbox::{prestashop, replay, tiktok};
use tracing_subscriber::EnvFilter;

/// TikTok Shop and PrestaShop as local servers that remember.
#[derive(Parser)]
#[command(version)]
enum Command {
    /// TikTok Shop alone.
    Tiktok(tiktok::Options),
    /// PrestaShop alone.
    Prestashop(prestashop::Options),
    /// Both, selling the same goods.
    Both(BothOptions),
    /// Sends the recorded calls of a real PrestaShop to the sandbox and compares the answers.
    Replay(replay::Options),
}

/// The options that matter when both run; everything else keeps its default.
#[derive(clap::Args)]
struct BothOptions {
    /// Where TikTok Shop listens.
    #[arg(long, default_value = "127.0.0.1:7780")]
    tiktok_address: SocketAddr,
    /// Where PrestaShop listens.
    #[arg(long, default_value = "127.0.0.1:7781")]
    prestashop_address: SocketAddr,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where TikTok Shop's webhooks go; repeat it for more targets.
    #[arg(long = "webhook-url")]
    webhook_urls: Vec<String>,
    /// Where TikTok Shop's consent page sends the seller back to.
    #[arg(long, default_value = "http://127.0.0.1:8080/oauth/tiktok")]
    redirect_url: String,
    /// Seconds of the hold after payment.
    #[arg(long, default_value_t = 3_600)]
    hold_seconds: i64,
    /// Orders that are there at the start.
    #[arg(long, default_value_t = 0)]
    orders: u32,
    /// Orders per minute that arrive by themselves.
    #[arg(long, default_value_t = 0.0)]
    orders_per_minute: f64,
    /// Which orders are there at the start and arrive by themselves.
    #[arg(long, value_enum, default_value = "plain")]
    mix: tiktok::Mix,
}

impl BothOptions {
    fn split(self) -> (tiktok::Options, prestashop::Options) {
        let tiktok = tiktok::Options {
            address: self.tiktok_address,
            seed: self.seed,
            webhook_urls: self.webhook_urls,
            redirect_url: self.redirect_url,
            hold_seconds: self.hold_seconds,
            orders: self.orders,
            orders_per_minute: self.orders_per_minute,
            mix: self.mix,
            ..tiktok::Options::default()
        };
        let prestashop = prestashop::Options {
            address: self.prestashop_address,
            seed: self.seed,
            ..prestashop::Options::default()
        };
        (tiktok, prestashop)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Command::parse() {
        Command::Tiktok(options) => {
            let running = start_tiktok(options)?;
            wait_for_the_end().await?;
            running.stop();
        }
        Command::Prestashop(options) => {
            let running = start_prestashop(options).await?;
            wait_for_the_end().await?;
            running.stop().await;
        }
        Command::Both(options) => {
            let (tiktok_options, prestashop_options) = options.split();
            let store = start_prestashop(prestashop_options).await?;
            let channel = start_tiktok(tiktok_options)?;
            wait_for_the_end().await?;
            channel.stop();
            store.stop().await;
        }
        Command::Replay(options) => {
            let all_equal = replay::run(options).await?;
            return Ok(if all_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn start_tiktok(options: tiktok::Options) -> anyhow::Result<tiktok::Running> {
    let running = tiktok::start(options)?;
    println!("TikTok Shop: API {}, control {}", running.api_url, running.control_url);
    Ok(running)
}

async fn start_prestashop(options: prestashop::Options) -> anyhow::Result<prestashop::Running> {
    let running = prestashop::start(options).await?;
    println!("PrestaShop: shop {}, control {}", running.shop_url, running.control_url);
    Ok(running)
}

async fn wait_for_the_end() -> anyhow::Result<()> {
    println!("Press Ctrl-C to stop.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
