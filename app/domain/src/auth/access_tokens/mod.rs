//! Access tokens: for programs that act for a person for ten minutes, without the person's session.
//!
//! A token is a JWT (RFC 9068), signed with RS256. It says who asks, in which workspace, and by which session; it says nothing
//! of what that person may do. The session, the membership and the role are looked up whenever it is used, so a token ends
//! with its session, and there is no refresh token: whoever has the session mints another.
//!
//! `jws.rs` writes and reads the compact form, `keys.rs` looks after the keys.

pub mod jws;
pub mod keys;
mod keys_store;
pub(crate) mod reseal;

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use self::jws::Refusal;
use super::{SignedIn, service};
use crate::{
    Actor, Code, Error, Result, Timestamp,
    ids::{SessionId, UserId, WorkspaceId},
    services::Services,
};

/// What a token says. Nothing may be missing, nothing else may stand there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The installation that made it, by its public address.
    pub iss: String,
    /// Whom it is for: the same installation, and nobody else.
    pub aud: String,
    /// The person.
    pub sub: UserId,
    /// The one workspace that it opens.
    pub workspace_id: WorkspaceId,
    /// The session that it was minted by, and ends with.
    pub sid: SessionId,
    /// When it was made. Seconds since 1970, like the two below.
    pub iat: u64,
    /// From when it may be used.
    pub nbf: u64,
    /// Until when.
    pub exp: u64,
    /// Its own id.
    pub jti: Uuid,
}

impl Claims {
    fn expires_at(&self) -> Result<Timestamp> {
        let end = i64::try_from(self.exp).ok().and_then(|end| time::OffsetDateTime::from_unix_timestamp(end).ok());
        end.map(Timestamp).ok_or_else(|| Error::internal("an accepted token ends beyond all time"))
    }
}

/// Whom an accepted token speaks for.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The person, with the session behind the token.
    pub signed_in: SignedIn,
    /// The workspace that the token opens. Whether the person is still in it is for the caller to ask.
    pub workspace: WorkspaceId,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Mints a token for a person who is signed in, and is in the actor's workspace.
pub async fn mint(s: &Services, who: &SignedIn, actor: &Actor) -> Result<String> {
    let (sub, _) = actor.person()?;
    if sub != who.user.id {
        return Err(Error::internal("a token for somebody else"));
    }
    let now = Timestamp::now();
    let key = keys::signer(s, now).await?;
    let ends = now.plus(s.settings.access_token);
    // A token never outlives its key.
    let ends = key.retire_at.map_or(ends, |retires| retires.min(ends));
    let iat = seconds(now);
    let claims = Claims {
        iss: s.settings.public_url.clone(),
        aud: s.settings.public_url.clone(),
        sub,
        workspace_id: actor.workspace,
        sid: who.session.id,
        iat,
        nbf: iat,
        exp: seconds(ends),
        jti: Uuid::now_v7(),
    };
    // Some milliseconds of arithmetic.
    let signed = spawn_blocking(move || jws::sign(&key.material, &claims)).await;
    signed.map_err(|_| Error::internal("signing an access token broke off"))?
}

/// Whom a token speaks for; `None` when it is not accepted. Why is for the log: the caller is not told.
pub async fn check(s: &Services, token: &str) -> Result<Option<Bearer>> {
    Ok(match accept(s, token).await? {
        Ok(bearer) => Some(bearer),
        Err(why) => {
            tracing::debug!(%why, "an access token was refused");
            None
        }
    })
}

async fn accept(s: &Services, token: &str) -> Result<Result<Bearer, Refusal>> {
    let claims = match read(s, token).await? {
        Ok(claims) => claims,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(signed_in) = service::check_by_id(s, claims.sid).await? else { return Ok(Err(Refusal::Over)) };
    if signed_in.user.id != claims.sub {
        return Ok(Err(Refusal::Foreign));
    }
    Ok(Ok(Bearer { signed_in, workspace: claims.workspace_id, expires_at: claims.expires_at()? }))
}

impl Bearer {
    /// Whether the token would still be accepted: its time is not over, and its session stands. A database that is away ends
    /// no session.
    pub async fn lasts(&self, s: &Services) -> bool {
        if self.expires_at <= Timestamp::now() {
            return false;
        }
        match service::check_by_id(s, self.signed_in.session.id).await {
            Ok(signed_in) => signed_in.is_some(),
            Err(error) => error.code == Code::Unavailable,
        }
    }

    /// The same with what its session has shown by now; nothing when that is over.
    pub async fn renewed(&self, s: &Services) -> Result<Option<Self>> {
        let signed_in = service::check_by_id(s, self.signed_in.session.id).await?;
        Ok(signed_in.map(|signed_in| Self { signed_in, ..self.clone() }))
    }
}

/// What a token says, if it is one of ours. A key that this node does not know yet may be new.
async fn read(s: &Services, token: &str) -> Result<Result<Claims, Refusal>> {
    let attempt = || jws::verify(&s.signing_keys, token, &s.settings.public_url, Timestamp::now());
    Ok(match attempt() {
        Err(Refusal::UnknownKey) => {
            keys::look_again(s).await?;
            attempt()
        }
        read => read,
    })
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.unix_seconds()).unwrap_or_default()
}
