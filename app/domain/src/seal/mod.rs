//! Sealing secrets at rest: AES-256-GCM, bound to what they are for, under keys that can be rotated.
//!
//! A sealed value is `format | key (4 bytes) | nonce (12) | ciphertext and tag`. Format 1 is sealed by the installation's master
//! key with that number; format 2 by the workspace's data key with that version, which is itself sealed by a master key (see
//! [`crate::keys`]). The additional data names the format and whom and what the value is for, so a value that is moved to
//! another row does not open.

mod data_key;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk},
    hmac,
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

pub use self::data_key::DataKey;
use crate::{
    Code, Error, Result, canonical,
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
    /// The first reply to a request that came with an idempotency key, by the key's name.
    Reply(&'a [u8; 32]),
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
            Self::Reply(name) => format!("hyvve.seal/1|reply|{}", hex::encode(name)).into_bytes(),
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
    /// Until when it is certain enough which key seals. `None`: as long as nobody has asked the database.
    until: Option<Instant>,
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
        Some(Self(RwLock::new(Arc::new(Ring { keys, newest: 0, retired: BTreeSet::new(), until: None }))))
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

    /// Until then seals with the key of that number, and opens nothing that one of `retired` sealed. Answers whether it
    /// knows the key; if not, nothing changes.
    pub(crate) fn seal_with(&self, id: u32, retired: BTreeSet<u32>, until: Instant) -> bool {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(newest) = ring.keys.iter().position(|key| key.id == id) else { return false };
        let ring = Arc::make_mut(&mut ring);
        (ring.newest, ring.retired, ring.until) = (newest, retired, Some(until));
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

    /// Seals with the newest key. While it is not certain which one that is, nothing is sealed: by now another may be, and
    /// this one retired.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Vec<u8>> {
        let ring = self.ring();
        if ring.until.is_some_and(|until| until < Instant::now()) {
            let why = "This server does not know for certain which key seals secrets now. Try again in a moment.";
            return Err(Error::new(Code::Unavailable, why));
        }
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
    pub fn make_data_key(&self, workspace: WorkspaceId, version: u32) -> Result<(DataKey, Vec<u8>)> {
        let bytes = Zeroizing::new(canonical::random::<32>()?);
        let kept =
            self.seal(Place::DataKey { workspace, version }, &SecretString::from(hex::encode(bytes.as_slice())))?;
        Ok((DataKey::new(workspace, version, bytes.as_slice())?, kept))
    }

    /// The data key that is kept so.
    pub fn open_data_key(&self, workspace: WorkspaceId, version: u32, kept: &[u8]) -> Result<DataKey> {
        let text = self.open(Place::DataKey { workspace, version }, kept)?;
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.expose_secret(), bytes.as_mut_slice()).map_err(|_| bad("not a data key"))?;
        DataKey::new(workspace, version, bytes.as_slice())
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
