//! A cluster that another process owns: where to reach it, for whoever looks at its data meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::postmaster::{self, PidFile};
use crate::socket;

/// A cluster that somebody else started, and stops.
#[derive(Debug)]
pub struct Running {
    socket: PathBuf,
}

impl Running {
    /// The cluster that is kept in `directory`, if it accepts connections now.
    pub fn find(directory: &Path) -> Option<Self> {
        let data = fs::canonicalize(directory).ok()?.join("data");
        let PidFile { pid, socket, ready } = PidFile::read(&data)?;
        (ready && postmaster::serves(pid, &data)).then_some(Self { socket })
    }

    /// A URL that connects to `database` as `role`, as [`Cluster::url`](crate::Cluster::url) of its owner.
    pub fn url(&self, role: &str, database: &str) -> String {
        socket::url(&self.socket, role, database)
    }
}
