//! Sealing secrets at rest: AES-256-GCM, bound to what they are for, under keys that can be rotated.
//!
//! A sealed value is `1 | key id (4 bytes) | nonce (12) | ciphertext and tag`. The additional data names workspace, provider
//! and purpose, so a value moved to another row does not open.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk},
    hmac,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Error, Result, canonical,
    ids::{LetterId, ProviderId, UserId, WorkspaceId},
};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 4;
const NONCE: usize = 12;

/// Where a sealed value belongs. A value sealed for one place opens in no other.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// The key of an AI provider.
    ProviderKey {
        /// The tenant.
        workspace: WorkspaceId,
        /// The provider row.
        provider: ProviderId,
        /// What the secret is for: the host that it may be sent to is part of it.
        purpose: &'a str,
    },
    /// What stands in a letter that has not left yet.
    Letter(LetterId),
    /// The private half of a key that signs access tokens, by its name.
    SigningKey(&'a str),
    /// The secret that a person's authenticator app shares.
    Authenticator(UserId),
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        match self {
            Self::ProviderKey { workspace, provider, purpose } => {
                format!("hyvve.seal/1|{workspace}|{provider}|{purpose}").into_bytes()
            }
            Self::Letter(id) => format!("hyvve.seal/1|letter|{id}").into_bytes(),
            Self::SigningKey(kid) => format!("hyvve.seal/1|signing-key|{kid}").into_bytes(),
            Self::Authenticator(user) => format!("hyvve.seal/1|authenticator|{user}").into_bytes(),
        }
    }
}

/// Seals and opens, vouches and recognises. Keys never leave it.
pub struct Sealer {
    /// Newest first; the first one seals.
    keys: Vec<(u32, LessSafeKey)>,
    /// What each key vouches with, in the same order; made from it, and not it.
    vouching: Vec<hmac::Key>,
}

impl Sealer {
    /// From 32-byte keys with their ids, newest first. `None` when there is no key or one has another length.
    pub fn new<'k>(keys: impl IntoIterator<Item = (u32, &'k [u8])>) -> Option<Self> {
        let keys: Option<Vec<_>> = keys
            .into_iter()
            .map(|(id, bytes)| {
                let sealing = UnboundKey::new(&AES_256_GCM, bytes).ok().map(LessSafeKey::new)?;
                let derived = Prk::new_less_safe(HKDF_SHA256, bytes);
                let derived = derived.expand(&[b"hyvve.mac/1"], HKDF_SHA256.hmac_algorithm()).ok()?;
                Some(((id, sealing), hmac::Key::from(derived)))
            })
            .collect();
        let (keys, vouching) = keys.filter(|k| !k.is_empty())?.into_iter().unzip();
        Some(Self { keys, vouching })
    }

    /// HMAC-SHA-256 of a message by the newest key. What was made for one purpose is worth nothing for another.
    pub fn mac(&self, purpose: &'static str, message: &[u8]) -> [u8; 32] {
        let mut whole = [0; 32];
        whole.copy_from_slice(hmac::sign(&self.vouching[0], &for_purpose(purpose, message)).as_ref());
        whole
    }

    /// Whether one of the keys made this for this purpose and message; takes the same time wherever it differs.
    pub fn is_mac(&self, purpose: &'static str, message: &[u8], mac: &[u8]) -> bool {
        let message = for_purpose(purpose, message);
        self.vouching.iter().any(|key| hmac::verify(key, &message, mac).is_ok())
    }

    /// Seals with the newest key.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>> {
        let (id, key) = &self.keys[0];
        let nonce: [u8; NONCE] = canonical::random()?;
        let mut body = secret.expose_secret().as_bytes().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.aad()), &mut body)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut out = Vec::with_capacity(HEADER + NONCE + body.len());
        out.push(FORMAT);
        out.extend(id.to_be_bytes());
        out.extend(nonce);
        out.extend(body);
        Ok(out)
    }

    /// Opens what was sealed for the same place; anything else is an error of ours, for the log.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString> {
        let bad = |why: &str| Error::internal(format!("a sealed key does not open: {why}"));
        let (&format, rest) = sealed.split_first().ok_or_else(|| bad("empty"))?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or_else(|| bad("truncated"))?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(|| bad("truncated"))?;
        if format != FORMAT {
            return Err(bad("unknown format"));
        }
        let id = u32::from_be_bytes(*id);
        let key =
            self.keys.iter().find(|(k, _)| *k == id).map(|(_, k)| k).ok_or_else(|| bad("its key is not configured"))?;
        let mut body = body.to_vec();
        let plain = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place.aad()), &mut body)
            .map_err(|_| bad("wrong key or place"))?;
        let text = std::str::from_utf8(plain).map_err(|_| bad("not text"))?;
        Ok(SecretString::from(text.to_owned()))
    }
}

fn for_purpose(purpose: &'static str, message: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), b"|", message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_survives_rotation() -> Result<(), Box<dyn std::error::Error>> {
        let old = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
        let rotated = Sealer::new([(2, [8u8; 32].as_slice()), (1, [7u8; 32].as_slice())]).ok_or("key")?;
        let (workspace, provider) = (WorkspaceId::new(), ProviderId::new());
        let place = Place::ProviderKey { workspace, provider, purpose: "https://a.example" };
        let sealed = old.seal(place, &SecretString::from("sk-secret"))?;
        assert!(!sealed.windows(9).any(|w| w == b"sk-secret"));
        assert_eq!(rotated.open(place, &sealed)?.expose_secret(), "sk-secret");
        assert!(old.open(Place::ProviderKey { workspace, provider, purpose: "https://b.example" }, &sealed).is_err());
        assert!(
            old.open(
                Place::ProviderKey { workspace: WorkspaceId::new(), provider, purpose: "https://a.example" },
                &sealed
            )
            .is_err()
        );
        assert!(old.open(place, &rotated.seal(place, &SecretString::from("x"))?).is_err());
        for n in 0..sealed.len() {
            assert!(old.open(place, &sealed[..n]).is_err());
        }
        Ok(())
    }

    #[test]
    fn a_mac_is_recognised_for_its_purpose_and_survives_rotation() -> Result<(), Box<dyn std::error::Error>> {
        let old = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
        let rotated = Sealer::new([(2, [8u8; 32].as_slice()), (1, [7u8; 32].as_slice())]).ok_or("key")?;
        let other = Sealer::new([(1, [9u8; 32].as_slice())]).ok_or("key")?;
        let mac = old.mac("device", b"ada");
        assert!(old.is_mac("device", b"ada", &mac) && rotated.is_mac("device", b"ada", &mac));
        assert_ne!(rotated.mac("device", b"ada"), mac, "the newest key vouches");
        assert!(!old.is_mac("device", b"eve", &mac) && !old.is_mac("limits", b"ada", &mac));
        assert!(!other.is_mac("device", b"ada", &mac) && !old.is_mac("device", b"ada", &mac[..31]));
        Ok(())
    }
}
