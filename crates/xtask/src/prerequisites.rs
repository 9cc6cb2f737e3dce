//! What the machine must have beside cargo and a C compiler, and how it gets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::steps::{line_of, run, step};
use crate::workspace::Workspace;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Something that the tests use, and the Debian package that brings it.
struct Tool {
    package: &'static str,
    is_there: fn() -> bool,
}

const TEST_TOOLS: [Tool; 5] = [
    Tool {
        package: "postgresql",
        is_there: || postgres_file("lib/postgresql", "bin/initdb") || on_path("initdb"),
    },
    Tool {
        package: "postgresql-contrib",
        is_there: || postgres_file("share/postgresql", "extension/pg_trgm.control") || on_path("initdb"),
    },
    Tool {
        package: "chromium",
        is_there: || ["chromium", "chromium-browser", "google-chrome"].into_iter().any(on_path),
    },
    Tool { package: "chromium-driver", is_there: || on_path("chromedriver") },
    Tool { package: "python3-venv", is_there: || python_has("venv, ensurepip") },
];

/// Makes sure that Rust can compile for the browser.
pub fn wasm_target() -> Result<()> {
    let sysroot =
        Command::new("rustc").args(["--print", "sysroot"]).output().context("cannot start rustc")?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout)?.trim_end());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).is_dir() {
        return Ok(());
    }
    ensure!(
        on_path("rustup"),
        "this Rust cannot compile for {WASM_TARGET}, and there is no rustup to add it"
    );
    let what = format!("adding the compiler target {WASM_TARGET}");
    step(&what, || run(Command::new("rustup").args(["target", "add", WASM_TARGET])))
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub fn formatter_and_lints(workspace: &Workspace) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let mut version = workspace.cargo([subcommand, "--version"]);
        if version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            continue;
        }
        let what = format!("adding the component {component}");
        step(&what, || run(Command::new("rustup").args(["component", "add", component])))?;
    }
    Ok(())
}

/// Installs the databases, the browser and the Python that the tests need and that are missing, where apt can do it;
/// elsewhere names them.
pub fn test_tools() -> Result<()> {
    let missing: Vec<&str> =
        TEST_TOOLS.iter().filter(|tool| !(tool.is_there)()).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !on_path("apt-get") {
        bail!(
            "missing on this machine, by their names on Debian: {names}; install them with its package manager"
        );
    }
    step(&format!("installing {names}"), || {
        as_root(&["apt-get", "update", "--quiet"])?;
        let install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends"];
        as_root(&[install.as_slice(), &missing].concat())
    })
}

/// In the foreground, because `sudo` may have to ask for the password.
fn as_root(words: &[&str]) -> Result<()> {
    let we_are_root = std::fs::metadata("/proc/self").is_ok_and(|of_this_process| {
        use std::os::unix::fs::MetadataExt;
        of_this_process.uid() == 0
    });
    let mut command = Command::new(if we_are_root { "env" } else { "sudo" });
    command.args(if we_are_root { [].as_slice() } else { ["env"].as_slice() });
    command.arg("DEBIAN_FRONTEND=noninteractive").args(words);
    let status = command.status().with_context(|| format!("cannot start `{}`", line_of(&command)))?;
    ensure!(status.success(), "`{}` ended with {status}", line_of(&command));
    Ok(())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn python_has(modules: &str) -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", &format!("import {modules}")]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// Debian keeps each version of PostgreSQL in a folder of its own.
fn postgres_file(under: &str, file: &str) -> bool {
    let versions = std::fs::read_dir(Path::new("/usr").join(under));
    versions.into_iter().flatten().flatten().any(|version| version.path().join(file).is_file())
}
