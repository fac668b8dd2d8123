//! Which operating-system account PostgreSQL runs as: ours, unless we are root, which PostgreSQL refuses.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User, getegid, geteuid};

use crate::Error;

/// The account that PostgreSQL's processes and files belong to, and the name of the one that calls them.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    uid: Uid,
    gid: Gid,
    /// Our own user's name: who may connect.
    pub(crate) caller: String,
}

impl Account {
    /// Ours; as root, the owner of the existing `data`, else `postgres`, else `nobody`.
    pub(crate) fn choose(data: Option<&Path>) -> Result<Self, Error> {
        let us = geteuid();
        let name_of = |uid: Uid| User::from_uid(uid).ok().flatten();
        let caller = name_of(us).ok_or(Error::NameLess(us.as_raw()))?.name;
        if !us.is_root() {
            return Ok(Self { uid: us, gid: getegid(), caller });
        }
        let owner = data.and_then(|data| fs::metadata(data).ok()).map(|found| Uid::from_raw(found.uid()));
        let user = owner.filter(|uid| !uid.is_root()).and_then(name_of);
        let named = |name: &str| User::from_name(name).ok().flatten();
        let user = user.or_else(|| named("postgres")).or_else(|| named("nobody")).ok_or(Error::NoAccount)?;
        Ok(Self { uid: user.uid, gid: user.gid, caller })
    }

    pub(crate) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Are we root, with PostgreSQL as someone else?
    pub(crate) fn is_stepped_down(&self) -> bool {
        self.uid != geteuid()
    }

    /// A command that runs as this account, apart from our terminal, and from a directory that everyone can enter.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGOPTIONS");
        command.stdin(Stdio::null()).process_group(0);
        if self.is_stepped_down() {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Hands `path` to this account, and everything below it unless it was theirs before. Links are never followed.
    pub(crate) fn give(&self, path: &Path) -> io::Result<()> {
        let found = fs::symlink_metadata(path)?;
        if !self.is_stepped_down() || found.uid() == self.uid() {
            return Ok(());
        }
        if found.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give(&entry?.path())?;
            }
        }
        lchown(path, Some(self.uid()), Some(self.gid.as_raw()))
    }

    /// Can this account enter every directory above `path`?
    pub(crate) fn can_reach(&self, path: &Path) -> bool {
        let enters = |found: Metadata| {
            let bit = match (found.uid() == self.uid.as_raw(), found.gid() == self.gid.as_raw()) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            found.mode() & bit != 0
        };
        !self.is_stepped_down() || path.ancestors().skip(1).all(|above| fs::metadata(above).is_ok_and(enters))
    }
}
