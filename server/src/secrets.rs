//! Secrets that HYVVE makes for itself when nobody gives it any: one file each, readable by its owner only.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    process,
};

use anyhow::{Context, Result, bail};
use hyvve_domain::canonical;

use crate::config::Key;

/// What a file of a key holds.
const SHAPE: &str = "a key of 64 hexadecimal digits";
/// How the names of further master keys begin.
const FURTHER: &str = "encryption-key-";

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
            None => bail!("{} does not hold {SHAPE}; restore it from a copy", path.display()),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let made = make(&folder, &path).with_context(|| format!("writing {}", path.display()))?;
            // Somebody else may have made one at the same time.
            made.map_or_else(|| keep(data_dir, name), Ok)
        }
        Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
    }
}

/// The master keys that stand beside the first one, by the numbers at the end of their names: `encryption-key-2`. Whoever runs
/// the server may put some there; they are read again while it runs.
pub(crate) fn further_keys(data_dir: &Path) -> Result<Vec<(u32, Key)>> {
    let folder = data_dir.join("secrets");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e).with_context(|| format!("reading {}", folder.display())),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let name = entry.with_context(|| format!("reading {}", folder.display()))?.file_name();
        // One that is being written has another name.
        let number = name.to_str().and_then(|name| name.strip_prefix(FURTHER)?.parse().ok());
        let Some(number) = number else { continue };
        let path = folder.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let key = Key::parse(&text);
        keys.push((number, key.with_context(|| format!("{} does not hold {SHAPE}", path.display()))?));
    }
    Ok(keys)
}

/// Makes a further master key, with the next number.
pub(crate) fn make_further_key(data_dir: &Path) -> Result<u32> {
    let number = further_keys(data_dir)?.into_iter().map(|(number, _)| number).max().unwrap_or(1) + 1;
    keep(data_dir, &format!("{FURTHER}{number}"))?;
    Ok(number)
}

/// Writes beside and links, so that a crash, or a loss of power, leaves either no key or a whole one, which stays: by the time that
/// the database is sealed with it, it is on disk. Nothing where there is one by now.
fn make(folder: &Path, path: &Path) -> Result<Option<Key>> {
    let key = Key::from(canonical::random::<32>()?);
    let beside = path.with_extension(format!("{}.new", process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    writeln!(file, "{}", key.to_hex())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(e) => return Err(e.into()),
    }
    for folder in [Some(folder), folder.parent()].into_iter().flatten() {
        File::open(folder)?.sync_all()?;
    }
    Ok(Some(key))
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

    #[test]
    fn further_master_keys_are_numbered_and_a_damaged_one_is_named() -> Result<()> {
        let data = tempfile::tempdir()?;
        assert!(further_keys(data.path())?.is_empty());
        keep(data.path(), "encryption-key")?;
        assert_eq!((make_further_key(data.path())?, make_further_key(data.path())?), (2, 3));
        fs::write(data.path().join("secrets/encryption-key-4.new"), "half")?;
        let mut keys = further_keys(data.path())?;
        keys.sort_by_key(|(number, _)| *number);
        assert!(keys.iter().map(|(number, _)| *number).eq([2, 3]) && keys[0].1 != keys[1].1);
        fs::write(data.path().join("secrets/encryption-key-7"), "damaged")?;
        let said = further_keys(data.path()).err().context("an error")?.to_string();
        assert!(said.contains("encryption-key-7 does not hold"), "{said}");
        Ok(())
    }
}
