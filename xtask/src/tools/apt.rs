//! Debian's and Ubuntu's packages, where we may install them.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use nix::unistd::geteuid;

use crate::process;
use crate::say::say;

/// Are we root on Debian or one of its children?
pub(crate) fn is_usable() -> bool {
    geteuid().is_root() && Path::new("/etc/debian_version").exists() && process::find("apt-get").is_some()
}

/// Installs a package with what it cannot do without.
pub(crate) fn install(package: &str) -> Result<()> {
    say!("Installing the package {package}");
    let apt = |arguments: &[&str]| {
        process::run(
            Command::new("apt-get")
                .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", package])
}
