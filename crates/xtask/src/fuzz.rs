//! Searches for bytes that break what reads them, with libFuzzer on the stable compiler.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{run, step};
use crate::workspace::Workspace;

/// What cargo-fuzz asks of the compiler, but for the sanitizer, which needs a nightly one: counters at every branch, and
/// the values that are compared.
const COVERAGE: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
];

/// Needs nothing of the server, which takes minutes to build.
const LIGHT: [&str; 14] = [
    "webhook",
    "tiktok_answer",
    "tiktok_data",
    "retry_after",
    "receiver_answer",
    "prestashop_answer",
    "store_total",
    "store_texts",
    "store_version",
    "xml",
    "typed_address",
    "filter_query",
    "search_terms",
    "words",
];
const OF_SERVER: [&str; 13] = [
    "cursor",
    "access_token",
    "idempotency_key",
    "json_body",
    "list_query",
    "request_headers",
    "sign_in",
    "redaction",
    "order_mapping",
    "store_order",
    "tracking_number",
    "cancel_reason",
    "exported_text",
];

/// Runs one target, or each in turn, for so many seconds.
pub fn search(workspace: &Workspace, target: Option<&str>, seconds: u32) -> Result<()> {
    let known = || LIGHT.into_iter().chain(OF_SERVER);
    let targets: Vec<&str> = match target {
        None => known().collect(),
        Some(wanted) => known().filter(|name| *name == wanted).collect(),
    };
    if targets.is_empty() {
        bail!("there is no such target; known are {}", known().collect::<Vec<_>>().join(", "));
    }
    let folder = workspace.target.join("fuzz");
    let host = host()?;
    let features =
        if targets.iter().any(|name| OF_SERVER.contains(name)) { "libfuzzer,server" } else { "libfuzzer" };
    step("building the targets", || {
        let mut build = workspace.cargo(["build", "--package", "fuzz", "--bins", "--features", features]);
        // With a target named, what runs while building is built without counters.
        build.args(["--target", &host, "--target-dir"]).arg(&folder);
        run(build.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\x1f")))
    })?;
    for name in targets {
        let program = folder.join(&host).join("debug").join(name);
        let found = folder.join("corpus").join(name);
        std::fs::create_dir_all(&found)?;
        let kept = workspace.root.join("tests/fuzz/corpus").join(name);
        step(&format!("fuzzing {name}"), || run(&mut fuzz(&program, &found, &kept, seconds)))?;
    }
    Ok(())
}

fn fuzz(program: &PathBuf, found: &PathBuf, kept: &PathBuf, seconds: u32) -> Command {
    let mut fuzz = Command::new(program);
    fuzz.arg(found).arg(kept);
    fuzz.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1").arg("-verbosity=0");
    // What breaks it stays where the tests replay it.
    fuzz.arg(format!("-artifact_prefix={}/", kept.display())).arg("-max_len=8192").arg("-timeout=10");
    fuzz
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it runs on")
}
