//! Numbers for audit entries and events, from the workspace's one head row, locked last in the transaction.

use serde_json::json;

use crate::{
    Actor, Error, Result, Timestamp,
    audit::{Entry, chain},
    events::{Draft, catalogue::Reach},
    ids::EventId,
};

/// The statement that writes entries and events with the next numbers of the actor's workspace, and moves its head. Whatever
/// is in them is hexadecimal, so there is nothing to inject.
pub(crate) fn append(actor: &Actor, entries: &[Entry], events: &[Draft]) -> Result<String> {
    let at = Timestamp::now();
    let entries = entries.iter().map(|entry| {
        let open = chain::open(actor, at, entry)?;
        let personal = open.personal.as_ref();
        Ok(json!({
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": entry.subject_id,
            "details": entry.details,
            "before": open.before,
            "after": open.after,
            "personal_hash": personal.map(|p| hex::encode(p.hash)),
            "salt": personal.map(|p| hex::encode(p.salt)),
            "personal": personal.map(|p| &p.data),
        }))
    });
    let events = events.iter().map(|Draft { event, subject, audience }| {
        let kind = event.kind();
        if kind.reach == Reach::Person && audience.is_none() {
            // Otherwise all members would hear of it.
            return Err(Error::internal(format!("{} is for one person, and names nobody", kind.name)));
        }
        Ok(json!({
            "id": EventId::new(),
            "type": kind.name,
            "version": kind.version,
            "subject_kind": event.subject(),
            "subject_id": subject,
            "payload": event.payload().map_err(Error::internal)?,
            "audience": audience,
        }))
    });
    let what = json!({
        "workspace": actor.workspace,
        "at_us": chain::micros(at),
        "actor_kind": actor.kind(),
        "actor_id": actor.id(),
        "entries": entries.collect::<Result<Vec<_>>>()?,
        "events": events.collect::<Result<Vec<_>>>()?,
    });
    Ok(format!("SELECT append_numbered(decode('{}', 'hex'))", hex::encode(what.to_string())))
}
