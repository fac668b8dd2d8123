//! Makes a cluster's data directory, completely or not at all.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::cluster::SUPERUSER;
use crate::error::Context;
use crate::home::Home;
use crate::{Binaries, Error};

/// Text is UTF-8 and sorts by code point everywhere. `C.UTF-8` also knows the case of letters beyond ASCII, but macOS
/// has no such locale.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Runs `initdb` beside the final place and renames, so that a start that was cut short leaves nothing half-made.
pub(crate) fn ensure(home: &Home, binaries: &Binaries) -> Result<(), Error> {
    let data = home.data();
    if data.join("PG_VERSION").exists() {
        return home.account.give(&data).context("handing over", &data);
    }
    let unfinished = home.directory.join("data.new");
    let mut said = String::new();
    for locale in LOCALES {
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("clearing", &unfinished)?;
        }
        DirBuilder::new().mode(0o700).create(&unfinished).context("making", &unfinished)?;
        home.account.give(&unfinished).context("handing over", &unfinished)?;
        match initdb(home, binaries, &unfinished, locale)? {
            Ok(()) => return fs::rename(&unfinished, &data).context("naming", &data),
            Err(words) => said = words,
        }
    }
    Err(Error::Init(said))
}

/// The major version that wrote a data directory; `None` where there is no data yet.
pub(crate) fn major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// One try; the inner error is what `initdb` said.
fn initdb(home: &Home, binaries: &Binaries, data: &Path, locale: &str) -> Result<Result<(), String>, Error> {
    let program = binaries.program("initdb");
    let mut command = home.account.command(&program);
    command.arg("--pgdata").arg(data).args(["--username", SUPERUSER, "--encoding", "UTF8", "--locale", locale]);
    command.args(["--auth-local", "peer", "--auth-host", "reject", "--data-checksums"]);
    if home.throw_away {
        command.arg("--no-sync");
    }
    let output = command.output().context("running", &program)?;
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(if output.status.success() { Ok(()) } else { Err(said()) })
}
