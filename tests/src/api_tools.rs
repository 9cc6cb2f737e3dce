use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// The programs from PyPI and npm that judge the API document, as `cargo xtask tools` installs them.
#[derive(Debug)]
pub struct ApiTools {
    folder: PathBuf,
}

/// The API document as it is checked in.
#[must_use]
pub fn api_document_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/orderbridge.json")
}

impl ApiTools {
    /// Looks for them in the target folder.
    ///
    /// # Errors
    /// When they were not installed, or have changed since.
    pub fn find() -> Result<Self> {
        let here = std::env::current_exe()?;
        let found = here.ancestors().map(|folder| folder.join("api-tools")).find(|folder| folder.is_dir());
        let Some(folder) = found else {
            bail!("the programs that check the API are missing: `cargo xtask tools`")
        };
        for lock in ["requirements.txt", "package-lock.json"] {
            let installed = std::fs::read(folder.join("installed").join(lock)).unwrap_or_default();
            if installed != std::fs::read(Self::settings_in_checkout(lock))? {
                bail!(
                    "the programs that check the API are not those of tests/api-tools/{lock}: `cargo xtask tools`"
                );
            }
        }
        Ok(Self { folder })
    }

    /// A file beside the lists of what is installed.
    #[must_use]
    pub fn settings(&self, file: &str) -> PathBuf {
        Self::settings_in_checkout(file)
    }

    fn settings_in_checkout(file: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("api-tools").join(file)
    }

    /// A script of an npm package.
    #[must_use]
    pub fn node(&self, script: &str) -> Command {
        self.node_at(&self.folder.join("node_modules").join(script))
    }

    /// A script that lies elsewhere.
    #[must_use]
    pub fn node_at(&self, script: &Path) -> Command {
        let mut command = Command::new(self.folder.join("venv/node"));
        command.arg(script);
        command
    }

    /// A program of a PyPI package.
    #[must_use]
    pub fn python(&self, program: &str) -> Command {
        Command::new(self.folder.join("venv/bin").join(program))
    }

    /// The folder that `node_modules` lies in, so that scripts below it find the packages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
