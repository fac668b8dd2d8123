//! Keys from the environment: 32 bytes as 64 hexadecimal digits.

use std::fmt;

use super::{Error, source::Source};

/// A 32-byte key. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The bytes, for the one that seals or signs.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// From 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// As 64 hexadecimal digits, for the file that keeps a generated one.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// `ENCRYPTION_KEYS="2:<hex>,1:<hex>"`, or `ENCRYPTION_KEY="<hex>"`, which is number 1. The first one seals in a new database;
/// later `hyvve keys rotate-master` says which.
pub(super) fn encryption(from: &mut Source) -> Result<Option<Vec<(u32, Key)>>, Error> {
    const MANY: &str = "ENCRYPTION_KEYS";
    const ONE: &str = "ENCRYPTION_KEY";
    let many = from.secret(&[MANY])?;
    let one = from.secret(&[ONE])?;
    let Some(list) = many else { return one.map(|text| Ok(vec![(1, key(ONE, &text)?)])).transpose() };
    let numbered = |entry: &str| {
        let (id, text) = entry.trim().split_once(':').ok_or_else(|| Error::new(MANY, "expected 2:<hex>,1:<hex>"))?;
        let id = id.parse().map_err(|_| Error::new(MANY, "a key's number is a whole number"))?;
        Ok((id, key(MANY, text)?))
    };
    let keys: Vec<(u32, Key)> = list.split(',').map(numbered).collect::<Result<_, Error>>()?;
    let twice = keys.iter().enumerate().any(|(at, (id, _))| keys.iter().skip(at + 1).any(|(other, _)| other == id));
    if twice { Err(Error::new(MANY, "two keys have the same number")) } else { Ok(Some(keys)) }
}

/// `HYVVE_AUDIT_KEY`.
pub(super) fn audit(from: &mut Source) -> Result<Option<Key>, Error> {
    const NAME: &str = "HYVVE_AUDIT_KEY";
    from.secret(&[NAME])?.map(|text| key(NAME, &text)).transpose()
}

/// The value itself is never part of the error.
fn key(name: &str, text: &str) -> Result<Key, Error> {
    Key::parse(text).ok_or_else(|| Error::new(name, "a key is 64 hexadecimal digits; `openssl rand -hex 32` makes one"))
}
