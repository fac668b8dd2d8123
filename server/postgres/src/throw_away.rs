//! Clusters for one run of tests or tools, and the removal of those that a killed run left behind.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;

use crate::Error;
use crate::account::Account;
use crate::error::Context;
use crate::home::{Home, new_directory, own_directory};
use crate::postmaster;

/// Makes a new one.
pub(crate) fn make() -> Result<Home, Error> {
    let account = Account::choose(None)?;
    let (parent, _turn) = enter(&account)?;
    sweep(&parent, &account);
    let directory = new_directory(&parent, "cluster", 0o711)?;
    Home::lock(directory, account, true)
}

/// The directory that holds all of ours, and our turn to change it: until it is given back, nobody else makes or sweeps.
fn enter(account: &Account) -> Result<(PathBuf, File), Error> {
    let temporary = env::var_os("TMPDIR").is_none().then(in_memory).flatten().or_else(|| Some(env::temp_dir()));
    let temporary = temporary.filter(|folder| account.can_reach(&folder.join("ours")));
    let parent = temporary.unwrap_or_else(|| PathBuf::from("/tmp")).join(format!("hyvve-throw-away-{}", geteuid()));
    own_directory(&parent, 0o711)?;
    let path = parent.join("turn");
    let turn = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let turn = turn.context("opening", &path)?;
    turn.lock().context("locking", &path)?;
    Ok((parent, turn))
}

/// Where files lie in memory, if there is plenty of both. Hundreds of databases are hundreds of thousands of small files, and to make
/// those on a disk takes a third of all the time of the tests.
#[cfg(target_os = "linux")]
fn in_memory() -> Option<PathBuf> {
    const PLENTY: u64 = 12 * 1024 * 1024 * 1024;
    let folder = PathBuf::from("/dev/shm");
    let room = statvfs(&folder).ok()?;
    let free = room.blocks_available().saturating_mul(room.fragment_size());
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let available = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let available: u64 = available.trim().strip_suffix(" kB")?.parse().ok()?;
    (free >= PLENTY && available.saturating_mul(1024) >= PLENTY).then_some(folder)
}

#[cfg(not(target_os = "linux"))]
fn in_memory() -> Option<PathBuf> {
    None
}

/// Removes the clusters whose owner is gone. What cannot be removed now is left for the next time.
fn sweep(parent: &Path, account: &Account) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for directory in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if let Ok(home) = Home::lock(directory, account.clone(), true)
            && postmaster::stop_leftover(&home.data()).is_ok()
        {
            drop(fs::remove_dir_all(&home.directory));
        }
    }
}
