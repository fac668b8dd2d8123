//! Clusters for one run of tests or tools, and the removal of those that a killed run left behind.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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
    let temporary = Some(env::temp_dir()).filter(|folder| account.can_reach(&folder.join("ours")));
    let parent = temporary.unwrap_or_else(|| PathBuf::from("/tmp")).join(format!("hyvve-throw-away-{}", geteuid()));
    own_directory(&parent, 0o711)?;
    let path = parent.join("turn");
    let turn = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let turn = turn.context("opening", &path)?;
    turn.lock().context("locking", &path)?;
    Ok((parent, turn))
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
