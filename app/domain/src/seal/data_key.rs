//! A workspace's own key, which seals what its people entrust to HYVVE.

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use secrecy::SecretString;
use uuid::Uuid;

use super::{BY_DATA_KEY, HEADER, Parts, bad, header, seal};
use crate::{Result, ids::WorkspaceId};

/// A workspace's own key. What it seals, nobody opens once it is gone.
pub struct DataKey {
    workspace: WorkspaceId,
    version: u32,
    key: LessSafeKey,
}

impl DataKey {
    pub(super) fn new(workspace: WorkspaceId, version: u32, bytes: &[u8]) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| bad("not a data key"))?;
        Ok(Self { workspace, version, key: LessSafeKey::new(key) })
    }

    /// Which version of the workspace's key opens a value; `None` where a master key sealed it.
    pub fn version_of(sealed: &[u8]) -> Option<u32> {
        Parts::of(sealed).ok().filter(|parts| parts.format == BY_DATA_KEY).map(|parts| parts.key)
    }

    /// What everything begins with that this key has sealed.
    pub(crate) fn prefix(version: u32) -> [u8; HEADER] {
        header(BY_DATA_KEY, version)
    }

    /// Seals a secret of something (a provider, a webhook) for a purpose.
    pub fn seal(&self, of: impl Into<Uuid>, purpose: &str, secret: &SecretString) -> Result<Vec<u8>> {
        seal(header(BY_DATA_KEY, self.version), &self.key, self.aad(of.into(), purpose), secret)
    }

    /// Opens what was sealed for the same thing and purpose.
    pub fn open(&self, of: impl Into<Uuid>, purpose: &str, sealed: &[u8]) -> Result<SecretString> {
        let parts = Parts::of(sealed)?;
        if (parts.format, parts.key) != (BY_DATA_KEY, self.version) {
            return Err(bad("another key sealed it"));
        }
        parts.open(&self.key, self.aad(of.into(), purpose))
    }

    fn aad(&self, of: Uuid, purpose: &str) -> Vec<u8> {
        let Self { workspace, version, .. } = self;
        format!("hyvve.seal/2|{workspace}|{of}|{purpose}|{version}").into_bytes()
    }
}
