//! Sealing secrets at rest: AES-256-GCM, bound to what they are for, under keys that can be rotated.
//!
//! A sealed value is `format | key (4 bytes) | nonce (12) | ciphertext and tag`. Format 1 is sealed by the installation's master
//! key with that number; format 2 by the workspace's data key with that version, which is itself sealed by a master key (see
//! [`crate::keys`]). The additional data names the format and whom and what the value is for, so a value that is moved to
//! another row does not open.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk},
    hmac,
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::{
    Error, Result, canonical,
    ids::{LetterId, ProviderId, UserId, WorkspaceId},
};

/// Sealed by a master key.
const BY_MASTER: u8 = 1;
/// Sealed by a data key.
const BY_DATA_KEY: u8 = 2;
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
    /// A workspace's data key.
    DataKey {
        /// The tenant.
        workspace: WorkspaceId,
        /// Which of its keys.
        version: u32,
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
            Self::DataKey { workspace, version } => format!("hyvve.seal/1|data-key|{workspace}|{version}").into_bytes(),
            Self::Letter(id) => format!("hyvve.seal/1|letter|{id}").into_bytes(),
            Self::SigningKey(kid) => format!("hyvve.seal/1|signing-key|{kid}").into_bytes(),
            Self::Authenticator(user) => format!("hyvve.seal/1|authenticator|{user}").into_bytes(),
        }
    }
}

/// Seals and opens, vouches and recognises, with all master keys that this process knows. Keys never leave it.
pub struct Sealer(RwLock<Arc<Ring>>);

/// The master keys, as this process knows them.
#[derive(Clone)]
struct Ring {
    keys: Vec<Arc<MasterKey>>,
    /// The place in `keys` of the one that seals and vouches.
    newest: usize,
    /// Those that open nothing any more.
    retired: BTreeSet<u32>,
}

struct MasterKey {
    id: u32,
    sealing: LessSafeKey,
    /// What it vouches with; made from it, and not it.
    vouching: hmac::Key,
    print: Print,
}

/// What a master key is recognised by: made from it, and says nothing of it.
pub type Print = [u8; 32];

/// Another key has this number already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there are two different master keys with the number {0}")]
pub struct TwoKeys(pub u32);

impl MasterKey {
    fn new(id: u32, bytes: &[u8]) -> Option<Self> {
        let sealing = UnboundKey::new(&AES_256_GCM, bytes).ok().map(LessSafeKey::new)?;
        let derived = Prk::new_less_safe(HKDF_SHA256, bytes);
        let derive = |what: &'static [u8]| {
            let parts = [what];
            let key = derived.expand(&parts, HKDF_SHA256.hmac_algorithm()).ok()?;
            Some(hmac::Key::from(key))
        };
        let print = mac_of(&derive(b"hyvve.print/1")?, &id.to_be_bytes());
        Some(Self { id, sealing, vouching: derive(b"hyvve.mac/1")?, print })
    }
}

impl Sealer {
    /// From 32-byte keys with their numbers; the first one seals. `None` when there is no key or one has another length.
    pub fn new<'k>(keys: impl IntoIterator<Item = (u32, &'k [u8])>) -> Option<Self> {
        let keys: Option<Vec<_>> =
            keys.into_iter().map(|(id, bytes)| MasterKey::new(id, bytes).map(Arc::new)).collect();
        let keys = keys.filter(|k| !k.is_empty())?;
        Some(Self(RwLock::new(Arc::new(Ring { keys, newest: 0, retired: BTreeSet::new() }))))
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in keys that this process did not know. None of them seals yet.
    pub fn learn<'k>(&self, keys: impl IntoIterator<Item = (u32, &'k [u8])>) -> Result<(), TwoKeys> {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for key in keys.into_iter().filter_map(|(id, bytes)| MasterKey::new(id, bytes)) {
            match ring.keys.iter().find(|known| known.id == key.id) {
                Some(known) if known.print == key.print => {}
                Some(_) => return Err(TwoKeys(key.id)),
                None => Arc::make_mut(&mut ring).keys.push(Arc::new(key)),
            }
        }
        Ok(())
    }

    /// From now on seals with the key of that number, and opens nothing that one of `retired` sealed. Answers whether it
    /// knows the key; if not, nothing changes.
    pub(crate) fn seal_with(&self, id: u32, retired: BTreeSet<u32>) -> bool {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(newest) = ring.keys.iter().position(|key| key.id == id) else { return false };
        if ring.newest != newest || ring.retired != retired {
            let ring = Arc::make_mut(&mut ring);
            (ring.newest, ring.retired) = (newest, retired);
        }
        true
    }

    /// The number of the key that seals.
    pub fn seals(&self) -> u32 {
        let ring = self.ring();
        ring.keys[ring.newest].id
    }

    /// The keys that this process knows, by their numbers.
    pub(crate) fn known(&self) -> Vec<(u32, Print)> {
        self.ring().keys.iter().map(|key| (key.id, key.print)).collect()
    }

    /// What everything begins with that the present key seals.
    pub(crate) fn prefix(&self) -> [u8; HEADER] {
        header(BY_MASTER, self.seals())
    }

    /// HMAC-SHA-256 of a message by the newest key. What was made for one purpose is worth nothing for another.
    pub fn mac(&self, purpose: &'static str, message: &[u8]) -> [u8; 32] {
        let ring = self.ring();
        mac_of(&ring.keys[ring.newest].vouching, &for_purpose(purpose, message))
    }

    /// Whether one of the keys made this for this purpose and message; takes the same time wherever it differs. A retired key
    /// is believed for as long as it is configured: who was known by it shall stay known.
    pub fn is_mac(&self, purpose: &'static str, message: &[u8], mac: &[u8]) -> bool {
        let message = for_purpose(purpose, message);
        self.ring().keys.iter().any(|key| hmac::verify(&key.vouching, &message, mac).is_ok())
    }

    /// Seals with the newest key.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>> {
        let ring = self.ring();
        let MasterKey { id, sealing, .. } = &*ring.keys[ring.newest];
        seal(header(BY_MASTER, *id), sealing, place.aad(), secret)
    }

    /// Opens what was sealed for the same place; anything else is an error of ours, for the log.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString> {
        let parts = Parts::of(sealed)?;
        if parts.format != BY_MASTER {
            return Err(bad("not sealed by a master key"));
        }
        let ring = self.ring();
        let key = ring.keys.iter().find(|key| key.id == parts.key && !ring.retired.contains(&key.id));
        parts.open(&key.ok_or_else(|| bad("its key is not configured, or retired"))?.sealing, place.aad())
    }

    /// What a value is when it is sealed anew, with the newest key.
    pub(crate) fn again(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        self.seal(place, &self.open(place, sealed)?)
    }

    /// A new data key, and how it is kept.
    pub(crate) fn make_data_key(&self, workspace: WorkspaceId, version: u32) -> Result<(DataKey, Vec<u8>)> {
        let bytes = Zeroizing::new(canonical::random::<32>()?);
        let kept =
            self.seal(Place::DataKey { workspace, version }, &SecretString::from(hex::encode(bytes.as_slice())))?;
        Ok((DataKey::new(workspace, version, bytes.as_slice())?, kept))
    }

    /// The data key that is kept so.
    pub(crate) fn open_data_key(&self, workspace: WorkspaceId, version: u32, kept: &[u8]) -> Result<DataKey> {
        let text = self.open(Place::DataKey { workspace, version }, kept)?;
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.expose_secret(), bytes.as_mut_slice()).map_err(|_| bad("not a data key"))?;
        DataKey::new(workspace, version, bytes.as_slice())
    }
}

/// A workspace's own key. What it seals, nobody opens once it is gone.
pub(crate) struct DataKey {
    workspace: WorkspaceId,
    version: u32,
    key: LessSafeKey,
}

impl DataKey {
    fn new(workspace: WorkspaceId, version: u32, bytes: &[u8]) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| bad("not a data key"))?;
        Ok(Self { workspace, version, key: LessSafeKey::new(key) })
    }

    /// Which version of the workspace's key opens a value; `None` where a master key sealed it.
    pub(crate) fn version_of(sealed: &[u8]) -> Option<u32> {
        Parts::of(sealed).ok().filter(|parts| parts.format == BY_DATA_KEY).map(|parts| parts.key)
    }

    /// Seals a provider's key for a purpose.
    pub(crate) fn seal(&self, provider: ProviderId, purpose: &str, secret: &SecretString) -> Result<Vec<u8>> {
        seal(header(BY_DATA_KEY, self.version), &self.key, self.aad(provider, purpose), secret)
    }

    /// Opens what was sealed for the same provider and purpose.
    pub(crate) fn open(&self, provider: ProviderId, purpose: &str, sealed: &[u8]) -> Result<SecretString> {
        let parts = Parts::of(sealed)?;
        if (parts.format, parts.key) != (BY_DATA_KEY, self.version) {
            return Err(bad("another key sealed it"));
        }
        parts.open(&self.key, self.aad(provider, purpose))
    }

    fn aad(&self, provider: ProviderId, purpose: &str) -> Vec<u8> {
        let Self { workspace, version, .. } = self;
        format!("hyvve.seal/2|{workspace}|{provider}|{purpose}|{version}").into_bytes()
    }
}

/// A sealed value, taken apart.
struct Parts<'v> {
    format: u8,
    key: u32,
    nonce: [u8; NONCE],
    body: &'v [u8],
}

impl<'v> Parts<'v> {
    fn of(sealed: &'v [u8]) -> Result<Self> {
        let (&format, rest) = sealed.split_first().ok_or_else(|| bad("empty"))?;
        let (key, rest) = rest.split_first_chunk::<4>().ok_or_else(|| bad("truncated"))?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(|| bad("truncated"))?;
        Ok(Self { format, key: u32::from_be_bytes(*key), nonce: *nonce, body })
    }

    fn open(&self, key: &LessSafeKey, aad: Vec<u8>) -> Result<SecretString> {
        let mut body = Zeroizing::new(self.body.to_vec());
        let plain = key
            .open_in_place(Nonce::assume_unique_for_key(self.nonce), Aad::from(aad), &mut body)
            .map_err(|_| bad("wrong key or place"))?;
        let text = std::str::from_utf8(plain).map_err(|_| bad("not text"))?;
        Ok(SecretString::from(text.to_owned()))
    }
}

/// A nonce is 96 random bits: after the 2³² values that one key may seal (NIST SP 800-38D, 8.3), two are alike with a chance of
/// 2⁻³². A data key seals a handful, a master key some for each person, letter and workspace.
fn seal(header: [u8; HEADER], key: &LessSafeKey, aad: Vec<u8>, secret: &SecretString) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE] = canonical::random()?;
    let mut body = secret.expose_secret().as_bytes().to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .map_err(|_| Error::internal("sealing failed"))?;
    Ok([header.as_slice(), nonce.as_slice(), body.as_slice()].concat())
}

fn header(format: u8, key: u32) -> [u8; HEADER] {
    let [a, b, c, d] = key.to_be_bytes();
    [format, a, b, c, d]
}

fn bad(why: &str) -> Error {
    Error::internal(format!("a sealed key does not open: {why}"))
}

fn mac_of(key: &hmac::Key, message: &[u8]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole.copy_from_slice(hmac::sign(key, message).as_ref());
    whole
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

    #[test]
    fn a_key_that_was_learnt_opens_seals_when_told_to_and_opens_nothing_once_retired()
    -> Result<(), Box<dyn std::error::Error>> {
        let (one, two) = ([7u8; 32], [8u8; 32]);
        let sealer = Sealer::new([(1, one.as_slice())]).ok_or("key")?;
        let place = Place::Authenticator(UserId(uuid::Uuid::nil()));
        let old = sealer.seal(place, &SecretString::from("x"))?;
        assert!(!sealer.seal_with(2, BTreeSet::new()), "not known yet");
        assert_eq!(sealer.learn([(1, two.as_slice())]), Err(TwoKeys(1)));
        sealer.learn([(1, one.as_slice()), (2, two.as_slice())])?;
        assert_eq!(sealer.seals(), 1, "a new key does not seal by itself");
        assert!(sealer.seal_with(2, BTreeSet::new()));
        let new = sealer.again(place, &old)?;
        assert!(new.starts_with(&sealer.prefix()) && !old.starts_with(&sealer.prefix()));
        let mac = Sealer::new([(1, one.as_slice())]).ok_or("key")?.mac("device", b"ada");
        assert!(sealer.open(place, &old).is_ok() && sealer.open(place, &new).is_ok());
        assert!(sealer.seal_with(2, [1].into()));
        assert!(sealer.open(place, &old).is_err() && sealer.open(place, &new).is_ok());
        assert!(sealer.is_mac("device", b"ada", &mac));
        Ok(())
    }

    #[test]
    fn what_a_data_key_sealed_opens_for_its_workspace_provider_purpose_and_version_only() -> Result<()> {
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or_else(Error::unauthorized)?;
        let workspaces = [WorkspaceId::new(), WorkspaceId::new()];
        let providers = [ProviderId::new(), ProviderId::new()];
        let purposes = ["api key for https://a.example", "api key for https://b.example"];
        let mut kept = Vec::new();
        for workspace in workspaces {
            for version in [1, 2] {
                kept.push((workspace, version, sealer.make_data_key(workspace, version)?.1));
            }
        }
        let mut values = Vec::new();
        for (workspace, version, key) in &kept {
            for provider in providers {
                for purpose in purposes {
                    let key = sealer.open_data_key(*workspace, *version, key)?;
                    let sealed = key.seal(provider, purpose, &SecretString::from("sk"))?;
                    assert_eq!(DataKey::version_of(&sealed), Some(*version));
                    values.push(((*workspace, *version, provider, purpose), sealed));
                }
            }
        }
        // Every value in every other's place, and with every key in every other's place.
        let mut opened = 0;
        for (from, sealed) in &values {
            for (at, _) in &values {
                for (_, _, key) in &kept {
                    let (workspace, version, provider, purpose) = *at;
                    let Ok(key) = sealer.open_data_key(workspace, version, key) else { continue };
                    let came = key.open(provider, purpose, sealed);
                    assert_eq!(came.is_ok(), from == at, "{from:?} in the place of {at:?}");
                    opened += usize::from(came.is_ok());
                    let legacy = Place::ProviderKey { workspace, provider, purpose };
                    assert!(sealer.open(legacy, sealed).is_err());
                }
            }
        }
        assert_eq!(opened, values.len());
        // Nor with a byte of it changed, or cut off.
        let ((workspace, version, provider, purpose), sealed) = &values[0];
        let key = sealer.open_data_key(*workspace, *version, &kept[0].2)?;
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(*provider, purpose, &changed).is_err(), "byte {at}");
            assert!(key.open(*provider, purpose, &sealed[..at]).is_err(), "{at} bytes");
        }
        Ok(())
    }

    /// `HYVVE_TEST_SEALINGS=1000000` looks for longer.
    #[test]
    fn no_nonce_comes_twice() -> Result<(), Box<dyn std::error::Error>> {
        let sealings: usize = std::env::var("HYVVE_TEST_SEALINGS").map_or(Ok(20_000), |text| text.parse())?;
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
        let (key, _) = sealer.make_data_key(WorkspaceId::new(), 1)?;
        let (provider, secret) = (ProviderId::new(), SecretString::from("sk"));
        let place = Place::Authenticator(UserId(uuid::Uuid::nil()));
        let mut seen = std::collections::HashSet::with_capacity(2 * sealings);
        for _ in 0..sealings {
            for sealed in [key.seal(provider, "p", &secret)?, sealer.seal(place, &secret)?] {
                let nonce: [u8; NONCE] = sealed[HEADER..HEADER + NONCE].try_into()?;
                assert!(seen.insert(nonce), "{nonce:?} came twice");
            }
        }
        assert_eq!(seen.len(), 2 * sealings);
        Ok(())
    }
}
