//! The chain: each row's hash covers the row and the hash before it.

use serde_json::{Value, json};

use super::Entry;
use crate::{Actor, Error, Result, Timestamp, canonical};

/// Personal data of an entry, salted and hashed.
pub(crate) struct Personal {
    pub(crate) salt: [u8; 16],
    pub(crate) data: Value,
    pub(crate) hash: [u8; 32],
}

/// An entry with its place in the chain.
pub(crate) struct Link<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) personal: Option<Personal>,
    pub(crate) prev_hash: [u8; 32],
    pub(crate) hash: [u8; 32],
}

/// The fields that a row's hash covers.
pub(crate) struct Covered<'a> {
    pub(crate) workspace: uuid::Uuid,
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor_kind: &'a str,
    pub(crate) actor_id: Option<uuid::Uuid>,
    pub(crate) action: &'a str,
    pub(crate) subject_kind: &'a str,
    pub(crate) subject_id: Option<uuid::Uuid>,
    pub(crate) details: &'a Value,
    pub(crate) personal_hash: Option<&'a [u8]>,
    pub(crate) prev_hash: &'a [u8],
}

impl Covered<'_> {
    /// SHA-256 over the canonical JSON of the fields. Times are whole microseconds, as PostgreSQL keeps them.
    pub(crate) fn hash(&self) -> Result<[u8; 32]> {
        let fields = json!({
            "format": "hyvve.audit/1",
            "workspace": self.workspace,
            "seq": self.seq,
            "at_us": micros(self.at),
            "actor": [self.actor_kind, self.actor_id],
            "action": self.action,
            "subject": [self.subject_kind, self.subject_id],
            "details": self.details,
            "personal": self.personal_hash.map(hex::encode),
            "prev": hex::encode(self.prev_hash),
        });
        Ok(canonical::sha256(&canonical::to_vec(&fields)?))
    }
}

/// SHA-256 over salt and canonical JSON.
pub(crate) fn personal_hash(salt: &[u8], data: &Value) -> Result<[u8; 32]> {
    let mut bytes = salt.to_vec();
    bytes.extend(canonical::to_vec(data)?);
    Ok(canonical::sha256(&bytes))
}

/// Gives entries their numbers after `seq` and their hashes after `head`.
pub(crate) fn link<'a>(
    actor: &Actor,
    at: Timestamp,
    seq: i64,
    head: &[u8],
    entries: &'a [Entry],
) -> Result<Vec<Link<'a>>> {
    let mut prev: [u8; 32] = head.try_into().map_err(|_| Error::internal("an audit head is not 32 bytes"))?;
    let mut links = Vec::with_capacity(entries.len());
    for (n, entry) in entries.iter().enumerate() {
        let personal = match &entry.personal {
            Some(data) => {
                let salt: [u8; 16] = canonical::random()?;
                Some(Personal { hash: personal_hash(&salt, data)?, salt, data: data.clone() })
            }
            None => None,
        };
        let seq = seq + 1 + n as i64;
        let hash = Covered {
            workspace: actor.workspace.0,
            seq,
            at,
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject_id: entry.subject_id,
            details: &entry.details,
            personal_hash: personal.as_ref().map(|p| p.hash.as_slice()),
            prev_hash: &prev,
        }
        .hash()?;
        links.push(Link { entry, seq, at, personal, prev_hash: prev, hash });
        prev = hash;
    }
    Ok(links)
}

fn micros(at: Timestamp) -> i64 {
    (at.0.unix_timestamp_nanos() / 1000) as i64
}
