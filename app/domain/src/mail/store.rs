//! SQL of mails.

use super::Mail;
use crate::{
    PageRequest, Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, EffectId, MailId},
};

/// Records a mail of an effect.
pub(super) async fn insert(
    tx: &mut TenantTx,
    effect: EffectId,
    to: &str,
    subject: &str,
    body: &str,
    delivery: &str,
) -> Result<MailId> {
    let (workspace, id) = (tx.workspace().0, MailId::new());
    sqlx::query!(
        "INSERT INTO mails (workspace_id, id, effect_id, recipient, subject, body, delivery) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        workspace,
        id.0,
        effect.0,
        to,
        subject,
        body,
        delivery,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// A page of mails, newest first, and how many there are.
pub(super) async fn list(tx: &mut TenantTx, page: PageRequest) -> Result<(Vec<Mail>, i64)> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT m.id, m.recipient, m.subject, m.body, m.delivery, m.created_at, e.approval_id
         FROM mails m JOIN effects e ON e.workspace_id = m.workspace_id AND e.id = m.effect_id
         WHERE m.workspace_id = $1 ORDER BY m.created_at DESC, m.id DESC LIMIT $2 OFFSET $3",
        workspace,
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM mails WHERE workspace_id = $1"#, workspace)
        .fetch_one(tx.conn())
        .await?;
    let mails = rows
        .into_iter()
        .map(|r| Mail {
            id: MailId(r.id),
            to: r.recipient,
            subject: r.subject,
            body: r.body,
            delivery: r.delivery,
            approval_id: ApprovalId(r.approval_id),
            created_at: Timestamp(r.created_at),
        })
        .collect();
    Ok((mails, total))
}
