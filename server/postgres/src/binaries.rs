//! Finds PostgreSQL's programs on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::account::Account;
use crate::cache::{SHARED_CACHE, cache_directory};

/// The oldest PostgreSQL that HYVVE runs on.
pub const OLDEST_MAJOR: u32 = 15;

/// Folders of distributions and installers; `*` stands for anything within one name.
const USUAL: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // PostgreSQL's own RPMs
    "/usr/libexec/postgresql*",                           // Alpine
    "/usr/lib64/postgresql-*/bin",                        // Gentoo
    "/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
    "/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
    "/usr/local/pgsql/bin",                               // built from source
];

/// One installation's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the newest usable PostgreSQL: `HYVVE_POSTGRES_BIN`, else the first on `PATH`, else the newest in the usual
    /// folders, else one that was downloaded before.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] or [`Error::BadOverride`].
    pub fn discover() -> Result<Self, Error> {
        Self::find(None, &Account::choose(None)?)
    }

    /// As [`discover`](Self::discover), but of exactly this major version when one is given.
    pub(crate) fn find(major: Option<u32>, account: &Account) -> Result<Self, Error> {
        let usable = |found: &Self| {
            major.map_or(found.major >= OLDEST_MAJOR, |major| found.major == major)
                && account.can_reach(&found.program("postgres"))
        };
        let wanted = major.map_or_else(
            || format!("{OLDEST_MAJOR} or newer"),
            |major| format!("{major}, which wrote the existing data,"),
        );
        if let Some(directory) = env::var_os("HYVVE_POSTGRES_BIN").map(PathBuf::from) {
            return Self::at(&directory).filter(usable).ok_or(Error::BadOverride { directory, wanted });
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&path).filter_map(|directory| Self::at(&directory)).find(usable);
        let newest = |patterns: &[PathBuf]| {
            let found =
                patterns.iter().flat_map(|pattern| expand(pattern)).filter_map(|directory| Self::at(&directory));
            found.filter(usable).max_by_key(|found| found.major)
        };
        on_path
            .or_else(|| newest(&USUAL.map(PathBuf::from)))
            .or_else(|| newest(&downloads().map(|folder| folder.join("*/bin")).collect::<Vec<_>>()))
            .ok_or(Error::NotInstalled { wanted })
    }

    /// The installation whose `postgres` lies in `directory`, or is linked there, if it is a whole one.
    pub(crate) fn at(directory: &Path) -> Option<Self> {
        let server = fs::canonicalize(directory.join("postgres")).ok()?;
        let directory = server.parent().filter(|directory| directory.join("initdb").is_file())?.to_owned();
        let output = Command::new(&server).arg("--version").output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { directory, major })
    }

    /// The folder that holds the programs.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// One program's path. Only `postgres` and `initdb` are certain to exist.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Where downloads are kept: our cache, and one that an account other than root can reach.
pub(crate) fn downloads() -> impl Iterator<Item = PathBuf> {
    cache_directory().into_iter().chain([PathBuf::from(SHARED_CACHE)]).map(|cache| cache.join("postgresql"))
}

/// Reads `postgres (PostgreSQL) 15.18 (…)` or `… 18beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The directories that a pattern stands for; a name in it may hold one `*`.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    pattern.iter().fold(vec![PathBuf::new()], |found, part| {
        let name = part.to_string_lossy();
        let Some((head, tail)) = name.split_once('*') else {
            return found.into_iter().map(|folder| folder.join(part)).collect();
        };
        let entries = found.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let fits = entries.filter(|entry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| {
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            })
        });
        fits.map(|entry| entry.path()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{expand, major_of};

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta2"), Some(19));
        assert_eq!(major_of("initdb: command not found"), None);
    }

    #[test]
    fn a_star_stands_for_anything_within_one_name() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir_all(folder.path().join("postgresql-16/bin"))?;
        std::fs::create_dir_all(folder.path().join("mysql-8/bin"))?;
        assert_eq!(expand(&folder.path().join("postgresql-*/bin")), [folder.path().join("postgresql-16/bin")]);
        Ok(())
    }
}
