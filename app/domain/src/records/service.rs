//! Reading records, and changing them as the effect of a decision.

use serde_json::{Map, Value, json};

use super::{Collection, Detail, Record, change, store, validate};
use crate::{
    Actor, Error, Page, PageRequest, Result, Role,
    audit::Entry,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{RecordCreated, RecordDeleted, RecordRestored, RecordUpdated},
    },
    ids::{ApprovalId, RecordId},
    services::Services,
};

/// What only some may do with a record that was deleted.
const BRING_BACK: &str = "bring records back";

/// All collections of the workspace; to guests, those of which something was shared with them.
pub async fn collections(s: &Services, actor: &Actor) -> Result<Vec<Collection>> {
    let mut tx = s.db.tenant(actor).await?;
    let mut all = store::collections(&mut tx).await?;
    all.retain(|collection| !is_outsider(actor) || collection.records > 0);
    Ok(all)
}

/// A page of a collection's records; `text` finds words by their beginnings.
pub async fn list(
    s: &Services,
    actor: &Actor,
    slug: &str,
    text: &str,
    page: PageRequest,
) -> Result<(Collection, Page<Record>)> {
    let mut tx = s.db.tenant(actor).await?;
    let collection = collection(&mut tx, slug).await?;
    if is_outsider(actor) && store::search(&mut tx, collection.id, "", PageRequest::new(None, Some(1))).await?.1 == 0 {
        return Err(Error::not_found("collection"));
    }
    let (items, total) = store::search(&mut tx, collection.id, text, page).await?;
    Ok((collection, page.of(items, total)))
}

/// One record with its history.
pub async fn get(s: &Services, actor: &Actor, id: RecordId) -> Result<Detail> {
    let mut tx = s.db.tenant(actor).await?;
    let (collection, record) = find(&mut tx, id, false).await?;
    let mut history = store::history(&mut tx, id).await?;
    if is_outsider(actor) {
        for version in &mut history {
            (version.actor_id, version.actor_name) = (None, None);
        }
    }
    Ok(Detail { collection, record, history })
}

/// A record that was deleted, with its history, for whoever may bring it back.
pub async fn deleted(s: &Services, actor: &Actor, id: RecordId) -> Result<Detail> {
    actor.require(Role::shares_records, BRING_BACK)?;
    let mut tx = s.db.tenant(actor).await?;
    let (collection, record) = find_kept(&mut tx, id).await?;
    let history = store::history(&mut tx, id).await?;
    Ok(Detail { collection, record, history })
}

/// Brings a deleted record back as it was. To bring back what is there is no error.
pub async fn restore(s: &Services, actor: &Actor, id: RecordId) -> Result<Detail> {
    actor.require(Role::shares_records, BRING_BACK)?;
    let mut tx = s.db.tenant(actor).await?;
    let (collection, _) = find_kept(&mut tx, id).await?;
    if let Some(version) = store::restore(&mut tx, id, actor).await? {
        let facts = json!({ "collection": collection.slug, "version": version });
        tx.audit(Entry::new("record.restored", "record", id.0).details(facts));
        let restored = RecordRestored { collection: collection.slug, version };
        tx.emit(Draft::new(DomainEvent::RecordRestored(restored), id));
    }
    let (collection, record) = find(&mut tx, id, false).await?;
    let history = store::history(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Detail { collection, record, history })
}

/// A collection by its slug, inside a running transaction.
pub(crate) async fn collection(tx: &mut TenantTx, slug: &str) -> Result<Collection> {
    store::collection(tx, Some(slug), None).await?.ok_or_else(|| Error::not_found("collection"))
}

/// The first matches of a search, inside a running transaction.
pub(crate) async fn search(
    tx: &mut TenantTx,
    collection: &Collection,
    text: &str,
    limit: i64,
) -> Result<(Vec<Record>, i64)> {
    store::search(tx, collection.id, text, PageRequest::new(None, Some(limit))).await
}

/// A record with its collection, inside a running transaction; `lock` holds it until the end.
pub(crate) async fn find(tx: &mut TenantTx, id: RecordId, lock: bool) -> Result<(Collection, Record)> {
    let record = store::record(tx, id, lock, false).await?.ok_or_else(|| Error::not_found("record"))?;
    Ok((collection_of(tx, &record).await?, record))
}

/// The same, also of a record that was deleted: what was decided about it still shows.
pub(crate) async fn find_kept(tx: &mut TenantTx, id: RecordId) -> Result<(Collection, Record)> {
    let record = store::record(tx, id, false, true).await?.ok_or_else(|| Error::not_found("record"))?;
    Ok((collection_of(tx, &record).await?, record))
}

async fn collection_of(tx: &mut TenantTx, record: &Record) -> Result<Collection> {
    store::collection(tx, None, Some(record.collection_id)).await?.ok_or_else(|| Error::not_found("collection"))
}

/// What a record was at a version, inside a running transaction.
pub(crate) async fn data_at(tx: &mut TenantTx, id: RecordId, version: i32) -> Result<Map<String, Value>> {
    store::data_at(tx, id, version).await?.ok_or_else(|| Error::not_found("record"))
}

/// Whether a record would still fit its schema with these changes.
pub(crate) fn check_change(collection: &Collection, record: &Record, changes: &Map<String, Value>) -> Result<()> {
    let after = change::merge(&record.data, changes);
    validate::data(collection, &after)?;
    validate::title(collection, &after).map(drop)
}

/// Makes the next version of a record if it still is at `expected`; answers the new version, or `None` if it moved on.
/// Audit entry and event are part of the same transaction.
pub(crate) async fn apply_change(
    tx: &mut TenantTx,
    id: RecordId,
    expected: i32,
    changes: &Map<String, Value>,
    by: &Actor,
    approval: Option<ApprovalId>,
) -> Result<Option<i32>> {
    let (collection, record) = find(tx, id, true).await?;
    if record.version != expected {
        return Ok(None);
    }
    let after = change::merge(&record.data, changes);
    validate::data(&collection, &after)?;
    let title = validate::title(&collection, &after)?;
    if !store::update(tx, id, expected, &title, &after, by, approval).await? {
        return Ok(None);
    }
    let version = expected + 1;
    let fields: Vec<String> = change::diff(&collection, &record.data, &after).into_iter().map(|c| c.field).collect();
    let facts = json!({ "collection": collection.slug, "version": version, "fields": fields, "approval": approval });
    tx.audit(Entry::new("record.updated", "record", id.0).details(facts));
    let updated = RecordUpdated { collection: collection.slug, version, fields, approval };
    tx.emit(Draft::new(DomainEvent::RecordUpdated(updated), id));
    Ok(Some(version))
}

/// Whether a new record with this data would fit its collection; answers what would name it to people.
pub(crate) fn check_new(collection: &Collection, data: &Map<String, Value>) -> Result<String> {
    validate::data(collection, data)?;
    validate::title(collection, data)
}

/// Makes a record, with audit entry and event in the same transaction. It is its proposer's own: of the person, or of whoever the agent
/// works for.
pub(crate) async fn create(
    tx: &mut TenantTx,
    slug: &str,
    data: &Map<String, Value>,
    by: &Actor,
    approval: ApprovalId,
) -> Result<RecordId> {
    let collection = collection(tx, slug).await?;
    let title = check_new(&collection, data)?;
    let id = store::insert(tx, collection.id, &title, data, by, approval).await?;
    let facts = json!({ "collection": collection.slug, "version": 1, "approval": approval });
    tx.audit(Entry::new("record.created", "record", id.0).details(facts));
    let created = RecordCreated { collection: collection.slug, approval };
    tx.emit(Draft::new(DomainEvent::RecordCreated(created), id));
    Ok(id)
}

/// Deletes a record if it still is at `expected`; answers whether it was. Its history stays. Audit entry and event are part of the
/// same transaction.
pub(crate) async fn delete(
    tx: &mut TenantTx,
    id: RecordId,
    expected: i32,
    by: &Actor,
    approval: ApprovalId,
) -> Result<bool> {
    let (collection, _) = find(tx, id, true).await?;
    if !store::delete(tx, id, expected, by, approval).await? {
        return Ok(false);
    }
    let version = expected + 1;
    let facts = json!({ "collection": collection.slug, "version": version, "approval": approval });
    tx.audit(Entry::new("record.deleted", "record", id.0).details(facts));
    let deleted = RecordDeleted { collection: collection.slug, version, approval };
    tx.emit(Draft::new(DomainEvent::RecordDeleted(deleted), id));
    Ok(true)
}

/// Whether the actor sees nothing but what was shared with it: no names of people, no empty collections.
fn is_outsider(actor: &Actor) -> bool {
    actor.role() == Some(Role::Guest)
}
