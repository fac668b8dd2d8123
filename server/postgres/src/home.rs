//! A cluster's directory: who owns it, what lies where, and the lock that says it is in use.
//!
//! The directory is its owner's. As root, only `data` and `socket` in it belong to PostgreSQL's account, so that whoever
//! takes over that account cannot make root write elsewhere.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::error::Context;
use crate::throw_away;
use crate::{Error, Place};

/// Where a cluster goes when root asks for it in a place that PostgreSQL's account cannot reach.
const SHARED_HOME: &str = "/var/lib/hyvve";

/// A log above this is set aside at the next start.
const LOG_LIMIT: u64 = 8 << 20;

/// A cluster's directory, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) directory: PathBuf,
    pub(crate) account: Account,
    pub(crate) throw_away: bool,
    _lock: File,
}

impl Home {
    /// Makes or finds the directory, and locks it.
    pub(crate) fn open(place: &Place) -> Result<Self, Error> {
        match place {
            Place::Kept(directory) => Self::kept(directory),
            Place::ThrowAway => throw_away::make(),
        }
    }

    fn kept(asked: &Path) -> Result<Self, Error> {
        let asked = std::path::absolute(asked).context("finding", asked)?;
        fs::create_dir_all(&asked).context("making", &asked)?;
        let found = fs::canonicalize(&asked).context("finding", &asked)?;
        let account = Account::choose(Some(&found.join("data")))?;
        let directory =
            if account.can_reach(&found.join("data")) { found } else { move_out(&asked, &found, &account)? };
        Self::lock(directory, account, false)
    }

    /// Takes an existing directory over.
    pub(crate) fn lock(directory: PathBuf, account: Account, throw_away: bool) -> Result<Self, Error> {
        let path = directory.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut lock = lock.context("opening", &path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let read = lock.read_to_string(&mut owner).is_ok_and(|length| length > 0);
                return Err(Error::InUse { directory, owner: if read { owner } else { "?".to_owned() } });
            }
            Err(TryLockError::Error(source)) => return Err(source).context("locking", &path),
        }
        let sign = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
        sign.context("writing", &path)?;
        Ok(Self { directory, account, throw_away, _lock: lock })
    }

    /// PostgreSQL's own data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// What PostgreSQL says.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("postgresql.log")
    }

    /// The log, ready to be added to.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if fs::metadata(&path).is_ok_and(|found| found.len() > LOG_LIMIT) {
            fs::rename(&path, path.with_extension("log.1")).context("setting aside", &path)?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path).context("opening", &path)
    }
}

/// Leaves a link at `asked` to a new directory that the account can reach.
fn move_out(asked: &Path, found: &Path, account: &Account) -> Result<PathBuf, Error> {
    if found.join("data").exists() {
        return Err(Error::Unreachable { directory: found.to_owned(), uid: account.uid() });
    }
    own_directory(Path::new(SHARED_HOME), 0o711)?;
    let directory = new_directory(Path::new(SHARED_HOME), "postgres", 0o711)?;
    fs::remove_dir(asked).context("replacing", asked)?;
    symlink(&directory, asked).context("linking", asked)?;
    Ok(directory)
}

/// Makes a directory of ours, or accepts one that already is.
pub(crate) fn own_directory(path: &Path, mode: u32) -> Result<(), Error> {
    match make_directory(path, mode) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).context("finding", path)?;
            let ours = found.is_dir() && found.uid() == nix::unistd::geteuid().as_raw();
            if ours { Ok(()) } else { Err(Error::NotOurs(path.to_owned())) }
        }
        made => made.context("making", path),
    }
}

/// Makes a directory with a name that is not taken yet.
pub(crate) fn new_directory(parent: &Path, name: &str, mode: u32) -> Result<PathBuf, Error> {
    let mut number = 0_u32;
    loop {
        let path = parent.join(format!("{name}-{}-{number}", std::process::id()));
        match make_directory(&path, mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| path.clone()).context("making", &path),
        }
    }
}

/// With exactly this mode, whatever the process's umask takes away from new files.
fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
