//! Rust's own parts: the browser's target, and a compiler that is new enough.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::say::say;
use crate::{process, workspace};

/// The browser's target.
const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that the active toolchain can compile for the browser.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = process::read(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace::root()))?;
    let sysroot = PathBuf::from(sysroot);
    if sysroot.join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    say!("Adding the target {WASM}");
    let added = process::run(Command::new("rustup").args(["target", "add", WASM]).current_dir(workspace::root()));
    added.with_context(|| {
        let version = workspace::rustc().unwrap_or_default();
        format!(
            "{version} in {} has no {WASM}, and rustup could not add it. Either let rustup reach its server, or put a \
             standard library for that target, built by exactly this compiler, into {0}/lib/rustlib/{WASM}/lib",
            sysroot.display()
        )
    })
}

/// The name of a toolchain of at least `version`; `None` when the active one is. Installs `remedy` when there is none.
pub(crate) fn at_least(version: (u32, u32), remedy: &str) -> Result<Option<String>> {
    let active = workspace::rustc()?;
    if number(&active) >= Some(version) {
        return Ok(None);
    }
    if process::find("rustup").is_none() {
        bail!("there is {active}, and no rustup that could install another");
    }
    let is_enough = |name: &String| {
        let said = process::read(Command::new("rustup").args(["run", name, "rustc", "--version"]));
        said.is_ok_and(|said| number(&said) >= Some(version))
    };
    let listed = process::read(Command::new("rustup").args(["toolchain", "list"]))?;
    let names = listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    let (nightly, stable): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with("nightly"));
    if let Some(name) = stable.into_iter().chain(nightly).find(is_enough) {
        return Ok(Some(name));
    }
    say!("Installing Rust {remedy} beside {active}");
    process::run(Command::new("rustup").args(["toolchain", "install", remedy, "--profile", "minimal"]))?;
    Ok(Some(remedy.to_owned()))
}

/// Reads `rustc 1.95.0 (…)`.
fn number(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(number("rustc 1.100.0-nightly (abc 2026-11-01)") >= Some((1, 96)));
        assert!(number("rustc 1.95.0 (59807616e 2026-04-14)") < Some((1, 96)));
        assert!(number("something else") < Some((1, 0)));
    }
}
