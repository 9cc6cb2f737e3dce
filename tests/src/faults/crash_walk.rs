//! Ends processes at the points that the engine names, one after the other, and starts whatever has ended again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sync::crash_points::{CrashPoint, OutsideWrite};

use super::power_cut::PowerCuts;
use crate::process::Orderbridge;
use crate::whole_run::Run;

/// What the engine writes when it ends itself.
const LAST_WORDS: &str = "ended at the crash point ";

/// More ends in a row than this are no accident any more.
const MOST_STARTS: u32 = 60;

/// Which points are still to be struck.
pub(super) struct CrashWalk {
    /// How often each is passed first.
    left: BTreeMap<String, u32>,
    struck: BTreeSet<String>,
    pub restarts: u32,
    /// Ends that nobody has asked for, with the last that was written.
    pub unasked: Vec<String>,
    db: DatabaseConnection,
    power_cuts: Option<PowerCuts>,
    /// Where the processes look for the points that end them.
    folder: PathBuf,
    armed: BTreeSet<String>,
    /// How many points end a process at the same time.
    at_once: usize,
}

impl CrashWalk {
    pub(super) fn new(
        points: impl IntoIterator<Item = CrashPoint>,
        db: DatabaseConnection,
        power_cuts: Option<PowerCuts>,
        folder: PathBuf,
        processes: usize,
        random: &mut StdRng,
    ) -> Self {
        // What happens rarely is struck when it happens.
        let passes = |point: &CrashPoint| {
            use sync::crash_points::OutsideWrite::{
                Address, Cart, Customer, Order, Prices, Reference, StoreState,
            };
            let often =
                [Customer, Address, Cart, Prices, Order, Reference, StoreState].contains(&point.write);
            if often { 1..3_u32 } else { 1..2 }
        };
        let left = points.into_iter().map(|point| {
            let passes = random.random_range(passes(&point));
            (point.to_string(), passes)
        });
        Self {
            left: left.collect(),
            struck: BTreeSet::new(),
            restarts: 0,
            unasked: Vec::new(),
            db,
            power_cuts,
            folder,
            armed: BTreeSet::new(),
            at_once: 3 * processes,
        }
    }

    pub(super) fn left(&self) -> impl Iterator<Item = &str> {
        self.left.keys().map(String::as_str)
    }

    pub(super) fn struck(&self) -> usize {
        self.struck.len()
    }

    /// From now on whichever point comes first.
    pub(super) fn arm_all(&mut self) -> Result<()> {
        self.at_once = usize::MAX;
        self.arm()
    }

    /// No point ends anything any more.
    pub(super) fn disarm(&mut self) -> Result<()> {
        self.left.clear();
        self.arm()
    }

    /// Lets the points whose turn it is, and no others, end whichever process comes to them.
    pub(super) fn arm(&mut self) -> Result<()> {
        let first = self.restarts as usize % self.left.len().max(1);
        let in_turn = self.left.iter().cycle().skip(first).take(self.at_once.min(self.left.len()));
        // A store gets this product once; if nothing ends then, nothing comes to it again.
        let once =
            self.left.iter().filter(|(name, _)| name.starts_with(OutsideWrite::ShippingProduct.name()));
        let wanted: BTreeMap<_, _> =
            in_turn.chain(once).map(|(name, passes)| (name.clone(), *passes)).collect();
        for gone in self.armed.iter().filter(|name| !wanted.contains_key(*name)) {
            // A process may have taken it.
            drop(fs::remove_file(self.folder.join(gone)));
        }
        for (name, passes) in &wanted {
            let file = self.folder.join(name);
            // The passes of what is still armed go on being counted. Where the file is gone, a process has ended that
            // nobody has seen yet, or was killed before it could say so: to strike once more does no harm.
            if !file.exists() {
                fs::write(file, passes.to_string())?;
            }
        }
        self.armed = wanted.into_keys().collect();
        Ok(())
    }

    /// Starts every process that has ended, as a supervisor does.
    pub(super) async fn tend(&mut self, run: &mut Run) -> Result<()> {
        for process in &mut run.processes {
            if process.has_ended()? {
                if !self.note(process)? {
                    let output = process.last_output();
                    self.unasked.push(format!("a process ended by itself: {output}"));
                }
                self.start(process).await?;
            }
        }
        Ok(())
    }

    /// Starts a process that has ended; it may reach the next point before it serves.
    pub(super) async fn start(&mut self, process: &mut Orderbridge) -> Result<()> {
        self.note(process)?;
        for _ in 0..MOST_STARTS {
            self.restarts += 1;
            if let Some(power) = &self.power_cuts {
                power.strike(&self.db).await?;
            }
            // Two times in three everybody's leases end meanwhile, also those of processes that work on.
            if !self.restarts.is_multiple_of(3) {
                self.let_leases_end().await;
            }
            self.arm()?;
            let Err(error) = process.start_again().await else { return Ok(()) };
            if !self.note(process)? {
                return Err(error);
            }
        }
        bail!("a process ends whenever it is started: {}", process.last_output())
    }

    /// The store's own time is not touched: it may still be at work.
    async fn let_leases_end(&self) {
        let jobs = "UPDATE jobs SET lease_until = 0 WHERE lease_owner IS NOT NULL";
        let turns = "UPDATE leases SET until = 0 WHERE name NOT LIKE '%:request'";
        for sql in [jobs, turns] {
            // The database may be what is broken.
            drop(self.db.execute_unprepared(sql).await);
        }
    }

    /// Whether it was a point that ended the process.
    fn note(&mut self, process: &mut Orderbridge) -> Result<bool> {
        let output = process.new_output()?;
        let mut names = output.lines().filter_map(|line| line.split_once(LAST_WORDS)).peekable();
        let struck = names.peek().is_some();
        for (_, name) in names {
            self.left.remove(name.trim());
            self.struck.insert(name.trim().to_owned());
        }
        Ok(struck)
    }
}
