//! The command line.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use clock::{SharedClock, SystemClock};
use database::audit::{self, Entry, Verified};
use database::reseal::{self, Resealed};
use database::{Database, Vault, users};
use shared::{AuditEvent, Role};
use tokio::signal;

use crate::auth::{Passwords, check_new_email, check_new_password};
use crate::config::{Config, LogFormat, Settings, begin_rotation};
use crate::openapi;
use crate::server::{Duties, Server};

/// A password is no argument: other users of the machine can read those.
const PASSWORD_VARIABLE: &str = "ORDERBRIDGE_PASSWORD";

/// Brings TikTok Shop orders into a PrestaShop store and shows them in one grid.
#[derive(Debug, Parser)]
#[command(name = "orderbridge", version)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the API and the page, and the worker unless told otherwise
    Serve {
        /// Leave the work to other processes
        #[arg(long)]
        no_worker: bool,
    },
    /// Run the worker alone
    Work,
    /// Bring the database's schema up to date, as every start does, and end
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Check every link of the audit log, and name the first one that does not hold
    VerifyAudit,
    /// Seal everything with the current encryption key that is sealed with an earlier one; the program may run meanwhile
    RotateKey {
        /// First make a new key in the data folder; restart every process, then run this again without --new
        #[arg(long)]
        new: bool,
    },
    /// Create a person who may sign in; the password is read from ORDERBRIDGE_PASSWORD or the first line of input
    CreateUser {
        #[arg(long)]
        email: String,
        /// viewer, operator, manager or admin
        #[arg(long)]
        role: Role,
        /// Succeed when somebody with this address exists already, and change nothing
        #[arg(long)]
        if_absent: bool,
    },
}

/// Does what the command line says.
///
/// # Errors
/// When a setting is wrong, or the command cannot be done.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    if matches!(cli.command, Command::Openapi) {
        print!("{}", *openapi::DOCUMENT_TEXT);
        return Ok(());
    }
    start_log(cli.settings.log_format);
    if matches!(cli.command, Command::RotateKey { new: true }) {
        return make_new_key(&cli.settings.data_dir);
    }
    let config = Config::load(cli.settings)?;
    match cli.command {
        Command::Serve { no_worker } => {
            let duties = if no_worker { Duties::Serve } else { Duties::All };
            run_until_told(config, duties).await
        }
        Command::Work => run_until_told(config, Duties::Work).await,
        Command::Migrate => {
            open(&config).await?;
            println!("the schema is up to date");
            Ok(())
        }
        Command::RotateKey { .. } => rotate_key(&config).await,
        Command::VerifyAudit => verify_audit(&config).await,
        Command::CreateUser { email, role, if_absent } => create_user(&config, &email, role, if_absent).await,
        Command::Openapi => Ok(()),
    }
}

fn start_log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn,actix_server=warn")
    });
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
}

fn clock() -> SharedClock {
    #[cfg(debug_assertions)]
    if let Some(clock) = crate::lab_clock::from_environment() {
        return clock;
    }
    SystemClock::shared()
}

async fn open(config: &Config) -> anyhow::Result<Database> {
    let vault = Vault::with_previous(&config.master_key, &config.previous_keys);
    Ok(Database::connect(&config.database_url, vault, clock()).await?)
}

async fn run_until_told(config: Config, duties: Duties) -> anyhow::Result<()> {
    let public = config.public_origin().to_owned();
    let mut server = Server::start(config, clock(), duties).await?;
    match server.address {
        Some(address) => tracing::info!(%address, %public, "serving"),
        None => tracing::info!("working"),
    }
    tokio::select! {
        result = server.failed() => result.context("the listener failed")?,
        () = told_to_end() => {}
    }
    tracing::info!("ending");
    server.stop().await;
    Ok(())
}

async fn told_to_end() {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())
            .expect("a handler of SIGTERM can be set once the runtime runs");
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(signal::ctrl_c().await);
}

async fn create_user(config: &Config, email: &str, role: Role, if_absent: bool) -> anyhow::Result<()> {
    let database = open(config).await?;
    if users::find_by_email(database.reader(), email).await?.is_some() {
        if if_absent {
            return Ok(());
        }
        bail!("somebody with the address {email} exists already");
    }
    let password = read_password()?;
    let errors = [check_new_email("--email", email), check_new_password("password", &password, email)];
    if let Some(error) = errors.into_iter().flatten().next() {
        bail!("{}: {}", error.pointer, error.detail);
    }
    let password_hash = Passwords::new().hash(password).await?;
    let (txn, now) = (database.begin().await?, database.clock.now());
    let user = users::create(&txn, email, &password_hash, role, now).await?;
    let joined =
        Entry::new(AuditEvent::UserJoined, audit::ORDERBRIDGE).about("user", user.id).with("role", user.role);
    audit::append(&txn, &database.vault, joined, now).await?;
    txn.commit().await?;
    println!("created {} with the role {}", user.email, user.role);
    Ok(())
}

fn make_new_key(data_dir: &Path) -> anyhow::Result<()> {
    begin_rotation(data_dir).context("nothing was changed")?;
    println!(
        "a new key was made; restart every process, for those that run do not know it, then run rotate-key again, without --new"
    );
    Ok(())
}

async fn rotate_key(config: &Config) -> anyhow::Result<()> {
    let database = open(config).await?;
    let mut total = 0;
    // What another process wrote meanwhile with an earlier key is met again.
    loop {
        let Resealed { fields, overtaken } = reseal::run(&database).await?;
        total += fields;
        if overtaken == 0 {
            break;
        }
    }
    let txn = database.begin().await?;
    let entry = Entry::new(AuditEvent::EncryptionKeyRotated, audit::ORDERBRIDGE).with("fields", total);
    audit::append(&txn, &database.vault, entry, database.clock.now()).await?;
    txn.commit().await?;
    println!(
        "{total} fields were sealed with the current key. A process that was started before that key was made cannot read them \
         and still uses the earlier one: if there is any, restart it and run this again. Only then remove the earlier keys, so that \
         the next rotation can begin."
    );
    Ok(())
}

async fn verify_audit(config: &Config) -> anyhow::Result<()> {
    let database = open(config).await?;
    match audit::verify(database.reader(), &database.vault).await? {
        Verified::Whole { entries, last_hash } => {
            println!("all {entries} entries hold; the last one's hash is {last_hash}");
            Ok(())
        }
        Verified::Broken { id, why } => bail!("the audit log is broken at entry {id}: {why}"),
    }
}

fn read_password() -> anyhow::Result<String> {
    if let Ok(password) = std::env::var(PASSWORD_VARIABLE) {
        return Ok(password);
    }
    if std::io::stdin().is_terminal() {
        eprintln!("Password (it will be shown):");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
