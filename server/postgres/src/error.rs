//! What can go wrong, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded PostgreSQL could not be found, started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable binaries on this machine.
    #[error(
        "no PostgreSQL {wanted} was found: install it (Debian, Ubuntu: `apt-get install postgresql`; Homebrew: \
         `brew install postgresql`), or name its bin directory in HYVVE_POSTGRES_BIN"
    )]
    NotInstalled {
        /// The version looked for, in words.
        wanted: String,
    },
    /// `HYVVE_POSTGRES_BIN` names a directory that cannot be used.
    #[error("HYVVE_POSTGRES_BIN is {}, where no PostgreSQL {wanted} can be run", directory.display())]
    BadOverride {
        /// What the variable says.
        directory: PathBuf,
        /// The version looked for, in words.
        wanted: String,
    },
    /// Another live process owns this cluster.
    #[error("{} is in use by process {owner}; stop that one first, or give this one a directory of its own", directory.display())]
    InUse {
        /// The cluster's directory.
        directory: PathBuf,
        /// The owner's process id, or `?`.
        owner: String,
    },
    /// We are root, and there is no account to step down to.
    #[error("PostgreSQL does not run as root, and this machine has neither a `postgres` nor a `nobody` account")]
    NoAccount,
    /// Our own user id has no name, so that PostgreSQL cannot tell who is calling.
    #[error("user id {0} has no entry in the user database, which PostgreSQL needs")]
    NameLess(u32),
    /// The account that PostgreSQL runs as cannot reach an existing cluster.
    #[error("PostgreSQL runs as user id {uid} here and cannot reach {}: a directory above it is closed to others", directory.display())]
    Unreachable {
        /// The cluster's directory.
        directory: PathBuf,
        /// The account's user id.
        uid: u32,
    },
    /// A directory that should be ours is not.
    #[error("{} belongs to someone else; refusing to use it", .0.display())]
    NotOurs(PathBuf),
    /// `initdb` failed.
    #[error("initdb failed:\n{0}")]
    Init(String),
    /// The server ended, or did not become ready.
    #[error("PostgreSQL did not start ({why}); the end of {}:\n{tail}", log.display())]
    Start {
        /// What was observed.
        why: String,
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server ignored every signal.
    #[error("PostgreSQL (process {0}) does not stop")]
    Stuck(i32),
    /// A download failed.
    #[error("PostgreSQL could not be downloaded: {0}")]
    Download(String),
    /// The operating system said no.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
}

/// Adds what was tried, on which path, to an I/O error.
pub(crate) trait Context<T> {
    fn context(self, what: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what, path: path.to_owned(), source })
    }
}
