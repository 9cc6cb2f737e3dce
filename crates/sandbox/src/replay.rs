//! Sends recorded exchanges to the sandbox and compares its answers with those of the real shop.
//!
//! Between the recordings lie calls that were not recorded: they made the carts, orders and settings that the
//! recorded ones need. `conditions` makes them again, so that ids and numbers come out as recorded.

mod comparison;
mod conditions;
mod line;
mod plan;
mod recording;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use url::Url;

use crate::prestashop::{self, ShopKind, Version};
use comparison::Comparison;
use conditions::Conditions;
use recording::Recording;

/// What to replay, and against what.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Folder with the recordings of one version.
    #[arg(long)]
    pub recordings: PathBuf,
    /// Version of the shop; without it the name of the folder.
    #[arg(long)]
    pub version: Option<Version>,
    /// A sandbox that runs already as the recorded shop; without it one is started.
    #[arg(long)]
    pub url: Option<Url>,
}

/// Recordings that are not replayed, each with its reason: number and reason.
const SKIPPED: [(u32, &str); 0] = [];

/// How a folder of recordings went.
#[derive(Debug, Default)]
pub struct Summary {
    /// Exchanges that were sent.
    pub replayed: usize,
    /// Those whose answer was as recorded.
    pub equal: usize,
    /// Differences per file.
    pub different: BTreeMap<String, Vec<String>>,
    /// Reasons per file that was not sent.
    pub skipped: BTreeMap<String, String>,
}

/// Replays a folder, prints every difference and a closing line, and tells whether all answers were equal.
///
/// # Errors
/// The folder cannot be read, or the sandbox cannot be reached.
pub async fn run(options: Options) -> anyhow::Result<bool> {
    let summary = replay(options).await?;
    for (file, differences) in &summary.different {
        for difference in differences {
            println!("{file}: {difference}");
        }
    }
    for (file, reason) in &summary.skipped {
        println!("{file}: skipped: {reason}");
    }
    println!(
        "replayed={} equal={} different={} skipped={}",
        summary.replayed,
        summary.equal,
        summary.different.len(),
        summary.skipped.len()
    );
    Ok(summary.different.is_empty())
}

/// Replays a folder.
///
/// # Errors
/// The folder cannot be read, or the sandbox cannot be reached.
pub async fn replay(options: Options) -> anyhow::Result<Summary> {
    let version = match options.version {
        Some(version) => version,
        None => options
            .recordings
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse().ok())
            .context("the folder is not named after a version: say which one it is")?,
    };
    let recordings = recording::read_folder(&options.recordings)?;
    if recordings.is_empty() {
        bail!("there are no recordings in {}", options.recordings.display());
    }
    let mut summary = Summary::default();
    for part in recording::by_database(recordings) {
        if let Some(url) = &options.url {
            if part.database == recording::MAIN_DATABASE {
                let mut session = Session::new(url.as_str(), version, &part.recordings).await?;
                session.replay(&part.recordings, &mut summary).await?;
            } else {
                for recording in &part.recordings {
                    let reason =
                        "was recorded on another database, which a running sandbox cannot go back to";
                    summary.skipped.insert(recording.file.clone(), reason.to_owned());
                }
            }
            continue;
        }
        let running = prestashop::start(prestashop::Options {
            version,
            shop: ShopKind::Recorded,
            ..prestashop::Options::default()
        })
        .await?;
        let mut session = Session::new(&running.shop_url, version, &part.recordings).await?;
        let outcome = session.replay(&part.recordings, &mut summary).await;
        running.stop().await;
        outcome?;
    }
    Ok(summary)
}

/// One shop being replayed against.
struct Session {
    conditions: Conditions,
    comparison: Comparison,
}

impl Session {
    async fn new(shop_url: &str, version: Version, recordings: &[Recording]) -> anyhow::Result<Self> {
        let shop_url = shop_url.trim_end_matches('/');
        Ok(Self {
            conditions: Conditions::new(shop_url, version, recordings)?,
            comparison: Comparison::new(shop_url),
        })
    }

    async fn replay(&mut self, recordings: &[Recording], summary: &mut Summary) -> anyhow::Result<()> {
        let mut remaining = recordings;
        while let Some((first, rest)) = remaining.split_first() {
            if let Some((_, reason)) = SKIPPED.iter().find(|(number, _)| *number == first.number) {
                summary.skipped.insert(first.file.clone(), (*reason).to_owned());
                remaining = rest;
                continue;
            }
            let group_size = if first.name.starts_with("concurrent-") {
                remaining.iter().take_while(|recording| recording.name.starts_with("concurrent-")).count()
            } else {
                1
            };
            let (group, rest) = remaining.split_at(group_size);
            remaining = rest;
            self.replay_group(group, summary).await.with_context(|| format!("replaying {}", first.file))?;
        }
        Ok(())
    }

    /// Sends requests that were recorded at once at once; which of them came first is left to chance.
    async fn replay_group(&mut self, group: &[Recording], summary: &mut Summary) -> anyhow::Result<()> {
        for recording in group {
            self.conditions.before(recording).await?;
            if let Some((recorded, replayed)) = self.conditions.reference_asked_for(recording).await? {
                self.comparison.learn(recorded, replayed);
            }
        }
        if group.len() > 1 {
            self.conditions.slow_down_orders().await?;
        }
        let requests: Vec<_> = group.iter().map(|recording| self.comparison.request(recording)).collect();
        let sends = requests.iter().map(|request| self.conditions.line().send(request));
        let mut replies = Vec::new();
        for reply in futures::future::join_all(sends).await {
            replies.push(reply?);
        }
        let mut recorded: Vec<&Recording> = group.iter().collect();
        if group.len() > 1 {
            self.conditions.speed_up_orders().await?;
            recorded.sort_by_key(|recording| comparison::first_id(&recording.reply));
            replies.sort_by_key(comparison::first_id);
        }
        for (recording, reply) in recorded.into_iter().zip(&replies) {
            let differences = if group.len() > 1 {
                self.comparison.differences_but_row_ids(recording, reply)
            } else {
                self.comparison.differences(recording, reply)
            };
            summary.replayed += 1;
            if differences.is_empty() {
                summary.equal += 1;
            } else {
                summary.different.insert(recording.file.clone(), differences);
            }
        }
        for recording in group {
            self.conditions.after(recording).await?;
        }
        Ok(())
    }
}
