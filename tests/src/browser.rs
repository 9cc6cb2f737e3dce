//! A real browser with the page in it, used as a person does: it waits for what it looks for, never for a fixed time.

use std::fmt::Display;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
pub use thirtyfour::By;
use thirtyfour::common::command::{Command as DriverCommand, ExtensionCommand};
use thirtyfour::{
    BrowserLogEntry, ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
    WebElement,
};

use crate::process::free_address;

/// Something that has not appeared after this long does not appear.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

const FLAGS: &[&str] = &[
    "--headless=new",
    // Chromium refuses to run as root with its sandbox, and containers often lack what the sandbox needs.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=en-GB",
    // Nothing leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The window of a person at a desk, in CSS pixels.
pub const DESK: (u32, u32) = (1440, 900);
/// The window of a person with a phone, in CSS pixels.
pub const PHONE: (u32, u32) = (390, 844);

/// Chromium, steered through a chromedriver of its own; both end with this value.
pub struct Browser {
    driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: TempDir,
    site: String,
}

impl Browser {
    /// Starts a browser with an empty profile; all addresses given to it are below `site`.
    ///
    /// # Errors
    /// When the page is not built, or Chromium or its driver is not installed or does not start.
    pub async fn start(site: &str) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/index.html");
        ensure!(index.is_file(), "the page is not built; run `cargo xtask page` first");
        let profile = TempDir::new()?;
        let chromedriver = Chromedriver::start().await?;
        let mut wishes = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wishes.add_arg(flag)?;
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        if let Some(binary) = chromium() {
            wishes.set_binary(binary.to_str().context("the path of Chromium is not text")?)?;
        }
        wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        let driver = WebDriver::new(chromedriver.url(), wishes)
            .await
            .context("Chromium does not start; on Debian and Ubuntu it is the package `chromium`")?;
        // chromedriver closes the session when it ends; the driver's own way of doing so can take minutes.
        driver.clone().leak()?;
        let browser = Self { driver, _chromedriver: chromedriver, _profile: profile, site: site.to_owned() };
        browser.resize(DESK).await?;
        Ok(browser)
    }

    /// Loads an address of the site, such as `/orders?status=error`.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn open(&self, path: &str) -> Result<()> {
        Ok(self.driver.goto(format!("{}{path}", self.site)).await?)
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.driver.refresh().await?)
    }

    /// Goes back in the history.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn back(&self) -> Result<()> {
        Ok(self.driver.back().await?)
    }

    /// Path and query of the address bar.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn address(&self) -> Result<String> {
        let url = self.driver.current_url().await?;
        Ok(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }

    /// Makes the window as large as this; below the breakpoint of a phone it also is touched like one.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, (width, height): (u32, u32)) -> Result<()> {
        let is_phone = width <= PHONE.0;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.tell_chromium("Emulation.setDeviceMetricsOverride", metrics).await?;
        self.tell_chromium("Emulation.setTouchEmulationEnabled", json!({ "enabled": is_phone })).await
    }

    /// Says that the person prefers dark pages, or light ones.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn prefer_dark(&self, dark: bool) -> Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tell_chromium("Emulation.setEmulatedMedia", features).await
    }

    /// Keeps what the browser asks for from arriving, when its address matches a pattern; none lets everything arrive
    /// again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn block(&self, patterns: &[&str]) -> Result<()> {
        self.tell_chromium("Network.enable", json!({})).await?;
        self.tell_chromium("Network.setBlockedURLs", json!({ "urls": patterns })).await
    }

    /// Saves what is downloaded in this folder, without asking.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn save_into(&self, folder: &Path) -> Result<()> {
        let wish = json!({ "behavior": "allow", "downloadPath": folder });
        self.tell_chromium("Browser.setDownloadBehavior", wish).await
    }

    async fn tell_chromium(&self, method: &'static str, params: Value) -> Result<()> {
        let command = DevToolsCommand { method, params };
        self.driver
            .cmd(DriverCommand::ExtensionCommand(Box::new(command)))
            .await
            .map(drop)
            .with_context(|| method.to_owned())
    }

    /// What a script makes of the page.
    ///
    /// # Errors
    /// When it throws, or returns something else than asked for.
    pub async fn script<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        let answer = self.driver.execute(script, Vec::new()).await.with_context(|| script.to_owned())?;
        answer.convert().with_context(|| script.to_owned())
    }

    /// All that can be read on the page.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn text(&self) -> Result<String> {
        self.script("return document.body.innerText").await
    }

    /// What can be read in the first element that matches; hidden words for screen readers included.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn text_of(&self, css: &str) -> Result<String> {
        let script = format!("return document.querySelector({})?.textContent.trim()", json!(css));
        let text: Option<String> = self.script(&script).await?;
        text.with_context(|| format!("there is no {css}"))
    }

    /// How many elements match and can be seen.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn count(&self, css: &str) -> Result<usize> {
        let seen = "element => element.checkVisibility()";
        self.script(&format!("return [...document.querySelectorAll({})].filter({seen}).length", json!(css)))
            .await
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it is not so in time; the page's text is part of the message.
    pub async fn until(
        &self,
        what: impl Display,
        mut is_so: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<()> {
        let begun = Instant::now();
        loop {
            let last = is_so().await;
            if matches!(last, Ok(true)) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let why = last.err().map(|error| format!(" ({error:#})")).unwrap_or_default();
                bail!("never came true: {what}{why}\n{}\n{}", self.address().await?, self.text().await?);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until words can be read.
    ///
    /// # Errors
    /// When they do not appear in time.
    pub async fn sees(&self, words: &str) -> Result<()> {
        self.until(format!("“{words}” is on the page"), async || Ok(self.text().await?.contains(words))).await
    }

    /// Waits until words can be read no longer.
    ///
    /// # Errors
    /// When they stay.
    pub async fn sees_no(&self, words: &str) -> Result<()> {
        self.until(format!("“{words}” is not on the page"), async || {
            Ok(!self.text().await?.contains(words))
        })
        .await
    }

    /// Waits until the address bar contains this.
    ///
    /// # Errors
    /// When it does not come to it.
    pub async fn is_at(&self, part: &str) -> Result<()> {
        self.until(format!("the address has “{part}”"), async || Ok(self.address().await?.contains(part)))
            .await
    }

    /// Waits for the first element that can be seen.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn find(&self, by: By) -> Result<WebElement> {
        let mut found = None;
        self.until(format!("there is {by:?}"), async || {
            for element in self.driver.find_all(by.clone()).await? {
                if element.is_displayed().await? {
                    found = Some(element);
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await?;
        found.context("was found")
    }

    /// Clicks where the mouse would; something that lies above the element keeps it from being hit.
    ///
    /// # Errors
    /// When it cannot be hit in time.
    pub async fn click(&self, by: By) -> Result<()> {
        self.until(format!("{by:?} can be clicked"), async || {
            for element in self.driver.find_all(by.clone()).await? {
                if element.is_displayed().await? && element.is_enabled().await? {
                    if let Err(error) = element.click().await {
                        // It may lie under the bar at the top; a person would scroll it out from there.
                        let show = "arguments[0].scrollIntoView({ block: 'center' })";
                        self.driver.execute(show, vec![element.to_json()?]).await?;
                        return Err(error.into());
                    }
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    /// Types into the field with this label, in place of what it holds.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, label: &str, value: &str) -> Result<()> {
        // What arrives meanwhile may draw the field anew.
        self.until(format!("“{label}” is filled in"), async || {
            let element = self.find(field(label)).await?;
            element.clear().await?;
            element.send_keys(value).await?;
            Ok(true)
        })
        .await
    }

    /// Chooses what has these words in the list with this label, as soon as it is there.
    ///
    /// # Errors
    /// When there is no such list, or nothing in it has these words.
    pub async fn choose(&self, label: &str, words: &str) -> Result<()> {
        let list = format!("//label[span[normalize-space()='{label}']]//select");
        self.click(By::XPath(format!("{list}/option[normalize-space()='{words}']"))).await?;
        let chosen = format!(
            "return document.evaluate({}, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE)
                .singleNodeValue?.selectedOptions[0]?.textContent.trim() ?? ''",
            json!(list)
        );
        self.until(format!("“{words}” is chosen"), async || {
            Ok(self.script::<String>(&chosen).await? == words)
        })
        .await
    }

    /// By how many pixels the page is wider than its window.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn sideways(&self) -> Result<i64> {
        // A phone zooms out until all is inside its window, so the window's own width would tell nothing.
        self.script("const page = document.scrollingElement; return page.scrollWidth - page.clientWidth")
            .await
    }

    /// Keeps what is seen now as a picture for people to look at.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn picture(&self, name: &str) -> Result<()> {
        // A picture amid a fade tells nothing of how the page looks.
        let rest = "return document.getAnimations().every(it => \
            it.playState !== 'running' || it.effect.getComputedTiming().iterations === Infinity)";
        self.until("the page is at rest", async || self.script(rest).await).await?;
        let folder = pictures();
        std::fs::create_dir_all(&folder)?;
        Ok(self.driver.screenshot(&folder.join(format!("{name}.png"))).await?)
    }

    /// What the browser has complained of since the last call: scripts' errors, refused requests, failed answers.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.driver.browser_log().await?;
        let is_bad = |entry: &BrowserLogEntry| {
            // Pictures of products are on servers of TikTok.
            let is_outside = entry.message.contains("ERR_NAME_NOT_RESOLVED");
            matches!(entry.level.as_str(), "SEVERE" | "WARNING") && !is_outside
        };
        Ok(log.into_iter().filter(is_bad).map(|entry| format!("{} {}", entry.level, entry.message)).collect())
    }
}

/// Where pictures are kept.
#[must_use]
pub fn pictures() -> PathBuf {
    let target = std::env::current_exe().ok().and_then(|test| Some(test.ancestors().nth(3)?.to_owned()));
    target.unwrap_or_else(std::env::temp_dir).join("e2e-pictures")
}

/// The button with these words on it, or with this name for screen readers.
#[must_use]
pub fn button(words: &str) -> By {
    By::XPath(format!(r#"//button[normalize-space()="{words}" or @aria-label="{words}"]"#))
}

/// The link with these words on it, or with this name for screen readers.
#[must_use]
pub fn link(words: &str) -> By {
    By::XPath(format!(r#"//a[normalize-space()="{words}" or @aria-label="{words}"]"#))
}

/// The field with this label.
#[must_use]
pub fn field(label: &str) -> By {
    By::XPath(format!(r#"//label[span[normalize-space()="{label}"]]//*[self::input or self::textarea]"#))
}

/// What opens more of the page.
#[must_use]
pub fn summary(words: &str) -> By {
    By::XPath(format!("//summary[normalize-space()='{words}']"))
}

/// What matches a CSS selector.
#[must_use]
pub fn css(selector: &str) -> By {
    By::Css(selector.to_owned())
}

/// Chromium under one of its names; `None` leaves the search to chromedriver.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(|name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|it| it.is_file()))
}

/// chromedriver as a process of its own.
struct Chromedriver {
    child: Child,
    address: SocketAddr,
}

impl Chromedriver {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn start() -> Result<Self> {
        let address = free_address()?;
        let child = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context(
                "chromedriver does not start; on Debian and Ubuntu it is the package `chromium-driver`",
            )?;
        let mut chromedriver = Self { child, address };
        let begun = Instant::now();
        let http = reqwest::Client::new();
        loop {
            let status = http.get(format!("{}/status", chromedriver.url())).send().await;
            if status.is_ok_and(|status| status.status().is_success()) {
                return Ok(chromedriver);
            }
            if let Some(status) = chromedriver.child.try_wait()? {
                bail!("chromedriver ended at once: {status}");
            }
            ensure!(begun.elapsed() < PATIENCE, "chromedriver does not answer");
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // Killed at once, it would leave its Chromium behind: after a panic nobody has closed the session.
        let asked = TcpStream::connect(self.address)
            .and_then(|mut stream| stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        // It has mostly ended by now.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A command for Chromium itself that WebDriver has no words for.
#[derive(Debug)]
struct DevToolsCommand {
    method: &'static str,
    params: Value,
}

impl ExtensionCommand for DevToolsCommand {
    fn parameters_json(&self) -> Option<Value> {
        Some(json!({ "cmd": self.method, "params": self.params }))
    }

    fn method(&self) -> reqwest::Method {
        reqwest::Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/goog/cdp/execute".into()
    }
}
