//! Where the socket goes: beside the data, or in a short private directory when that path is too long for a socket.

use std::env;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::Context;
use crate::home::{Home, new_directory};

/// Part of the socket's name. Nothing listens on this port.
pub(crate) const PORT: u16 = 5432;

/// A socket's whole path must fit into `sun_path`: 108 bytes on Linux, 104 on macOS and the BSDs, with the closing NUL.
const LONGEST: usize = 103;

/// Makes the socket's directory, open to the cluster's account and nobody else.
pub(crate) fn make(home: &Home) -> Result<PathBuf, Error> {
    let beside = home.directory.join("socket");
    if fits(&beside) {
        fs::create_dir_all(&beside).context("making", &beside)?;
        close(&beside, home)?;
        return Ok(beside);
    }
    let link = home.directory.join("socket-is-at");
    let known = fs::read_link(&link).ok().filter(|path| is_private(path, home));
    if let Some(known) = known {
        return Ok(known);
    }
    let short = new_directory(&short_parent(home), "hyvve-socket", 0o700)?;
    close(&short, home)?;
    drop(fs::remove_file(&link));
    std::os::unix::fs::symlink(&short, &link).context("linking", &link)?;
    Ok(short)
}

/// Removes a socket directory outside the cluster's own. (One inside stays, or goes with the cluster.)
pub(crate) fn remove(directory: &Path, home: &Home) {
    if !directory.starts_with(&home.directory) {
        drop(fs::remove_dir_all(directory));
    }
}

/// The socket itself.
pub(crate) fn file(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}

/// A URL that connects through the socket in this directory.
pub(crate) fn url(directory: &Path, role: &str, database: &str) -> String {
    let socket = encoded(directory.as_os_str().as_bytes());
    let (role, database) = (encoded(role.as_bytes()), encoded(database.as_bytes()));
    format!("postgres://{role}@{socket}:{PORT}/{database}?sslmode=disable")
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encoded(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(one).collect()
}

/// Is the path short enough, and free of what PostgreSQL's list of directories gives a meaning to?
fn fits(directory: &Path) -> bool {
    let plain = !directory.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b',' | b'"'));
    plain && file(directory).as_os_str().len() <= LONGEST
}

fn short_parent(home: &Home) -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let candidates = runtime.into_iter().chain([env::temp_dir()]);
    let reachable = |path: &PathBuf| {
        path.is_dir() && fits(&path.join("hyvve-socket-4194304-99")) && home.account.can_reach(&path.join("_"))
    };
    candidates.into_iter().find(reachable).unwrap_or_else(|| PathBuf::from("/tmp"))
}

fn close(directory: &Path, home: &Home) -> Result<(), Error> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).context("closing", directory)?;
    home.account.give(directory).context("handing over", directory)
}

fn is_private(directory: &Path, home: &Home) -> bool {
    fs::symlink_metadata(directory)
        .is_ok_and(|found| found.is_dir() && found.uid() == home.account.uid() && found.mode().trailing_zeros() >= 6)
}
