//! Secrets that HYVVE makes for itself when nobody gives it any: one file each, readable by its owner only.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use anyhow::{Context, Result, bail};
use hyvve_domain::canonical;

use crate::config::Key;

/// The key of that name, made at the first start.
pub(crate) fn keep(data_dir: &Path, name: &str) -> Result<Key> {
    let folder = data_dir.join("secrets");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => match Key::parse(&text) {
            Some(key) => Ok(key),
            // A new one would make everything unreadable that the old one sealed.
            None => bail!("{} does not hold a key of 64 hexadecimal digits; restore it from a copy", path.display()),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            make(&path).with_context(|| format!("writing {}", path.display()))
        }
        Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
    }
}

/// Writes beside and renames, so that a crash leaves either no key or a whole one.
fn make(path: &Path) -> Result<Key> {
    let key = Key::from(canonical::random::<32>()?);
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    writeln!(file, "{}", key.to_hex())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_is_its_owners_alone() -> Result<()> {
        let data = tempfile::tempdir()?;
        let first = keep(data.path(), "one")?;
        assert!(first == keep(data.path(), "one")? && first != keep(data.path(), "two")?);
        let mode = |path: &str| fs::metadata(data.path().join(path)).map(|found| found.permissions().mode() & 0o777);
        assert_eq!((mode("secrets")?, mode("secrets/one")?), (0o700, 0o600));
        fs::write(data.path().join("secrets/one"), "damaged")?;
        assert!(keep(data.path(), "one").is_err());
        Ok(())
    }
}
