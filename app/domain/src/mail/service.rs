//! The mailbox page, and the record of what effects sent.

use super::{Mail, store};
use crate::{
    Actor, Page, PageRequest, Result, Role,
    db::TenantTx,
    ids::{EffectId, MailId},
    services::Services,
};

/// A page of the workspace's mails, newest first.
pub async fn list(s: &Services, actor: &Actor, page: PageRequest) -> Result<Page<Mail>> {
    actor.require(Role::can_read_mailbox, "read the workspace’s mail")?;
    let mut tx = s.db.tenant(actor).await?;
    let (mails, total) = store::list(&mut tx, page).await?;
    Ok(page.of(mails, total))
}

/// Records the mail of an effect, inside the ledger's transaction: a second one for the same effect is refused by the schema.
pub(crate) async fn record(
    tx: &mut TenantTx,
    effect: EffectId,
    to: &str,
    subject: &str,
    body: &str,
    delivery: &str,
) -> Result<MailId> {
    store::insert(tx, effect, to, subject, body, delivery).await
}
