//! Everything that must hold before a change is taken.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::steps::{run, shown, step};
use crate::workspace::Workspace;
use crate::{api_tools, page, prerequisites, supply_chain};

/// What has been checked so far. A failure does not keep the rest from being checked.
#[derive(Debug)]
struct Checks {
    start: Instant,
    ended: Vec<Check>,
}

#[derive(Debug)]
struct Check {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

/// The tests of the engine wait for its sides more than they work.
const WAITING_TESTS_PER_CORE: usize = 2;

/// Every name but those that begin as that of the engine's tests does.
const ALL_TESTS_BUT_ENGINE: [&str; 4] = ["--test", "[!e]*", "--test", "e[!n]*"];

/// Checks everything; the closing lines are those of the test runner.
pub fn all(workspace: &Workspace) -> Result<()> {
    prerequisites::formatter_and_lints(workspace)?;
    prerequisites::wasm_target()?;
    let mut checks = Checks::begin();
    checks.check("programs the tests need", prerequisites::test_tools);
    checks.check("programs that check the API", || api_tools::install(workspace));
    checks.check("supply chain", || supply_chain::check(workspace));
    checks.check("bill of materials", || supply_chain::sbom::write(workspace));
    checks.cargo(workspace, "format", &["fmt", "--all", "--check"]);
    checks.cargo(workspace, "lints", &["clippy", "--all-targets", "--", "-D", "warnings"]);
    checks.cargo(
        workspace,
        "lints of xtask",
        &["clippy", "-p", "xtask", "--all-targets", "--", "-D", "warnings"],
    );
    let lints_of_page =
        ["clippy", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
    checks.cargo(workspace, "lints of the page", &lints_of_page);
    checks.check("page", || page::build(workspace));
    checks.check("size of the page", || page::check_size(workspace));
    checks.cargo(workspace, "tests of the page's logic", &["test", "-p", "frontend"]);
    checks.cargo(workspace, "tests of xtask", &["test", "-p", "xtask"]);
    // Also the programs, which the black-box tests start.
    checks.cargo(workspace, "build", &["build", "--all-targets"]);
    checks.cargo(workspace, "examples in comments", &["test", "--doc"]);
    let figures = new_figures(workspace)?;
    checks.check("tests but the engine's", || {
        let mut tests = workspace.cargo(["test", "--no-fail-fast", "--lib", "--bins"]);
        run(tests.args(ALL_TESTS_BUT_ENGINE).env(figures::FILE, &figures))
    });
    let threads = std::thread::available_parallelism()?.get() * WAITING_TESTS_PER_CORE;
    let counted = std::fs::read_to_string(figures).context("cannot read what was counted")?;
    let engine = ["test", "--no-fail-fast", "--test", "engine"];
    checks.end_with(&counted, workspace.cargo(engine).env("RUST_TEST_THREADS", threads.to_string()))
}

/// Checks what needs neither the page nor other programs.
pub fn quick(workspace: &Workspace) -> Result<()> {
    prerequisites::formatter_and_lints(workspace)?;
    let mut checks = Checks::begin();
    checks.cargo(workspace, "format", &["fmt", "--all", "--check"]);
    checks.cargo(workspace, "lints", &["clippy", "--all-targets", "--", "-D", "warnings"]);
    let tests = ["test", "--no-fail-fast", "--workspace", "--exclude", "tests", "--exclude", "frontend"];
    checks.end_with("", workspace.cargo(tests).args(["--exclude", "xtask"]))
}

/// The file that tests tell what they have counted; nothing of an earlier run is in it.
fn new_figures(workspace: &Workspace) -> Result<PathBuf> {
    let file = workspace.target.join("figures.txt");
    std::fs::create_dir_all(&workspace.target)?;
    std::fs::write(&file, "").context("cannot write the file of figures")?;
    Ok(file)
}

/// Runs the journeys in a real browser.
pub fn journeys(workspace: &Workspace, arguments: Vec<OsString>) -> Result<()> {
    prerequisites::test_tools()?;
    step("building the programs and the tests", || run(&mut workspace.cargo(["build", "--all-targets"])))?;
    run(workspace.cargo(["test", "--test", "e2e", "--"]).args(arguments))
}

impl Checks {
    fn begin() -> Self {
        Self { start: Instant::now(), ended: Vec::new() }
    }

    fn cargo(&mut self, workspace: &Workspace, name: &'static str, arguments: &[&str]) {
        self.check(name, || run(&mut workspace.cargo(arguments)));
    }

    fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        let start = Instant::now();
        let error = step(name, work).err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            eprintln!("    {error}");
        }
        self.ended.push(Check { name, took: start.elapsed(), error });
    }

    /// Sums up, also what tests have counted, then runs the last tests, so that their own closing lines are the last ones.
    fn end_with(self, counted: &str, tests: &mut Command) -> Result<()> {
        eprintln!("==> so far");
        for Check { name, took, error } in &self.ended {
            let end = if error.is_none() { "ok" } else { "FAILED" };
            eprintln!("    {name:<26} {:>12}  {end}", shown(*took));
        }
        eprintln!("    {:<26} {:>12}", "together", shown(self.start.elapsed()));
        if !counted.is_empty() {
            eprintln!("==> figures");
            counted.lines().for_each(|figure| eprintln!("    {figure}"));
        }
        eprintln!("==> tests");
        let tests = run(tests);
        let failed: Vec<&str> =
            self.ended.iter().filter(|check| check.error.is_some()).map(|check| check.name).collect();
        if !failed.is_empty() {
            bail!("failed before the tests: {}", failed.join(", "));
        }
        tests
    }
}
