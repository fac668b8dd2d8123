//! Tools from npm, in `node_modules` of the checkout, where Tailwind's style sheets are resolved from.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::say::say;
use crate::{fingerprint, process, workspace};

/// The folder, holding exactly what the lock file says.
pub(crate) fn ensure() -> Result<PathBuf> {
    let folder = workspace::path("node_modules");
    let stamp = folder.join(".hyvve");
    let fingerprint = fingerprint::of(&["package.json", "package-lock.json"], "npm ci")?;
    if fingerprint::is_recorded(&stamp, &fingerprint) {
        return Ok(folder);
    }
    if process::find("npm").is_none() {
        bail!("no npm: install Node.js 20 or newer (Debian, Ubuntu: `apt-get install nodejs npm`)");
    }
    say!("Installing tools from npm");
    let mut command = Command::new("npm");
    process::run(command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(workspace::root()))?;
    fingerprint::record(&stamp, &fingerprint)?;
    Ok(folder)
}
