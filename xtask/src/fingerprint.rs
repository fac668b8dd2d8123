//! Says whether work must be done again, from the content of what it depends on.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace;

/// Sums up files and folders of the checkout, and `words` besides. Another toolchain may sum up differently, which only
/// costs one more build.
pub(crate) fn of(inputs: &[&str], words: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    for input in inputs {
        let path = workspace::path(input);
        let files = if path.is_dir() { workspace::files(&path)? } else { vec![path] };
        for file in files {
            let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            (file.strip_prefix(workspace::root()).unwrap_or(&file), content).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Was the last recorded work done on exactly this?
pub(crate) fn is_recorded(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|recorded| recorded == fingerprint)
}

/// Records work as done.
pub(crate) fn record(stamp: &Path, fingerprint: &str) -> Result<()> {
    fs::write(stamp, fingerprint).with_context(|| format!("writing {}", stamp.display()))
}

/// Records that the work is not done, whatever was recorded before.
pub(crate) fn forget(stamp: &Path) {
    drop(fs::remove_file(stamp));
}
