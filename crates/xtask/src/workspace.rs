//! Where things are, and cargo.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The checkout that the command was started in.
#[derive(Debug)]
pub struct Workspace {
    pub root: PathBuf,
    /// Follows `CARGO_TARGET_DIR` and cargo's configuration.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub fn find() -> Result<Self> {
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        ensure!(output.status.success(), "cargo does not understand this workspace");
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        let path = |key: &str| {
            let path = metadata[key].as_str().with_context(|| format!("cargo metadata tells no {key}"))?;
            anyhow::Ok(PathBuf::from(path))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// A call of cargo in the root of the workspace.
    pub fn cargo<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(cargo());
        command.args(arguments).current_dir(&self.root);
        command
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
