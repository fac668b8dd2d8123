//! SQL of a queue that is narrowed down or in another order.
//!
//! One text for all filters: what is not asked for is `NULL`. PostgreSQL plans it anew for each list (see [`wanted`]), so that
//! what is `NULL` is gone before an index is chosen. An order, and whether words are looked for, make texts of their own: no plan
//! for one of them suits another.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Status,
    filter::{Filter, Sort, Whose},
    routing::Review,
};
use crate::{Result, Role, db::TenantTx};

/// More than this are not counted.
pub(super) const COUNTED: i64 = 10_000;
/// A word that begins those of so many items is as common as any other.
const RARE: i64 = 1_000;

/// Where a page begins: after this item.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct After {
    pub(super) moment: Option<OffsetDateTime>,
    pub(super) score: Option<f64>,
    pub(super) id: Uuid,
}

/// What is asked for, as the statements take it.
struct Wanted<'a> {
    status: Option<&'static str>,
    tool: Option<&'a str>,
    decided: bool,
    agent: Option<Uuid>,
    nobodys: bool,
    assignee: Option<Uuid>,
    review: Option<&'static str>,
    overdue: bool,
    /// Whose proposals one sees, if not all.
    requester: Option<Uuid>,
    /// The rarest word, which an index finds, and all of them.
    word: String,
    words: Vec<String>,
}

/// Where a page begins, as the statements take it.
struct At {
    moment: Option<OffsetDateTime>,
    score: Option<f64>,
    id: Option<Uuid>,
    size: i64,
    offset: i64,
}

/// A statement about items `i` that match. `$1` is the workspace, `$2` to `$10` are filters, `$11` and `$12` words.
macro_rules! narrowed {
    ($tx:expr, $wanted:expr, $select:literal, $words:literal, $rest:literal, $($more:expr),+) => {
        sqlx::query_scalar!(
            $select
                + " FROM approval_items i WHERE i.workspace_id = $1
                    AND ($2::text IS NULL OR i.status = $2) AND ($3::text IS NULL OR i.tool = $3) AND (NOT $4 OR i.status <> 'pending')
                    AND ($5::uuid IS NULL OR (i.proposer_id = $5 AND i.proposer_kind = 'agent'))
                    AND (NOT $6 OR i.assigned_to IS NULL) AND ($7::uuid IS NULL OR i.assigned_to = $7)
                    AND ($8::text IS NULL OR i.review = $8)
                    AND (NOT $9 OR (i.status = 'pending' AND (i.ladder_taken > 0
                         OR (CASE WHEN i.due_at IS NULL THEN timestamptz '9999-12-31 00:00:00+00' ELSE i.due_at END) < now())))
                    AND ($10::uuid IS NULL OR i.requester_id = $10)"
                + $words
                + $rest,
            $tx.workspace().0,
            $wanted.status,
            $wanted.tool,
            $wanted.decided,
            $wanted.agent,
            $wanted.nobodys,
            $wanted.assignee,
            $wanted.review,
            $wanted.overdue,
            $wanted.requester,
            $wanted.word,
            &$wanted.words,
            $($more),+
        )
    };
}

/// The same with words: the rarest leads an index to the items, and the others are looked for in those.
macro_rules! worded {
    ($tx:expr, $wanted:expr, $select:literal, $rest:literal, $($more:expr),+) => {
        narrowed!(
            $tx,
            $wanted,
            $select,
            " AND EXISTS (SELECT 1 FROM approval_words w WHERE w.workspace_id = $1 AND w.approval_id = i.id
                           AND w.word >= $11 AND w.word < $11::text || U&'\\+10FFFF')
             AND NOT EXISTS (SELECT 1 FROM unnest($12::text[]) AS s (word) WHERE NOT EXISTS (
               SELECT 1 FROM approval_words w WHERE w.workspace_id = $1 AND w.approval_id = i.id
                 AND w.word >= s.word COLLATE \"C\" AND w.word < (s.word || U&'\\+10FFFF') COLLATE \"C\"))",
            $rest,
            $($more),+
        )
    };
}

/// The same without.
macro_rules! wordless {
    ($tx:expr, $wanted:expr, $select:literal, $rest:literal, $($more:expr),+) => {
        narrowed!($tx, $wanted, $select, " AND $11::text = '' AND cardinality($12::text[]) = 0", $rest, $($more),+)
    };
}

/// The ids of a page, in one order.
macro_rules! ordered {
    ($text:ident, $tx:expr, $wanted:expr, $at:expr, $order:literal) => {{
        let At { moment, score, id, size, offset } = $at;
        $text!($tx, $wanted, "SELECT i.id", $order, moment, score, id, size, offset).fetch_all($tx.conn()).await?
    }};
}

/// The ids of a page, in the order that is asked for.
macro_rules! page_of {
    ($text:ident, $tx:expr, $wanted:expr, $sort:expr, $at:expr) => {
        match $sort {
            Sort::Newest => ordered!(
                $text,
                $tx,
                $wanted,
                $at,
                " AND ($13::timestamptz IS NULL OR (i.created_at, i.id) < ($13, $15::uuid)) AND $14::float8 IS NULL
                 ORDER BY i.created_at DESC, i.id DESC LIMIT $16 OFFSET $17"
            ),
            Sort::Oldest => ordered!(
                $text,
                $tx,
                $wanted,
                $at,
                " AND ($13::timestamptz IS NULL OR (i.created_at, i.id) > ($13, $15::uuid)) AND $14::float8 IS NULL
                 ORDER BY i.created_at, i.id LIMIT $16 OFFSET $17"
            ),
            Sort::Due => ordered!(
                $text,
                $tx,
                $wanted,
                $at,
                " AND i.status = 'pending' AND $14::float8 IS NULL
                 AND ($13::timestamptz IS NULL OR ((CASE WHEN i.due_at IS NULL THEN timestamptz '9999-12-31 00:00:00+00' ELSE i.due_at END), i.id) > ($13, $15::uuid))
                 ORDER BY (CASE WHEN i.due_at IS NULL THEN timestamptz '9999-12-31 00:00:00+00' ELSE i.due_at END), i.id LIMIT $16 OFFSET $17"
            ),
            Sort::Score => ordered!(
                $text,
                $tx,
                $wanted,
                $at,
                " AND i.status = 'pending' AND $13::timestamptz IS NULL
                 AND ($14::float8 IS NULL OR ((CASE WHEN i.score IS NULL THEN -1 ELSE i.score END), i.id) < ($14, $15::uuid))
                 ORDER BY (CASE WHEN i.score IS NULL THEN -1 ELSE i.score END) DESC, i.id DESC LIMIT $16 OFFSET $17"
            ),
        }
    };
}

/// The ids of a page of those that match, in the order that is asked for: `size` of them, after an item, or after `offset` others.
pub(super) async fn page(
    tx: &mut TenantTx,
    filter: &Filter,
    after: Option<After>,
    size: i64,
    offset: i64,
) -> Result<Vec<Uuid>> {
    let Some(wanted) = wanted(tx, filter).await? else { return Ok(Vec::new()) };
    let (moment, score) = after.map_or((None, None), |after| (after.moment, after.score));
    let at = At { moment, score, id: after.map(|after| after.id), size, offset };
    let ids = if wanted.words.is_empty() {
        page_of!(wordless, tx, wanted, filter.narrow.sort, at)
    } else {
        page_of!(worded, tx, wanted, filter.narrow.sort, at)
    };
    Ok(ids)
}

/// How many match: at most one more than [`COUNTED`].
pub(super) async fn count(tx: &mut TenantTx, filter: &Filter) -> Result<i64> {
    let Some(wanted) = wanted(tx, filter).await? else { return Ok(0) };
    let most = COUNTED + 1;
    let count = if wanted.words.is_empty() {
        wordless!(tx, wanted, r#"SELECT count(*) AS "n!" FROM (SELECT 1"#, " LIMIT $13) AS found", most)
            .fetch_one(tx.conn())
            .await?
    } else {
        worded!(tx, wanted, r#"SELECT count(*) AS "n!" FROM (SELECT 1"#, " LIMIT $13) AS found", most)
            .fetch_one(tx.conn())
            .await?
    };
    Ok(count)
}

/// What is asked for; `None` where nothing can match. The statements of the transaction are planned anew from here on: a plan
/// that suits every filter would use the index of none.
async fn wanted<'a>(tx: &mut TenantTx, filter: &'a Filter) -> Result<Option<Wanted<'a>>> {
    sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan").execute(tx.conn()).await?;
    let narrow = &filter.narrow;
    let words = match narrow.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => {
            let words = rarest_first(tx, text).await?;
            if words.is_empty() {
                return Ok(None);
            }
            words
        }
        None => Vec::new(),
    };
    let me = tx.actor().user_id().map(|user| user.0);
    Ok(Some(Wanted {
        status: filter.status.map(Status::as_str),
        tool: filter.tool.as_deref(),
        decided: filter.decided,
        agent: narrow.agent.map(|agent| agent.0),
        nobodys: narrow.assignee == Some(Whose::Nobody),
        assignee: match narrow.assignee {
            Some(Whose::Me) => me,
            Some(Whose::Person(user)) => Some(user.0),
            Some(Whose::Nobody) | None => None,
        },
        review: narrow.review.map(Review::as_str),
        overdue: narrow.overdue,
        requester: me.filter(|_| !tx.actor().role().is_none_or(Role::sees_all_approvals)),
        word: words.first().cloned().unwrap_or_default(),
        words,
    }))
}

/// The words of a text, the rarest first; none where one of them begins no word of any item, and so nothing matches.
async fn rarest_first(tx: &mut TenantTx, text: &str) -> Result<Vec<String>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query!(
        r#"SELECT s.word AS "word!", found.items AS "items!" FROM unnest(approval_words($2)) AS s (word)
           CROSS JOIN LATERAL (SELECT count(*) AS items FROM (
             SELECT 1 FROM approval_words w WHERE w.workspace_id = $1
               AND w.word >= s.word COLLATE "C" AND w.word < (s.word || U&'\+10FFFF') COLLATE "C" LIMIT $3) AS few) AS found
           ORDER BY found.items, length(s.word) DESC"#,
        workspace,
        text,
        RARE,
    )
    .fetch_all(tx.conn())
    .await?;
    let is_nowhere = found.first().is_none_or(|rarest| rarest.items == 0);
    Ok(if is_nowhere { Vec::new() } else { found.into_iter().map(|found| found.word).collect() })
}
