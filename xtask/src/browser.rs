//! The browser's side: WASM, JavaScript and style sheet, built by cargo-leptos into `target/site`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::say::say;
use crate::tools::{self, Browser};
use crate::{fingerprint, process, workspace};

/// What the build depends on.
const INPUTS: [&str; 7] =
    ["Cargo.lock", "Cargo.toml", "app", "frontend", "package-lock.json", "rust-toolchain.toml", "style"];

/// Pages are lazy, so that a visitor loads the shell and one page; everything is compressed once, here.
const BUILD: [&str; 8] =
    ["leptos", "build", "--release", "--frontend-only", "--split", "--precompress", "--lib-features", "split"];

/// Where the build goes. Both lie in the checkout, whatever cargo's own target directory is.
pub(crate) struct Site {
    /// What is served.
    pub(crate) root: PathBuf,
    /// The list of hashes in file names, which the server reads when it starts.
    hashes: PathBuf,
}

impl Default for Site {
    fn default() -> Self {
        Self { root: workspace::path("target/site"), hashes: workspace::path("target/site.hashes") }
    }
}

impl Site {
    /// The environment that makes a server serve this site.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 3] {
        let hashes = self.hashes.clone();
        [
            ("LEPTOS_SITE_ROOT", self.root.clone()),
            ("LEPTOS_HASH_FILES", "true".into()),
            ("LEPTOS_HASH_FILE_NAME", hashes),
        ]
    }
}

/// Builds it, unless nothing has changed since it was last built.
pub(crate) fn build() -> Result<Site> {
    let site = Site::default();
    let stamp = workspace::path("target/site.stamp");
    let fingerprint = fingerprint::of(&INPUTS, &format!("{} {BUILD:?}", workspace::rustc()?))?;
    if fingerprint::is_recorded(&stamp, &fingerprint) && site.root.join("pkg").is_dir() && site.hashes.is_file() {
        say!("Browser side: unchanged");
        return Ok(site);
    }
    let tools = tools::browser()?;
    say!("Building the browser side");
    fingerprint::forget(&stamp);
    process::run(command(&tools, &site)?.args(BUILD))?;
    fingerprint::record(&stamp, &fingerprint)?;
    Ok(site)
}

/// cargo-leptos takes its tools from `PATH` before anything else, and asks no version: ours come first.
fn command(tools: &Browser, site: &Site) -> Result<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = tools.folders.iter().cloned().chain(env::split_paths(&path));
    let mut command = Command::new(&tools.cargo_leptos);
    command.current_dir(workspace::root()).env("PATH", env::join_paths(folders).context("joining PATH")?);
    command.envs(site.environment());
    Ok(command)
}
