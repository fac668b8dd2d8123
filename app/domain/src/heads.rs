//! Numbers for audit entries and events, from the workspace's one head row, locked last in the transaction.

use serde_json::json;

use crate::{
    Actor, Result, Timestamp,
    audit::{Entry, chain},
    events::Draft,
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
    let events = events.iter().map(|event| {
        json!({
            "id": EventId::new(),
            "type": event.name,
            "subject_kind": event.subject_kind,
            "subject_id": event.subject_id,
            "payload": event.payload,
            "audience": event.audience,
        })
    });
    let what = json!({
        "workspace": actor.workspace,
        "at_us": chain::micros(at),
        "actor_kind": actor.kind(),
        "actor_id": actor.id(),
        "entries": entries.collect::<Result<Vec<_>>>()?,
        "events": events.collect::<Vec<_>>(),
    });
    Ok(format!("SELECT append_numbered(decode('{}', 'hex'))", hex::encode(what.to_string())))
}
