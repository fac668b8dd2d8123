//! Other programs: run, listened to, looked for.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs to the end with our own output; an error names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("running `{}`", line(command)))?;
    if status.success() { Ok(()) } else { bail!("`{}` ended with {status}", line(command)) }
}

/// Runs to the end and returns what it printed; an error carries what it complained about.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("running `{}`", line(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    bail!("`{}` ended with {}\n{}", line(command), output.status, String::from_utf8_lossy(&output.stderr).trim())
}

/// Does it run, and end well? Says nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    read(command).is_ok()
}

/// A program's path, if `PATH` has it.
pub(crate) fn find(name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name.as_ref())).find(|program| program.is_file())
}

/// The command as one would type it, shortened to what matters.
fn line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// A command of cargo, at the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(crate::workspace::root());
    command
}
