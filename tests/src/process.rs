use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use leaks::Leaks;

/// Who signs in to a demo or a test.
pub const LOGIN_EMAIL: &str = "demo@orderbridge.example";
pub const LOGIN_PASSWORD: &str = "plenty of orders today";

const START_LIMIT: Duration = Duration::from_secs(30);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duties {
    /// API and worker.
    All,
    /// The API alone.
    Serve,
    /// The worker alone.
    Work,
}

impl Duties {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::All => &["serve"],
            Self::Serve => &["serve", "--no-worker"],
            Self::Work => &["work"],
        }
    }
}

/// Where orderbridge runs and what it is told.
#[derive(Debug, Clone)]
pub struct ProcessOptions {
    pub duties: Duties,
    /// Not used by one that only works.
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    /// SQLite in the data folder unless given.
    pub database_url: Option<String>,
    pub tiktok_url: String,
    /// All output goes there; the last lines are shown when the start fails.
    pub log: PathBuf,
    /// Variables on top of this process's own.
    pub environment: BTreeMap<&'static str, String>,
}

/// orderbridge as a process of its own; ends with this value, which fails when a secret or a buyer stands in its log,
/// and when there is no log to search.
#[derive(Debug)]
pub struct Orderbridge {
    child: Child,
    options: ProcessOptions,
    /// How much of the log has been read.
    log_read: u64,
    /// How much of the log others wrote before it started.
    log_before: u64,
}

/// A free port on loopback. Somebody else may take it before it is used; then the start fails.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A program of the workspace, built beside the one that runs.
///
/// # Errors
/// When it was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folders = here.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("`{name}` is not built; run `cargo build` first"))
}

fn command(options: &ProcessOptions) -> Result<Command> {
    let mut command = Command::new(program("orderbridge")?);
    command
        .args(["--address", &options.address.to_string()])
        .args(["--tiktok-api-url", &options.tiktok_url])
        .args(["--tiktok-auth-url", &options.tiktok_url])
        .arg("--data-dir")
        .arg(&options.data_dir)
        .arg("--allow-private-addresses")
        // Measurements and fuzzers ask as fast as they can.
        .args(["--requests-per-minute", "0", "--connection-requests-per-minute", "0"])
        .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "info,sqlx=warn".to_owned()))
        .envs(&options.environment)
        .stdin(Stdio::null());
    if let Some(url) = &options.database_url {
        command.env("ORDERBRIDGE_DATABASE_URL", url);
    }
    Ok(command)
}

/// Makes the person who signs in; once for each database.
///
/// # Errors
/// When the program refuses.
pub fn create_login(options: &ProcessOptions) -> Result<()> {
    let mut create = command(options)?;
    create
        .args(["create-user", "--email", LOGIN_EMAIL, "--role", "admin"])
        .env("ORDERBRIDGE_PASSWORD", LOGIN_PASSWORD);
    let output = create.output().context("cannot run orderbridge")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() || said.contains("already"), "create-user: {said}");
    Ok(())
}

impl Orderbridge {
    /// Starts it and waits until it serves, or works where it does nothing else.
    ///
    /// # Errors
    /// When it does not within half a minute.
    pub async fn start(options: ProcessOptions) -> Result<Self> {
        let log_before = size(&options.log);
        let child = spawn(&options)?;
        let mut process = Self { child, options, log_read: log_before, log_before };
        process.wait_until_ready().await?;
        Ok(process)
    }

    /// Whether it answers requests.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.options.duties != Duties::Work
    }

    /// Where it serves.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.options.address)
    }

    /// Ends it as a power cut would, without a chance to tidy up.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Whether it has ended, by itself or not.
    ///
    /// # Errors
    /// When that cannot be asked.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Sets a variable for the next start; none removes it.
    pub fn set_variable(&mut self, name: &'static str, value: Option<String>) {
        match value {
            Some(value) => self.options.environment.insert(name, value),
            None => self.options.environment.remove(name),
        };
    }

    /// What it has written since this was last asked.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn new_output(&mut self) -> Result<String> {
        let output = log_from(&self.options.log, self.log_read)?;
        self.log_read += output.len() as u64;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// The lines of its whole log, of earlier runs too, that hold a text.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn lines_with(&self, text: &str) -> Result<Vec<String>> {
        let log = log_from(&self.options.log, 0)?;
        let log = String::from_utf8_lossy(&log);
        Ok(log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect())
    }

    /// The last lines that it has written.
    #[must_use]
    pub fn last_output(&self) -> String {
        last_lines(&self.options.log)
    }

    /// Asks it to end, as whoever restarts it does, and waits until it has; says how long that took.
    ///
    /// # Errors
    /// When it does not end within half a minute, or not well.
    pub async fn end(&mut self) -> Result<Duration> {
        self.signal("-TERM")?;
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(
                    status.success(),
                    "orderbridge ended badly ({status}): {}",
                    last_lines(&self.options.log)
                );
                return Ok(begun.elapsed());
            }
            ensure!(begun.elapsed() < START_LIMIT, "orderbridge does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The most memory that it ever held, in bytes; `None` where the system does not tell.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// Starts it again after it was killed.
    ///
    /// # Errors
    /// When it does not serve within half a minute.
    pub async fn start_again(&mut self) -> Result<()> {
        self.log_before = size(&self.options.log);
        self.child = spawn(&self.options)?;
        self.wait_until_ready().await
    }

    /// Lets it stand still, as a suspended machine does, and go on after the pause.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn stand_still(&self, pause: Duration) -> Result<()> {
        self.signal("-STOP")?;
        tokio::time::sleep(pause).await;
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "kill {signal}: {status}");
        Ok(())
    }

    fn says_that_it_works(&self) -> Result<bool> {
        let log = log_from(&self.options.log, self.log_before)?;
        Ok(String::from_utf8_lossy(&log).lines().any(|line| line.ends_with(" working")))
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let http = reqwest::Client::new();
        let ready = format!("{}/health/ready", self.url());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("orderbridge ended at once ({status}): {}", last_lines(&self.options.log));
            }
            let is_ready = if self.serves() {
                let answer = http.get(&ready).timeout(Duration::from_secs(2)).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            } else {
                // Nobody can ask it.
                self.says_that_it_works()?
            };
            if is_ready {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                "orderbridge does not serve: {}",
                last_lines(&self.options.log)
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

impl Drop for Orderbridge {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        let searched = Leaks::in_log(&self.options.log);
        if std::thread::panicking() {
            return;
        }
        match searched {
            Ok(leaks) => assert!(leaks.is_empty(), "the log holds {leaks}"),
            Err(error) => panic!("{} cannot be searched: {error}", self.options.log.display()),
        }
    }
}

fn spawn(options: &ProcessOptions) -> Result<Child> {
    let log = File::options().create(true).append(true).open(&options.log)?;
    let mut serve = command(options)?;
    serve.args(options.duties.arguments()).stdout(log.try_clone()?).stderr(log);
    serve.spawn().context("cannot start orderbridge")
}

fn size(log: &Path) -> u64 {
    log.metadata().map_or(0, |log| log.len())
}

fn log_from(log: &Path, position: u64) -> Result<Vec<u8>> {
    let mut log = File::open(log)?;
    log.seek(SeekFrom::Start(position))?;
    let mut output = Vec::new();
    log.read_to_end(&mut output)?;
    Ok(output)
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
