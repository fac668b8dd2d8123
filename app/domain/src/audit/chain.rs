//! The chain: each row's hash covers the row and the hash before it.

use serde_json::{Value, json};

use super::Entry;
use crate::{Actor, Error, Result, Timestamp, canonical};

/// Canonical JSON sorts its keys, so these two are neighbours.
const PLACE: &str = r#""prev":"","seq":0"#;

/// Personal data of an entry, salted and hashed.
pub(crate) struct Personal {
    pub(crate) salt: [u8; 16],
    pub(crate) data: Value,
    pub(crate) hash: [u8; 32],
}

/// An entry whose place in the chain is still open: what its hash covers before and after the two fields that say where it
/// stands. The database puts them in while it holds the workspace's head (`append_numbered` in `migrations/`).
pub(crate) struct Open {
    pub(crate) personal: Option<Personal>,
    pub(crate) before: String,
    pub(crate) after: String,
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
        Ok(canonical::sha256(&self.canonical()?))
    }

    fn canonical(&self) -> Result<Vec<u8>> {
        canonical::to_vec(&self.fields())
    }

    /// The fields by their names; the hash is that of their canonical JSON.
    pub(super) fn fields(&self) -> Value {
        json!({
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
        })
    }
}

/// SHA-256 over salt and canonical JSON.
pub(crate) fn personal_hash(salt: &[u8], data: &Value) -> Result<[u8; 32]> {
    let mut bytes = salt.to_vec();
    bytes.extend(canonical::to_vec(data)?);
    Ok(canonical::sha256(&bytes))
}

/// Prepares an entry for the chain.
pub(crate) fn open(actor: &Actor, at: Timestamp, entry: &Entry) -> Result<Open> {
    let personal = match &entry.personal {
        Some(data) => {
            let salt: [u8; 16] = canonical::random()?;
            Some(Personal { hash: personal_hash(&salt, data)?, salt, data: data.clone() })
        }
        None => None,
    };
    let covered = Covered {
        workspace: actor.workspace.0,
        seq: 0,
        at,
        actor_kind: actor.kind(),
        actor_id: actor.id(),
        action: entry.action,
        subject_kind: entry.subject_kind,
        subject_id: entry.subject_id,
        details: &entry.details,
        personal_hash: personal.as_ref().map(|p| p.hash.as_slice()),
        prev_hash: &[],
    };
    let text = String::from_utf8(covered.canonical()?).map_err(Error::internal)?;
    // From the right: only our own words come after these fields, anything may stand in the details before them.
    let (before, after) = text.rsplit_once(PLACE).ok_or_else(|| Error::internal("an audit row without a place"))?;
    Ok(Open { personal, before: format!("{before}\"prev\":\""), after: after.to_owned() })
}

/// Microseconds since 1970, as PostgreSQL keeps times.
pub(crate) fn micros(at: Timestamp) -> i64 {
    (at.0.unix_timestamp_nanos() / 1000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WorkspaceId;

    #[test]
    fn an_open_entry_with_its_place_put_in_is_what_verification_hashes() -> Result<()> {
        let actor = Actor::system(WorkspaceId::new());
        let at = Timestamp::now();
        let trap = json!({ "prev": "", "seq": 0, "text": PLACE });
        let entry = Entry::new("x.y", "run", None).details(trap.clone());
        let open = open(&actor, at, &entry)?;
        let prev = [7; 32];
        let placed = format!("{}{}\",\"seq\":{}{}", open.before, hex::encode(prev), 42, open.after);
        let covered = Covered {
            workspace: actor.workspace.0,
            seq: 42,
            at,
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            action: "x.y",
            subject_kind: "run",
            subject_id: None,
            details: &trap,
            personal_hash: None,
            prev_hash: &prev,
        };
        assert_eq!(canonical::sha256(placed.as_bytes()), covered.hash()?);
        Ok(())
    }
}
