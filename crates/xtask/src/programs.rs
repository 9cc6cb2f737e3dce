//! The programs of the workspace: built together, so that their dependencies are compiled once, and started directly.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::steps::{run, step};
use crate::workspace::Workspace;

/// Builds every program with the development profile.
pub fn build(workspace: &Workspace) -> Result<()> {
    step("building the programs", || run(&mut workspace.cargo(["build", "--bins"])))
}

/// Builds, and turns this process into the program: signals and the exit code are then its own.
pub fn build_and_become<S: AsRef<OsStr>>(
    workspace: &Workspace,
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<()> {
    build(workspace)?;
    let error = program(workspace, name).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {name}"))
}

/// Writes what `orderbridge openapi` says, if it says something new.
pub fn write_openapi(workspace: &Workspace) -> Result<()> {
    build(workspace)?;
    let output = program(workspace, "orderbridge").arg("openapi").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "`orderbridge openapi` ended with {}", output.status);
    let file = workspace.root.join("openapi/orderbridge.json");
    if std::fs::read(&file).is_ok_and(|current| current == output.stdout) {
        eprintln!("    openapi/orderbridge.json is up to date");
        return Ok(());
    }
    std::fs::write(&file, output.stdout).context("cannot write openapi/orderbridge.json")?;
    eprintln!("    wrote openapi/orderbridge.json");
    Ok(())
}

fn program(workspace: &Workspace, name: &str) -> Command {
    let mut command = Command::new(workspace.target.join("debug").join(name));
    command.current_dir(&workspace.root);
    command
}
