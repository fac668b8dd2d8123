//! How a cluster is to be started.

use std::path::PathBuf;

use crate::Binaries;

/// How a cluster is to be started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it lives, and for how long.
    pub place: Place,
    /// Which PostgreSQL; `None` finds one that fits the data.
    pub binaries: Option<Binaries>,
    /// Database roles that the owner's account may log in as, besides the superuser. They need not exist yet.
    pub roles: Vec<String>,
}

/// Where a cluster lives, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this directory, for good, with every commit on disk before it is acknowledged.
    Kept(PathBuf),
    /// In memory where there is plenty, else in the temporary directory; gone after `stop`, with no care for a crash. For tests and tools.
    ThrowAway,
}

impl Options {
    /// A cluster that keeps its data in `directory`, which is made when missing.
    pub fn kept(directory: impl Into<PathBuf>) -> Self {
        Self::at(Place::Kept(directory.into()))
    }

    /// A cluster for tests and tools: fast, unsafe against crashes, removed when stopped.
    pub fn throw_away() -> Self {
        Self::at(Place::ThrowAway)
    }

    fn at(place: Place) -> Self {
        let roles = ["hyvve_owner", "hyvve_app", "hyvve_system"].map(String::from).to_vec();
        Self { place, binaries: None, roles }
    }
}
