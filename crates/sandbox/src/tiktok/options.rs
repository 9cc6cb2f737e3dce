//! How a TikTok Shop sandbox is started.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::{Args, Parser};

use super::generator::Start;
use super::placing::Mix;
use super::switches::Consent;

/// A secret that does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Everything has a default; [`Options::default`] gives a French shop on a free port, the command line one on 7780.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7780")]
    pub address: SocketAddr,
    /// Key of the app that may call.
    #[arg(long, default_value = "6sandbox4key")]
    pub app_key: String,
    /// Secret of the app: signs requests and webhooks.
    #[arg(long, default_value = "sandbox-app-secret")]
    pub app_secret: Secret,
    /// Id of the app on the consent page.
    #[arg(long, default_value = "7200000000000000001")]
    pub service_id: String,
    /// A code that can be exchanged for tokens once, at any time; consent gives more.
    #[arg(long, default_value = "sandbox-auth-code")]
    pub auth_code: String,
    /// Seed of everything random: ids, ciphers, tokens, orders, accidents.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Region of a shop, ISO alpha-2; repeat it for more shops under one authorization.
    #[arg(long = "shop", default_values_t = ["FR".to_owned()])]
    pub shops: Vec<String>,
    /// Seconds of the hold after payment; 0 for the older flow without hold.
    #[arg(long, default_value_t = 3_600)]
    pub hold_seconds: i64,
    /// Where webhooks go; repeat it for more targets.
    #[arg(long = "webhook-url")]
    pub webhook_urls: Vec<String>,
    /// Where the consent page sends the seller back to.
    #[arg(long, default_value = "http://127.0.0.1:8080/oauth/tiktok")]
    pub redirect_url: String,
    /// What the consent page does.
    #[arg(long, value_enum, default_value = "grant")]
    pub consent: Consent,
    /// Requests per second for each endpoint and shop; 0 for no limit.
    #[arg(long, default_value_t = 0)]
    pub rate_limit: u32,
    /// Whether packages exist from payment on; by default so everywhere but in GB and US.
    #[arg(long)]
    pub packages_from_payment: Option<bool>,
    /// Orders that are there at the start.
    #[arg(long, default_value_t = 0)]
    pub orders: u32,
    /// Orders per minute that arrive by themselves.
    #[arg(long, default_value_t = 0.0)]
    pub orders_per_minute: f64,
    /// Which orders are there at the start and arrive by themselves.
    #[arg(long, value_enum, default_value = "plain")]
    pub mix: Mix,
    /// The first state of orders that arrive by themselves.
    #[arg(long, value_enum, default_value = "shippable")]
    pub arrive_as: Start,
}

/// Parses [`Options`] alone, so that their defaults are said once.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    options: Options,
}

impl Default for Options {
    fn default() -> Self {
        Alone::parse_from(["sandbox", "--address", "127.0.0.1:0"]).options
    }
}
