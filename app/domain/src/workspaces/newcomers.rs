//! Signing up with the link of an invitation.

use serde_json::json;

use super::{
    Invitation, InvitationStatus,
    invitations::{Key, by_link, ended},
    invitations_store::{self as store, Kept},
};
use crate::{Actor, Code, Error, Result, Timestamp, audit::Entry, auth::sessions::Token, services::Services};

/// The invitation that a path leads to.
pub fn link_in(path: &str) -> Option<Token> {
    path.strip_prefix("/invite/").and_then(Token::parse)
}

/// An invitation that somebody without an account has opened.
pub struct Newcomer<'a> {
    link: &'a Token,
    invitation: Invitation,
    /// Only a mail to the invited address has held the link: who follows it reads that mail.
    pub(crate) proves: bool,
}

impl Newcomer<'_> {
    pub(crate) const fn key(&self) -> Key<'_> {
        Key::Link(self.link)
    }
}

/// What the link of an invitation opens for somebody who is about to sign up with this address.
pub(crate) async fn for_newcomer<'a>(s: &Services, link: &'a Token, email: &str) -> Result<Newcomer<'a>> {
    let invitation = by_link(s, link).await?;
    if invitation.status != InvitationStatus::Pending || invitation.expires_at < Timestamp::now() {
        return Err(ended(invitation.status));
    }
    if let Some(asked) = invitation.email.as_deref().filter(|asked| *asked != email) {
        let why = format!("This invitation is for {asked}. Sign up with that address.");
        return Err(Error::invalid("email", "invited", &why));
    }
    let mut tx = s.db.tenant(&Actor::system(invitation.workspace_id)).await?;
    let proves = store::is_mail_alone(&mut tx, invitation.id).await?;
    Ok(Newcomer { link, invitation, proves })
}

/// Keeps an invitation for the address that somebody signs up with, who has to prove it first: until then the link is not used
/// up, and would let anybody else make an account as well. Nobody is told whether the address has an account already.
pub(crate) async fn keep_for(s: &Services, newcomer: &Newcomer<'_>, email: &str) -> Result<()> {
    let Invitation { id, workspace_id, .. } = newcomer.invitation;
    if newcomer.invitation.email.is_some() {
        return Ok(());
    }
    let mut tx = s.db.tenant(&Actor::system(workspace_id)).await?;
    match store::keep_for(&mut tx, id, email).await? {
        Kept::Now => {
            tx.audit(Entry::new("workspace.invitation.kept", "invitation", id.0).personal(json!({ "email": email })));
            tx.commit().await
        }
        Kept::Already => Ok(()),
        Kept::ForAnother => {
            Err(Error::new(Code::Conflict, "This link cannot be used for this address. Ask for another one."))
        }
    }
}
