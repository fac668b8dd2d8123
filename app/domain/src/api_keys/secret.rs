//! The secret of a key, as a program sends it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Result, canonical};

/// How every key begins, so that people and scanners of repositories know one when they see it.
const MARK: &str = "hyvve_";
/// How much of a key is kept for people to tell it by. The rest has more than 200 bits.
const PREFIX: usize = MARK.len() + 6;

/// `hyvve_` and 256 random bits, base64url. Shown once, when it is made.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(super) fn random() -> Result<Self> {
        let bytes: [u8; 32] = canonical::random()?;
        Ok(Self(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// From a request; what cannot be a key is `None`, without asking the database.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The secret itself: for the one reply that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn prefix(&self) -> &str {
        self.0.get(..PREFIX).unwrap_or_default()
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        canonical::sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}…)", self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_beginning_and_tells_no_more() -> Result<()> {
        let secret = Secret::random()?;
        assert!(secret.expose().starts_with("hyvve_") && secret.expose().len() == 49);
        let parsed = Secret::parse(secret.expose()).map(|s| s.hash());
        assert_eq!(parsed, Some(secret.hash()));
        assert_eq!(format!("{secret:?}").len(), "Secret(…)".len() + PREFIX);
        for bad in
            ["", "hyvve_", "hyvve_AAAA", &secret.expose().replace("hyvve", "other"), &format!("{}A", secret.expose())]
        {
            assert!(Secret::parse(bad).is_none(), "{bad:?} was taken");
        }
        Ok(())
    }
}
