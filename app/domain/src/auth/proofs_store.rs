//! SQL of one-time tokens.

use super::{
    proofs::{Kind, Proof},
    sessions::TokenHash,
};
use crate::{Error, Result, Timestamp, db::SystemTx, ids::UserId};
use uuid::Uuid;

/// Adds one, unless there were `per_hour` of its kind within the last hour. Those that ended long ago go.
pub(super) async fn insert(
    tx: &mut SystemTx,
    kind: Kind,
    user: UserId,
    email: &str,
    hash: TokenHash,
    expires_at: Timestamp,
    per_hour: i64,
) -> Result<bool> {
    let made = sqlx::query!(
        "WITH gone AS (DELETE FROM one_time_tokens WHERE user_id = $3 AND expires_at < now() - interval '7 days')
         INSERT INTO one_time_tokens (id, kind, user_id, email, token_hash, expires_at)
         SELECT $1, $2, $3, $4, $5, $6
         WHERE (SELECT count(*) FROM one_time_tokens
                WHERE user_id = $3 AND kind = $2 AND created_at > now() - interval '1 hour') < $7",
        Uuid::now_v7(),
        kind.as_str(),
        user.0,
        email,
        hash.0.as_slice(),
        expires_at.0,
        per_hour,
    )
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

fn kind(text: &str) -> Result<Kind> {
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| Error::internal(format!("{text:?} is no kind of token")))
}

fn words(kinds: &[Kind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.as_str().to_owned()).collect()
}

/// A row as the two queries below name it.
struct Row {
    kind: String,
    user_id: Uuid,
    name: String,
    email: String,
    current_email: String,
}

impl Row {
    fn read(self) -> Result<Proof> {
        Ok(Proof {
            kind: kind(&self.kind)?,
            user: UserId(self.user_id),
            name: self.name,
            email: self.email,
            current_email: self.current_email,
        })
    }
}

/// A live one.
pub(super) async fn find(tx: &mut SystemTx, kinds: &[Kind], hash: TokenHash) -> Result<Option<Proof>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT t.kind, t.user_id, t.email, u.name, u.email AS current_email
           FROM one_time_tokens t JOIN users u ON u.id = t.user_id
           WHERE t.token_hash = $1 AND t.kind = ANY($2) AND t.used_at IS NULL AND t.expires_at > now()
             AND (t.kind = 'change_email' OR t.email = u.email)"#,
        hash.0.as_slice(),
        &words(kinds),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::read).transpose()
}

/// The same, used up. Whoever comes second waits here until the first has committed, and then finds it used.
pub(super) async fn take(tx: &mut SystemTx, kinds: &[Kind], hash: TokenHash) -> Result<Option<Proof>> {
    let row = sqlx::query_as!(
        Row,
        r#"UPDATE one_time_tokens t SET used_at = now() FROM users u
           WHERE t.token_hash = $1 AND t.kind = ANY($2) AND t.used_at IS NULL AND t.expires_at > now()
             AND u.id = t.user_id AND (t.kind = 'change_email' OR t.email = u.email)
           RETURNING t.kind, t.user_id, t.email, u.name, u.email AS current_email"#,
        hash.0.as_slice(),
        &words(kinds),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::read).transpose()
}

/// Links of a person that were not used yet lead nowhere from now on.
pub(super) async fn forget(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM one_time_tokens WHERE user_id = $1 AND used_at IS NULL", user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
