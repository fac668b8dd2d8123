//! LiteLLM's proxy: a translator between providers' formats that others wrote, for the tests of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::say::say;
use crate::{process, tools, workspace};

/// Exactly this one. 1.82.7, 1.82.8 and the 1.107 line were published by thieves and withdrawn.
const VERSION: &str = "1.106.2";

/// Says that an installation is whole.
const STAMP: &str = "installed";

/// Its program, in an environment of its own in the cache.
pub(crate) fn ensure() -> Result<PathBuf> {
    let folder = workspace::cache()?.join("tools").join(format!("litellm-{VERSION}"));
    let program = folder.join("bin/litellm");
    if folder.join(STAMP).is_file() {
        return Ok(program);
    }
    say!("Installing LiteLLM {VERSION} (once for this machine; a minute or two)");
    environment(&folder)?;
    let mut pip = Command::new(folder.join("bin/python"));
    // Built packages only: installing one runs nothing of it.
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
    process::run(pip.arg(format!("litellm[proxy]=={VERSION}")))?;
    fs::write(folder.join(STAMP), VERSION).with_context(|| format!("writing to {}", folder.display()))?;
    Ok(program)
}

/// Makes an empty environment, with Debian's Python where there is none that can.
fn environment(folder: &Path) -> Result<()> {
    let make =
        |python: &Path| process::read(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder)).map(drop);
    let tried = match process::find("python3") {
        Some(python) => make(&python),
        None => Err(anyhow::anyhow!("there is no python3 on PATH")),
    };
    let Err(error) = tried else { return Ok(()) };
    if !tools::apt::is_usable() {
        bail!("the test of dialects needs Python 3.10 or newer with its module venv ({error:#})");
    }
    tools::apt::install("python3-venv")?;
    make(Path::new("/usr/bin/python3"))
}
