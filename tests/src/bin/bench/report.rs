//! How figures are gathered and shown.

use std::fmt;
use std::time::Duration;

use crate::Scale;

/// Says under which conditions everything is measured.
pub fn print_conditions(scale: &Scale, quick: bool) {
    let profile =
        if cfg!(debug_assertions) { "development profile (not optimised)" } else { "release profile" };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.as_deref().and_then(|line| line.split(' ').next()).unwrap_or("unknown");
    println!("orderbridge bench: {profile}, {cores} cores, load {load} at the start, seed {}", scale.seed);
    println!("Compare figures within a table; across runs and machines only the ratios mean something.");
    if quick {
        println!("--quick: the counts are too small for figures that mean anything.");
    }
}

/// Begins a section of the report.
pub fn print_section(title: &str) {
    println!("\n{title}");
}

/// A target, and whether it is met.
pub fn verdict(met: bool) -> &'static str {
    if met { "" } else { "misses" }
}

/// Durations of one thing, done many times.
#[derive(Debug, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that so many percent of the samples do not exceed; zero when there are none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// How many times longer, or more, one is than the other.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(f64::EPSILON)
}

/// Milliseconds, as precise as they are worth.
pub fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1_000.0;
    if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.0}") }
}

/// Columns of text: the first is aligned to the left, figures to the right.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(ToString::to_string).collect()] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width_of = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<_> = (0..columns).map(|column| width_of(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line.push(' ');
                let padded = if column == 0 { format!("{cell:<width$}") } else { format!(" {cell:>width$}") };
                line.push_str(&padded);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples = Samples::default();
        for ms in (1..=200).rev() {
            samples.push(Duration::from_millis(ms));
        }

        assert_eq!(samples.percentile(50), Duration::from_millis(100));
        assert_eq!(samples.percentile(99), Duration::from_millis(198));
        assert_eq!(Samples::default().percentile(99), Duration::ZERO);
    }
}
