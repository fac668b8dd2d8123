//! Tools that are crates: built once into the cache, one folder per version.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::say::say;
use crate::{process, workspace};

/// A program published as a crate.
pub(crate) struct CargoTool<'a> {
    /// The crate.
    pub(crate) package: &'a str,
    /// The program, which also names the folder.
    pub(crate) name: &'a str,
    /// Exactly this one.
    pub(crate) version: &'a str,
    /// What `cargo install` is told besides.
    pub(crate) arguments: &'a [&'a str],
}

/// Tools are run a few times and built once: what the published profiles spend on speed is not worth the wait.
const QUICK_BUILD: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
];

impl CargoTool<'_> {
    /// Its path, if the cache has it.
    pub(crate) fn find(&self) -> Result<Option<PathBuf>> {
        let program = self.folder()?.join("bin").join(self.name);
        Ok(program.is_file().then_some(program))
    }

    /// Its path, after installing it if needed; with `toolchain` when the active one will not do.
    pub(crate) fn ensure(&self, toolchain: Option<&str>) -> Result<PathBuf> {
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        let folder = self.folder()?;
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        if process::find("cargo-binstall").is_some()
            && self.fetch(&folder).is_ok()
            && let Some(fetched) = self.find()?
        {
            return Ok(fetched);
        }
        self.compile(&folder, toolchain)?;
        self.find()?.with_context(|| format!("{} is not in what was built", self.name))
    }

    fn fetch(&self, folder: &PathBuf) -> Result<()> {
        say!("Fetching {} {}", self.package, self.version);
        let mut command = Command::new("cargo-binstall");
        command.args(["--no-confirm", "--strategies", "crate-meta-data,quick-install", "--root"]).arg(folder);
        process::run(command.arg(self.exactly()))
    }

    fn compile(&self, folder: &PathBuf, toolchain: Option<&str>) -> Result<()> {
        say!("Building {} {} (once for this machine; some minutes)", self.package, self.version);
        let build = workspace::cache()?.join("build").join(self.name);
        let mut command = match toolchain {
            None => process::cargo(&[]),
            Some(name) => {
                let mut command = Command::new("rustup");
                command.args(["run", name, "cargo"]).env_remove("CARGO");
                command
            }
        };
        // Outside the checkout, where its settings do not reach.
        command.current_dir(folder).args(["install", "--quiet"]).arg(self.exactly()).args(self.arguments);
        command.arg("--root").arg(folder).env("CARGO_TARGET_DIR", &build).envs(QUICK_BUILD);
        process::run(&mut command)?;
        fs::remove_dir_all(&build).with_context(|| format!("clearing {}", build.display()))
    }

    fn exactly(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }

    fn folder(&self) -> Result<PathBuf> {
        Ok(workspace::cache()?.join("tools").join(format!("{}-{}", self.name, self.version)))
    }
}
