//! SQL of collections, records and their versions.

use serde_json::{Map, Value};

use super::{Collection, Record, Version};
use crate::{
    Actor, Error, PageRequest, Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, CollectionId, RecordId, UserId},
};

fn object(value: Value) -> Result<Map<String, Value>> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Error::internal("a record's data is not an object")),
    }
}

/// All collections, by name.
pub(super) async fn collections(tx: &mut TenantTx) -> Result<Vec<Collection>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT c.id, c.slug, c.name, c.schema, c.title_field,
                  (SELECT count(*) FROM records r WHERE r.workspace_id = c.workspace_id AND r.collection_id = c.id AND r.deleted_at IS NULL) AS "records!"
           FROM collections c WHERE c.workspace_id = $1 ORDER BY c.name"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Collection {
            id: CollectionId(r.id),
            slug: r.slug,
            name: r.name,
            schema: r.schema,
            title_field: r.title_field,
            records: r.records,
        })
        .collect())
}

/// One collection, by slug or by id. Its count is not read.
pub(super) async fn collection(
    tx: &mut TenantTx,
    slug: Option<&str>,
    id: Option<CollectionId>,
) -> Result<Option<Collection>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT id, slug, name, schema, title_field FROM collections WHERE workspace_id = $1 AND (slug = $2 OR id = $3)",
        workspace,
        slug,
        id.map(|i| i.0),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Collection {
        id: CollectionId(r.id),
        slug: r.slug,
        name: r.name,
        schema: r.schema,
        title_field: r.title_field,
        records: 0,
    }))
}

/// Adds a collection.
pub(super) async fn insert_collection(
    tx: &mut TenantTx,
    slug: &str,
    name: &str,
    schema: &Value,
    title_field: &str,
) -> Result<CollectionId> {
    let (workspace, id) = (tx.workspace().0, CollectionId::new());
    sqlx::query!(
        "INSERT INTO collections (workspace_id, id, slug, name, schema, title_field) VALUES ($1, $2, $3, $4, $5, $6)",
        workspace,
        id.0,
        slug,
        name,
        schema,
        title_field,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Adds records with their first versions, in one statement.
pub(super) async fn insert_many(
    tx: &mut TenantTx,
    collection: CollectionId,
    owner: UserId,
    rows: &[(String, Value)],
) -> Result<()> {
    let workspace = tx.workspace().0;
    let ids: Vec<_> = rows.iter().map(|_| RecordId::new().0).collect();
    let titles: Vec<String> = rows.iter().map(|(t, _)| t.clone()).collect();
    let data: Vec<Value> = rows.iter().map(|(_, d)| d.clone()).collect();
    sqlx::query!(
        "WITH added AS (
           INSERT INTO records (workspace_id, id, collection_id, title, data, owner_id)
           SELECT $1, r.id, $2, r.title, r.data, $3 FROM unnest($4::uuid[], $5::text[], $6::jsonb[]) AS r (id, title, data)
           RETURNING id, data)
         INSERT INTO record_versions (workspace_id, record_id, version, data, actor_kind) SELECT $1, id, 1, data, 'system' FROM added",
        workspace,
        collection.0,
        owner.0,
        &ids,
        &titles,
        &data,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A `to_tsquery` text that finds every word as a prefix; `None` when there is no word in it.
fn prefix_query(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(8)
        .map(|w| format!("{}:*", w.to_lowercase()))
        .collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

/// A page of a collection's records, by title, and how many match.
pub(super) async fn search(
    tx: &mut TenantTx,
    collection: CollectionId,
    text: &str,
    page: PageRequest,
) -> Result<(Vec<Record>, i64)> {
    let workspace = tx.workspace().0;
    let query = prefix_query(text);
    let rows = sqlx::query!(
        r#"SELECT id, version, title, data, created_at, updated_at FROM records
           WHERE workspace_id = $1 AND collection_id = $2 AND deleted_at IS NULL
             AND ($3::text IS NULL OR search @@ to_tsquery('simple', $3))
           ORDER BY title, id LIMIT $4 OFFSET $5"#,
        workspace,
        collection.0,
        query,
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM records
           WHERE workspace_id = $1 AND collection_id = $2 AND deleted_at IS NULL
             AND ($3::text IS NULL OR search @@ to_tsquery('simple', $3))"#,
        workspace,
        collection.0,
        query,
    )
    .fetch_one(tx.conn())
    .await?;
    let items = rows
        .into_iter()
        .map(|r| {
            Ok(Record {
                id: RecordId(r.id),
                collection_id: collection,
                version: r.version,
                title: r.title,
                data: object(r.data)?,
                created_at: Timestamp(r.created_at),
                updated_at: Timestamp(r.updated_at),
            })
        })
        .collect::<Result<_>>()?;
    Ok((items, total))
}

/// One record; `lock` holds it until the transaction ends, and `deleted` ones are found as well.
pub(super) async fn record(tx: &mut TenantTx, id: RecordId, lock: bool, deleted: bool) -> Result<Option<Record>> {
    let workspace = tx.workspace().0;
    if lock {
        sqlx::query!("SELECT id FROM records WHERE workspace_id = $1 AND id = $2 FOR UPDATE", workspace, id.0)
            .fetch_optional(tx.conn())
            .await?;
    }
    let row = sqlx::query!(
        "SELECT id, collection_id, version, title, data, created_at, updated_at FROM records
         WHERE workspace_id = $1 AND id = $2 AND ($3 OR deleted_at IS NULL)",
        workspace,
        id.0,
        deleted,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Record {
            id: RecordId(r.id),
            collection_id: CollectionId(r.collection_id),
            version: r.version,
            title: r.title,
            data: object(r.data)?,
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.updated_at),
        })
    })
    .transpose()
}

/// A record's data at one version.
pub(super) async fn data_at(tx: &mut TenantTx, id: RecordId, version: i32) -> Result<Option<Map<String, Value>>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query_scalar!(
        "SELECT data FROM record_versions WHERE workspace_id = $1 AND record_id = $2 AND version = $3",
        workspace,
        id.0,
        version,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(object).transpose()
}

/// A record's versions, newest first.
pub(super) async fn history(tx: &mut TenantTx, id: RecordId) -> Result<Vec<Version>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT v.version, v.data, v.deletes, v.actor_kind, v.actor_id, v.approval_id, v.created_at, COALESCE(u.name, a.name) AS actor_name
           FROM record_versions v
           LEFT JOIN users u ON v.actor_kind = 'user' AND u.id = v.actor_id
           LEFT JOIN agents a ON v.actor_kind = 'agent' AND a.workspace_id = v.workspace_id AND a.id = v.actor_id
           WHERE v.workspace_id = $1 AND v.record_id = $2 ORDER BY v.version DESC LIMIT 100"#,
        workspace,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Version {
                version: r.version,
                data: object(r.data)?,
                deleted: r.deletes,
                actor_kind: r.actor_kind,
                actor_id: r.actor_id,
                actor_name: r.actor_name,
                approval_id: r.approval_id.map(ApprovalId),
                created_at: Timestamp(r.created_at),
            })
        })
        .collect()
}

/// Makes the next version, if the record still is at `expected`. `by` is whose change it is.
pub(super) async fn update(
    tx: &mut TenantTx,
    id: RecordId,
    expected: i32,
    title: &str,
    data: &Map<String, Value>,
    by: &Actor,
    approval: Option<ApprovalId>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "WITH changed AS (
           UPDATE records SET version = version + 1, title = $4, data = $5, updated_at = now()
           WHERE workspace_id = $1 AND id = $2 AND version = $3 RETURNING version)
         INSERT INTO record_versions (workspace_id, record_id, version, data, actor_kind, actor_id, approval_id)
         SELECT $1, $2, version, $5, $6, $7, $8 FROM changed",
        workspace,
        id.0,
        expected,
        title,
        Value::Object(data.clone()),
        by.kind(),
        by.id(),
        approval.map(|a| a.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a record out of sight with a last version, if it still is at `expected`. `by` is whose change it is.
pub(super) async fn delete(
    tx: &mut TenantTx,
    id: RecordId,
    expected: i32,
    by: &Actor,
    approval: ApprovalId,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "WITH gone AS (
           UPDATE records SET version = version + 1, deleted_at = now(), updated_at = now()
           WHERE workspace_id = $1 AND id = $2 AND version = $3 AND deleted_at IS NULL RETURNING version, data)
         INSERT INTO record_versions (workspace_id, record_id, version, data, deletes, actor_kind, actor_id, approval_id)
         SELECT $1, $2, version, data, true, $4, $5, $6 FROM gone",
        workspace,
        id.0,
        expected,
        by.kind(),
        by.id(),
        approval.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Brings a deleted record back with another version, and answers which; `None`: it is not deleted.
pub(super) async fn restore(tx: &mut TenantTx, id: RecordId, by: &Actor) -> Result<Option<i32>> {
    let workspace = tx.workspace().0;
    let version = sqlx::query_scalar!(
        "WITH back AS (
           UPDATE records SET version = version + 1, deleted_at = NULL, updated_at = now()
           WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NOT NULL RETURNING version, data)
         INSERT INTO record_versions (workspace_id, record_id, version, data, actor_kind, actor_id)
         SELECT $1, $2, version, data, $3, $4 FROM back RETURNING version",
        workspace,
        id.0,
        by.kind(),
        by.id(),
    );
    Ok(version.fetch_optional(tx.conn()).await?)
}

/// Adds a record with its first version. `by` is whose it is.
pub(super) async fn insert(
    tx: &mut TenantTx,
    collection: CollectionId,
    title: &str,
    data: &Map<String, Value>,
    by: &Actor,
    approval: ApprovalId,
) -> Result<RecordId> {
    let (workspace, id) = (tx.workspace().0, RecordId::new());
    sqlx::query!(
        "WITH added AS (
           INSERT INTO records (workspace_id, id, collection_id, title, data, owner_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, data)
         INSERT INTO record_versions (workspace_id, record_id, version, data, actor_kind, actor_id, approval_id)
         SELECT $1, id, 1, data, $7, $8, $9 FROM added",
        workspace,
        id.0,
        collection.0,
        title,
        Value::Object(data.clone()),
        by.user_id().map(|user| user.0),
        by.kind(),
        by.id(),
        approval.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}
