//! SQL of people's choices.

use serde_json::Value;

use super::{Digest, Hook};
use crate::{Error, Result, db::TenantTx, ids::UserId};

/// A person's choices as they are kept.
pub(super) struct Kept {
    /// `{kind: {inApp, mail, webhook}}`
    pub(super) channels: Value,
    pub(super) digest: Digest,
    pub(super) digest_hour: i16,
    pub(super) hook: Option<Hook>,
}

pub(super) fn digest(word: &str) -> Result<Digest> {
    Digest::parse(word).ok_or_else(|| Error::internal("a digest of an unknown kind"))
}

/// A person's choices; `None`: none was made.
pub(super) async fn get(tx: &mut TenantTx, user: UserId) -> Result<Option<Kept>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT channels, digest, digest_hour, hook_shown, hook_problem FROM notification_settings
         WHERE workspace_id = $1 AND user_id = $2",
        workspace,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Kept {
            channels: r.channels,
            digest: digest(&r.digest)?,
            digest_hour: r.digest_hour,
            hook: r.hook_shown.map(|shown| Hook { shown, problem: r.hook_problem }),
        })
    })
    .transpose()
}

/// Keeps what a person chose; ways of kinds that are not named stay.
pub(super) async fn put(
    tx: &mut TenantTx,
    user: UserId,
    channels: &Value,
    digest: Option<Digest>,
    hour: Option<i16>,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO notification_settings (workspace_id, user_id, channels, digest, digest_hour)
         VALUES ($1, $2, $3, coalesce($4, 'daily'), coalesce($5, 8::smallint))
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET channels = notification_settings.channels || $3,
           digest = coalesce($4, notification_settings.digest), digest_hour = coalesce($5, notification_settings.digest_hour),
           updated_at = now()",
        workspace,
        user.0,
        channels,
        digest.map(Digest::as_str),
        hour,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
