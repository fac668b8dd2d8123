//! Everything that HYVVE is built and tested with: found on the machine, else installed into the cache.

mod apt;
mod cargo_tool;
mod chromium;
mod litellm;
mod npm;
mod toolchain;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use hyvve_postgres::{Binaries, Error};

use self::cargo_tool::CargoTool;
pub(crate) use self::chromium::ensure as chromium;
pub(crate) use self::litellm::ensure as litellm;
pub(crate) use self::npm::ensure as node_modules;
pub(crate) use self::toolchain::wasm_target;
use crate::say::{print_line, say};
use crate::{process, workspace};

/// What the browser side is built with.
pub(crate) struct Browser {
    /// The program that drives the build.
    pub(crate) cargo_leptos: PathBuf,
    /// Where it finds its own tools: `wasm-bindgen`, `tailwindcss`, `wasm-opt`.
    pub(crate) folders: Vec<PathBuf>,
}

/// Tools for the browser side.
pub(crate) fn browser() -> Result<Browser> {
    wasm_target()?;
    let node_modules = node_modules()?;
    let wasm_bindgen = wasm_bindgen()?;
    let cargo_leptos = cargo_leptos()?;
    let folder = wasm_bindgen.parent().context("wasm-bindgen lies nowhere")?.to_owned();
    Ok(Browser { cargo_leptos, folders: vec![folder, node_modules.join(".bin")] })
}

/// PostgreSQL's programs, for ourselves.
pub(crate) fn postgres() -> Result<Binaries> {
    let missing = match Binaries::discover() {
        Err(error @ Error::NotInstalled { .. }) => error,
        found => return Ok(found?),
    };
    if !apt::is_usable() {
        return Err(missing.into());
    }
    apt::install("postgresql")?;
    Ok(Binaries::discover()?)
}

/// Redis's server, which the tests of several nodes start.
pub(crate) fn redis() -> Result<PathBuf> {
    const NAME: &str = "redis-server";
    if let Some(found) = process::find(NAME) {
        return Ok(found);
    }
    if apt::is_usable() {
        apt::install(NAME)?;
    }
    process::find(NAME).context(
        "the tests need Redis, and none could be found or installed: put redis-server on PATH (Debian: `apt-get install \
         redis-server`; macOS: `brew install redis`)",
    )
}

/// Python, which runs the script that checks an exported audit log as whoever gets one would.
pub(crate) fn python() -> Result<PathBuf> {
    const NAME: &str = "python3";
    if process::find(NAME).is_none() && apt::is_usable() {
        apt::install(NAME)?;
    }
    process::find(NAME).context("the test of the exported audit log needs python3 on PATH")
}

/// The server downloads PostgreSQL itself when we cannot get it here.
pub(crate) fn postgres_for_the_server() {
    if let Err(error) = postgres() {
        say!("{error:#}; the server will try to download it");
    }
}

/// The command-line half of wasm-bindgen, which must be of exactly the version that is compiled in.
fn wasm_bindgen() -> Result<PathBuf> {
    let version = workspace::locked_version("wasm-bindgen")?;
    // The tool's own lock file asks for crates that not every mirror of the registry has.
    CargoTool { package: "wasm-bindgen-cli", name: "wasm-bindgen", version: &version, arguments: &[] }.ensure(None)
}

/// cargo-leptos. The newest needs a newer compiler than HYVVE itself does.
fn cargo_leptos() -> Result<PathBuf> {
    let tool = |version, arguments| CargoTool { package: "cargo-leptos", name: "cargo-leptos", version, arguments };
    // Not `--locked`: its lock file holds the module splitter back at a release with known faults.
    let newest = tool("0.3.11", &["--features", "no_downloads"]);
    let older = tool("0.3.10", &["--features", "no_downloads", "--locked"]);
    if let Some(found) = newest.find()?.map_or_else(|| older.find(), |found| Ok(Some(found)))? {
        return Ok(found);
    }
    match toolchain::at_least((1, 96), "1.99.1") {
        Ok(toolchain) => newest.ensure(toolchain.as_deref()),
        Err(error) => {
            say!("cargo-leptos 0.3.11 needs Rust 1.96 ({error:#}): installing 0.3.10 instead");
            older.ensure(None)
        }
    }
}

/// The checker of licences and sources.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    CargoTool { package: "cargo-deny", name: "cargo-deny", version: "0.20.2", arguments: &["--locked"] }.ensure(None)
}

/// Ensures every tool and prints where each one is.
pub(crate) fn list() -> Result<()> {
    let browser = browser()?;
    print_line!("cargo-leptos  {}", browser.cargo_leptos.display());
    for folder in &browser.folders {
        print_line!("its tools     {}", folder.display());
    }
    let others = [
        ("postgresql", postgres().map(|found| found.directory().to_owned())),
        ("redis", redis()),
        ("chromium", chromium()),
        ("cargo-deny", cargo_deny()),
        ("litellm", litellm()),
    ];
    let mut missing = Vec::new();
    for (name, found) in others {
        match found {
            Ok(path) => print_line!("{name:13} {}", path.display()),
            Err(error) => missing.push(format!("{name}: {error:#}")),
        }
    }
    if missing.is_empty() { Ok(()) } else { bail!("missing tools:\n  {}", missing.join("\n  ")) }
}
