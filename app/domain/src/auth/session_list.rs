//! Where a person is signed in, and signing out from there.

use serde::Serialize;
use serde_json::json;

use super::{
    Origin, Session, SignedIn, account_store as store, devices,
    trail::{self, Change},
};
use crate::{Error, Result, ids::SessionId, services::Services};

/// One of a person's sessions, as he or she sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ListedSession"))]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// A handle for revoking it, not a credential: what better-auth's client sends back.
    pub token: SessionId,
    /// `Firefox on Windows`.
    pub device: String,
    /// It is the one that asks.
    pub current: bool,
}

/// All of a person's sessions, the one used last first.
pub async fn list(s: &Services, who: &SignedIn) -> Result<Vec<Listed>> {
    let mut tx = s.db.system("a person's sessions").await?;
    let all = store::sessions(&mut tx, who.user.id).await?;
    Ok(all
        .into_iter()
        .map(|session| Listed {
            token: session.id,
            device: devices::words(session.user_agent.as_deref()),
            current: session.id == who.session.id,
            session,
        })
        .collect())
}

/// Ends one of them. Somebody else's is as unknown as one that is not there.
pub async fn revoke(s: &Services, who: &SignedIn, id: SessionId, origin: &Origin) -> Result<()> {
    let mut tx = s.db.system("a session is revoked").await?;
    let ended = store::end_session(&mut tx, who.user.id, id).await?;
    let ended = ended.ok_or_else(|| Error::not_found("session"))?;
    trail::note(&mut tx, who, origin, revoked(json!({ "session": id }))).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(vec![ended]);
    Ok(())
}

/// Ends all but the one that asks. Answers how many.
pub async fn revoke_others(s: &Services, who: &SignedIn, origin: &Origin) -> Result<usize> {
    end(s, who, Some(who.session.id), origin).await
}

/// Ends all of them. Answers how many.
pub async fn revoke_all(s: &Services, who: &SignedIn, origin: &Origin) -> Result<usize> {
    end(s, who, None, origin).await
}

async fn end(s: &Services, who: &SignedIn, but: Option<SessionId>, origin: &Origin) -> Result<usize> {
    let mut tx = s.db.system("sessions are revoked").await?;
    let ended = store::end_sessions(&mut tx, who.user.id, but).await?;
    let count = ended.len();
    if count > 0 {
        trail::note(&mut tx, who, origin, revoked(json!({ "sessions": count }))).await?;
    }
    tx.commit().await?;
    s.sessions.forget_all_of(ended);
    Ok(count)
}

fn revoked(before: serde_json::Value) -> Change {
    Change { before, ..Change::of("account.sessions_revoked") }
}
