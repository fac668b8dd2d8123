//! Tombstones: HYVVE's signed word that it purged a workspace, and where the log ended that went with it. Anchors outlive the
//! workspace; one that was anchored and has no tombstone was removed by somebody else.

use serde_json::json;

use super::{anchor::Anchor, chain, store::Head};
use crate::{Result, Timestamp, canonical, ids::WorkspaceId};

/// What is kept of a purged workspace.
pub(super) struct Tombstone {
    pub(super) workspace: WorkspaceId,
    /// The number of the newest row then.
    pub(super) seq: i64,
    /// That row's hash.
    pub(super) hash: Vec<u8>,
    pub(super) at: Timestamp,
    pub(super) signature: Vec<u8>,
}

impl Tombstone {
    /// For a workspace that is being purged.
    pub(super) fn sign(anchor: &Anchor, head: Head) -> Result<Self> {
        let Head { workspace, seq, hash, .. } = head;
        let at = Timestamp::now();
        let signature = anchor.sign(&statement(workspace, seq, &hash, at)?);
        Ok(Self { workspace, seq, hash, at, signature })
    }

    /// Whether HYVVE said so, and it covers all that was anchored. `hash` is the one that was anchored with the number, where that is
    /// known.
    pub(super) fn covers(&self, anchor: &Anchor, anchored: i64, hash: Option<&str>) -> Result<bool> {
        let fits =
            self.seq > anchored || (self.seq == anchored && hash.is_none_or(|hash| hex::encode(&self.hash) == hash));
        let said = statement(self.workspace, self.seq, &self.hash, self.at)?;
        Ok(fits && anchor.has_signed(&said, &self.signature))
    }
}

/// What is signed. The time is what the database keeps of it: microseconds.
fn statement(workspace: WorkspaceId, seq: i64, hash: &[u8], at: Timestamp) -> Result<Vec<u8>> {
    canonical::to_vec(&json!({
        "format": "hyvve.tombstone/1",
        "workspace": workspace,
        "seq": seq,
        "hash": hex::encode(hash),
        "at": chain::micros(at).to_string(),
    }))
}
