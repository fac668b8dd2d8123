//! A Chromium for the browser tests.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::say::say;
use crate::{process, tools, workspace};

/// What it is called on `PATH`.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where macOS keeps it.
const APPLICATION: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// Its path: `HYVVE_CHROMIUM`, else the machine's, else the distribution's, else Playwright's own.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(named) = env::var_os("HYVVE_CHROMIUM").map(PathBuf::from) {
        return if named.is_file() {
            Ok(named)
        } else {
            bail!("HYVVE_CHROMIUM names {}, which is no file", named.display())
        };
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    if tools::apt::is_usable()
        && tools::apt::install("chromium").is_ok()
        && let Some(found) = installed()
    {
        return Ok(found);
    }
    playwrights().context(
        "the browser tests need Chromium, and none could be found or installed: install it (Debian: `apt-get install \
         chromium`), or name its program in HYVVE_CHROMIUM",
    )
}

fn installed() -> Option<PathBuf> {
    NAMES.iter().find_map(process::find).or_else(|| Some(PathBuf::from(APPLICATION)).filter(|path| path.is_file()))
}

fn playwrights() -> Result<PathBuf> {
    tools::node_modules()?;
    let node = |script: &str| {
        process::read(
            Command::new("node").args(["--input-type=module", "--eval", script]).current_dir(workspace::root()),
        )
    };
    let path = || {
        node("import { chromium } from 'playwright-core'; console.log(chromium.executablePath())").map(PathBuf::from)
    };
    if let Some(found) = path().ok().filter(|path| path.is_file()) {
        return Ok(found);
    }
    say!("Installing Playwright's Chromium");
    process::run(Command::new("npx").args(["playwright-core", "install", "chromium"]).current_dir(workspace::root()))?;
    path()
}
