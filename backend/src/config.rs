//! What the program is told from outside: read once, checked once, with errors that name the key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use database::MasterKey;
use public_address::Destinations;
use rand::Rng;
use sha2::{Digest, Sha256};
use shared::Role;
use url::Url;

use crate::auth::ThrottlePolicy;
use crate::rate_limits::Quotas;

/// Named here because a secret has no place among the arguments, which other users of the machine can read.
const KEY_VARIABLE: &str = "ORDERBRIDGE_ENCRYPTION_KEY";
const KEY_FILE: &str = "encryption.key";
/// The largest body that is taken comes in this time over a poor mobile connection.
const BODY_TIME_LIMIT: Duration = Duration::from_secs(20);
/// Keys that were current before, with commas: they open what they sealed until `rotate-key` has sealed it anew.
const PREVIOUS_KEYS_VARIABLE: &str = "ORDERBRIDGE_PREVIOUS_ENCRYPTION_KEYS";
const PREVIOUS_KEYS_FILE: &str = "encryption.key.previous";

/// Settings from arguments and environment.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where to listen; behind a proxy that speaks HTTPS, a local address
    #[arg(long, global = true, env = "ORDERBRIDGE_ADDRESS", default_value = "127.0.0.1:8080")]
    pub address: SocketAddr,
    /// The folder of the SQLite database and the encryption key
    #[arg(long, global = true, env = "ORDERBRIDGE_DATA_DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// The database, as in postgres://user:password@host/name; by default SQLite in the data folder
    #[arg(long, global = true, env = "ORDERBRIDGE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The address that people open, as in https://orders.example; by default that of --address
    #[arg(long, global = true, env = "ORDERBRIDGE_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// Where TikTok Shop's API is
    #[arg(
        long,
        global = true,
        env = "ORDERBRIDGE_TIKTOK_API_URL",
        default_value = "https://open-api.tiktokglobalshop.com"
    )]
    pub tiktok_api_url: Url,
    /// Where TikTok Shop gives out tokens
    #[arg(
        long,
        global = true,
        env = "ORDERBRIDGE_TIKTOK_AUTH_URL",
        default_value = "https://auth.tiktok-shops.com"
    )]
    pub tiktok_auth_url: Url,
    /// How long a store's PHP may work on one order, in seconds; an order whose request got no answer is looked for until then
    #[arg(
        long,
        global = true,
        env = "ORDERBRIDGE_STORE_TIME_LIMIT",
        default_value_t = 120,
        value_parser = clap::value_parser!(u16).range(1..=3_600)
    )]
    pub store_time_limit: u16,
    /// For development only: stores and the receivers of webhooks may have private addresses and plain HTTP
    #[arg(long, global = true, env = "ORDERBRIDGE_ALLOW_PRIVATE_ADDRESSES")]
    pub allow_private_addresses: bool,
    /// For development only: Swagger UI and the API document answer everybody, not only admins
    #[arg(long, global = true, env = "ORDERBRIDGE_OPEN_API_DOCS")]
    pub open_api_docs: bool,
    /// Origins of other pages that may call the API, as in https://tools.example; several with commas
    #[arg(long, global = true, env = "ORDERBRIDGE_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Take the caller's address from the end of X-Forwarded-For, where the proxy has put it; only if nobody else can reach
    /// the port
    #[arg(long, global = true, env = "ORDERBRIDGE_TRUST_PROXY")]
    pub trust_proxy: bool,
    /// Everybody with this role or a higher one must sign in with an authenticator app too
    #[arg(long, global = true, env = "ORDERBRIDGE_REQUIRE_SECOND_FACTOR", value_name = "ROLE")]
    pub require_second_factor: Option<Role>,
    /// Requests that one caller may send in a minute to each process; 0 for any number
    #[arg(long, global = true, env = "ORDERBRIDGE_REQUESTS_PER_MINUTE", default_value_t = 6_000)]
    pub requests_per_minute: u32,
    /// Requests about one connection that all callers together may send in a minute to each process; 0 for any number
    #[arg(long, global = true, env = "ORDERBRIDGE_CONNECTION_REQUESTS_PER_MINUTE", default_value_t = 3_000)]
    pub connection_requests_per_minute: u32,
    /// After being told to end, go on serving for so many seconds while /health/ready says no, so that a balancer sends
    /// nothing more
    #[arg(long, global = true, env = "ORDERBRIDGE_DRAIN_SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=300))]
    pub drain_seconds: u32,
    /// Serve metrics for Prometheus at /metrics to whoever sends this token as a bearer token; 16 characters or more
    #[arg(long, global = true, env = "ORDERBRIDGE_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// How to write the log; what to write is said by RUST_LOG
    #[arg(long, global = true, env = "ORDERBRIDGE_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// One setting is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The argument, variable or file.
    pub key: String,
    pub problem: String,
}

impl ConfigError {
    fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

/// What whoever reads the metrics must send. Its `Debug` does not show it.
#[derive(Clone)]
pub struct MetricsToken([u8; 32]);

impl MetricsToken {
    const SHORTEST: usize = 16;

    fn new(token: &str) -> Result<Self, ConfigError> {
        if token.len() < Self::SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::new("--metrics-token", "must be 16 or more visible ASCII characters"));
        }
        Ok(Self(Sha256::digest(token).into()))
    }

    /// Whether this is the token. Digests are compared, so that the time tells nothing of how much fits.
    #[must_use]
    pub fn is(&self, sent: &str) -> bool {
        self.0 == <[u8; 32]>::from(Sha256::digest(sent))
    }
}

impl std::fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetricsToken")
    }
}

/// Settings after all checks.
#[derive(Debug, Clone)]
pub struct Config {
    pub address: SocketAddr,
    pub database_url: String,
    pub master_key: MasterKey,
    /// Keys that were current before.
    pub previous_keys: Vec<MasterKey>,
    pub tiktok_api_url: Url,
    pub tiktok_auth_url: Url,
    pub store_time_limit: TimeDelta,
    /// Where stores and the receivers of webhooks may be.
    pub destinations: Destinations,
    pub trust_proxy: bool,
    pub open_api_docs: bool,
    /// A body that has not come by then is not waited for.
    pub body_time_limit: Duration,
    pub throttle: ThrottlePolicy,
    pub quotas: Quotas,
    /// How long requests are still taken after being told to end.
    pub drain: Duration,
    /// Who may read the metrics; nobody when there is none.
    pub metrics_token: Option<MetricsToken>,
    require_second_factor: Option<Role>,
    public_origin: String,
    allowed_origins: Vec<String>,
}

impl Config {
    /// Checks the settings; makes the data folder and the encryption key where they are needed and missing.
    ///
    /// # Errors
    /// The first setting that is wrong, by name.
    pub fn load(settings: Settings) -> Result<Self, ConfigError> {
        let key = std::env::var(KEY_VARIABLE).ok();
        let database_url = match settings.database_url.filter(|url| !url.is_empty()) {
            Some(url) => url,
            None => {
                create_folder(&settings.data_dir)?;
                format!("sqlite:{}", settings.data_dir.join("orderbridge.db").display())
            }
        };
        let (master_key, previous_keys) = match key.filter(|key| !key.is_empty()) {
            Some(text) => {
                let refused =
                    || ConfigError::new(KEY_VARIABLE, "must be 32 bytes as 64 hex digits or in base64");
                (parse_key(&text).ok_or_else(refused)?, previous_keys_of_environment()?)
            }
            None => {
                create_folder(&settings.data_dir)?;
                let previous = previous_keys_of_file(&settings.data_dir.join(PREVIOUS_KEYS_FILE))?;
                (key_of_file(&settings.data_dir.join(KEY_FILE))?, previous)
            }
        };
        let public_origin = match &settings.public_url {
            Some(url) => origin_of("--public-url", url)?,
            None => format!("http://{}", settings.address),
        };
        for (key, url) in
            [("--tiktok-api-url", &settings.tiktok_api_url), ("--tiktok-auth-url", &settings.tiktok_auth_url)]
        {
            origin_of(key, url)?;
        }
        let mut allowed_origins = Vec::new();
        for origin in settings.allowed_origins.iter().filter(|origin| !origin.is_empty()) {
            let url = Url::parse(origin)
                .map_err(|error| ConfigError::new("--allowed-origins", format!("“{origin}”: {error}")))?;
            allowed_origins.push(origin_of("--allowed-origins", &url)?);
        }
        Ok(Self {
            address: settings.address,
            database_url,
            master_key,
            previous_keys,
            tiktok_api_url: settings.tiktok_api_url,
            tiktok_auth_url: settings.tiktok_auth_url,
            store_time_limit: TimeDelta::seconds(settings.store_time_limit.into()),
            destinations: if settings.allow_private_addresses {
                Destinations::Anywhere
            } else {
                Destinations::Public
            },
            trust_proxy: settings.trust_proxy,
            open_api_docs: settings.open_api_docs,
            body_time_limit: BODY_TIME_LIMIT,
            throttle: ThrottlePolicy::default(),
            quotas: Quotas {
                caller: Some(settings.requests_per_minute).filter(|quota| *quota > 0),
                connection: Some(settings.connection_requests_per_minute).filter(|quota| *quota > 0),
            },
            drain: Duration::from_secs(settings.drain_seconds.into()),
            metrics_token: settings
                .metrics_token
                .filter(|token| !token.is_empty())
                .map(|token| MetricsToken::new(&token))
                .transpose()?,
            require_second_factor: settings.require_second_factor,
            public_origin,
            allowed_origins,
        })
    }

    /// The origin that people open, as in `https://orders.example`.
    #[must_use]
    pub fn public_origin(&self) -> &str {
        &self.public_origin
    }

    /// Whether people with this role must have a second factor.
    #[must_use]
    pub fn needs_second_factor(&self, role: Role) -> bool {
        self.require_second_factor.is_some_and(|lowest| role >= lowest)
    }

    /// Whether people come over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_origin.starts_with("https://")
    }

    /// Whether pages of this origin may call the API.
    #[must_use]
    pub fn allows_origin(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.allowed_origins.iter().any(|allowed| allowed == origin))
    }
}

fn origin_of(key: &str, url: &Url) -> Result<String, ConfigError> {
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    let has_secrets = !url.username().is_empty() || url.password().is_some();
    if !is_http || has_secrets || url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::new(key, "must be an address like https://orders.example"));
    }
    Ok(url.origin().ascii_serialization())
}

fn create_folder(folder: &Path) -> Result<(), ConfigError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        ConfigError::new("--data-dir", format!("cannot create {}: {error}", folder.display()))
    })
}

fn parse_key(text: &str) -> Option<MasterKey> {
    let text = text.trim();
    let bytes = hex::decode(text).ok().or_else(|| BASE64_STANDARD.decode(text).ok())?;
    Some(MasterKey::new(bytes.try_into().ok()?))
}

/// The key of the file, which is made on the first start, readable by its owner alone.
fn key_of_file(path: &Path) -> Result<MasterKey, ConfigError> {
    let failed = |doing: &str, error: std::io::Error| {
        ConfigError::new(path.display().to_string(), format!("cannot {doing}: {error}"))
    };
    match create_key_file(path) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("create the encryption key", error)),
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed("read the encryption key", error))?;
    check_closed(path)?;
    let refused = || ConfigError::new(path.display().to_string(), "must hold 32 bytes as 64 hex digits");
    parse_key(&text).ok_or_else(refused)
}

/// Refuses a file of keys that others can read.
fn check_closed(path: &Path) -> Result<(), ConfigError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let refused = |problem| ConfigError::new(path.display().to_string(), problem);
        let metadata = std::fs::metadata(path);
        let mode = metadata.map_err(|error| refused(format!("cannot look at the file: {error}")))?;
        let mode = mode.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(refused(format!("is open to others (mode {:o}); run chmod 600 on it", mode & 0o777)));
        }
    }
    Ok(())
}

fn previous_keys_of_environment() -> Result<Vec<MasterKey>, ConfigError> {
    let text = std::env::var(PREVIOUS_KEYS_VARIABLE).unwrap_or_default();
    let keys = text.split(',').filter(|key| !key.trim().is_empty());
    let refused =
        || ConfigError::new(PREVIOUS_KEYS_VARIABLE, "must be keys of 32 bytes as 64 hex digits or in base64");
    keys.map(|key| parse_key(key).ok_or_else(refused)).collect()
}

/// The earlier keys, one a line; without the file there are none.
fn previous_keys_of_file(path: &Path) -> Result<Vec<MasterKey>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(ConfigError::new(path.display().to_string(), format!("cannot be read: {error}")));
        }
    };
    check_closed(path)?;
    let keys = text.lines().filter(|line| !line.trim().is_empty());
    let refused = || {
        ConfigError::new(
            path.display().to_string(),
            "must hold keys of 32 bytes as 64 hex digits, one a line",
        )
    };
    keys.map(|key| parse_key(key).ok_or_else(refused)).collect()
}

/// Makes a new encryption key in the data folder and keeps the present one as an earlier one, so that no moment is without
/// either.
///
/// # Errors
/// When the key does not come from the folder, an earlier one is still kept there, or a file cannot be written.
pub fn begin_rotation(data_dir: &Path) -> Result<(), ConfigError> {
    let (current, previous) = (data_dir.join(KEY_FILE), data_dir.join(PREVIOUS_KEYS_FILE));
    if std::env::var(KEY_VARIABLE).is_ok_and(|key| !key.is_empty()) {
        let detail =
            format!("holds the key; put a new one there and the old one into {PREVIOUS_KEYS_VARIABLE}");
        return Err(ConfigError::new(KEY_VARIABLE, detail));
    }
    if !current.exists() {
        return Err(ConfigError::new(
            current.display().to_string(),
            "is not there, so there is no key to replace",
        ));
    }
    if previous.exists() {
        let detail = "is there, from the last rotation; once rotate-key has run after every process was started anew, \
            remove it and repeat this";
        return Err(ConfigError::new(previous.display().to_string(), detail));
    }
    let failed = |path: &Path, error: std::io::Error| {
        ConfigError::new(path.display().to_string(), format!("cannot be written: {error}"))
    };
    // First the old key under its new name, then the new one in its place.
    std::fs::copy(&current, &previous).map_err(|error| failed(&previous, error))?;
    let fresh = data_dir.join("encryption.key.new");
    let _ = std::fs::remove_file(&fresh);
    create_key_file(&fresh).map_err(|error| failed(&fresh, error))?;
    std::fs::rename(&fresh, &current).map_err(|error| failed(&current, error))
}

fn create_key_file(path: &Path) -> std::io::Result<MasterKey> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    writeln!(file, "{}", hex::encode(bytes))?;
    file.sync_all()?;
    Ok(MasterKey::new(bytes))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(arguments: &[&str]) -> Settings {
        Program::parse_from([&["orderbridge"], arguments].concat()).settings
    }

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let load = || Config::load(settings(&["--data-dir", data_dir.to_str().unwrap()])).unwrap();

        let first = load();
        let second = load();

        assert_eq!(first.master_key.derive("x"), second.master_key.derive("x"));
        assert!(first.database_url.starts_with("sqlite:"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let key_file = data_dir.join(KEY_FILE);
            assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o644)).unwrap();
            let error = Config::load(settings(&["--data-dir", data_dir.to_str().unwrap()])).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_rotation_keeps_the_old_key_to_read_with() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Config::load(settings(&["--data-dir", folder.path().to_str().unwrap()])).unwrap();
        assert!(begin_rotation(folder.path()).unwrap_err().to_string().contains("no key to replace"));
        let before = load();

        begin_rotation(folder.path()).unwrap();
        let after = load();

        assert_ne!(before.master_key.derive("x"), after.master_key.derive("x"));
        let previous: Vec<_> = after.previous_keys.iter().map(|key| key.derive("x")).collect();
        assert_eq!(previous, [before.master_key.derive("x")]);
        assert!(begin_rotation(folder.path()).unwrap_err().to_string().contains("remove it"));
        assert_eq!(load().master_key.derive("x"), after.master_key.derive("x"));
        std::fs::remove_file(folder.path().join(PREVIOUS_KEYS_FILE)).unwrap();
        begin_rotation(folder.path()).unwrap();
    }

    #[test]
    fn errors_name_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().to_str().unwrap();
        let cases = [
            ("--public-url", "ftp://orders.example"),
            ("--public-url", "https://me:secret@orders.example"),
            ("--allowed-origins", "nonsense"),
            ("--tiktok-api-url", "https://x.example/?a=b"),
        ];

        for (key, value) in cases {
            let error = Config::load(settings(&["--data-dir", data_dir, key, value])).unwrap_err();
            assert_eq!(error.key, key);
        }
    }

    #[test]
    fn keys_are_read_as_hex_and_base64() {
        let hex = "07".repeat(32);
        let base64 = BASE64_STANDARD.encode([7; 32]);

        for text in [hex, base64] {
            assert_eq!(parse_key(&text).unwrap().derive("x"), MasterKey::new([7; 32]).derive("x"));
        }
        assert!(parse_key("0707").is_none());
        assert!(parse_key("not a key").is_none());
    }
}
