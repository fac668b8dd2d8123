//! Access tokens: for programs that act for a person for ten minutes, without the person's session.
//!
//! A token is a JWT (RFC 9068), signed with RS256. It says who asks, in which workspace, and by which session or API key; it says
//! nothing of what that person may do. The session, or the key with its scopes, the membership and the role are looked up whenever
//! it is used, so a token ends with what vouches for it, and there is no refresh token: whoever has that mints another.
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
use super::{Origin, SignedIn, service};
use crate::{
    Actor, Code, Error, Result, Timestamp,
    api_keys::{self, Presented},
    ids::{ApiKeyId, SessionId, UserId, WorkspaceId},
    services::Services,
    workspaces::service::{self as workspaces, Named},
};

/// What a token says. Nothing may be missing but one of `sid` and `key_id`, nothing else may stand there.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Or the API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<ApiKeyId>,
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

/// What a token is minted by, and ends with.
#[derive(Clone, Debug)]
pub enum Voucher {
    /// A person's session.
    Session(SignedIn),
    /// A person's API key: the token can no more than the key.
    Key(Presented),
}

impl Voucher {
    /// Whose it is.
    pub const fn user(&self) -> UserId {
        match self {
            Self::Session(who) => who.user.id,
            Self::Key(key) => key.user,
        }
    }

    /// The same as it stands now; nothing when it is over.
    async fn renewed(&self, s: &Services) -> Result<Option<Self>> {
        Ok(match self {
            Self::Session(who) => service::check_by_id(s, who.session.id).await?.map(Self::Session),
            Self::Key(key) => {
                let found = api_keys::service::check_by_id(s, key.workspace, key.id, &Origin::default()).await?;
                found.map(Self::Key)
            }
        })
    }
}

/// Whom an accepted token speaks for.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// What is behind the token.
    pub voucher: Voucher,
    /// The workspace that the token opens. Whether the person is still in it is for the caller to ask.
    pub workspace: WorkspaceId,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Mints a token for a person who is signed in, or whose program has a key, and is in the actor's workspace.
pub async fn mint(s: &Services, by: &Voucher, actor: &Actor) -> Result<String> {
    let (sub, _) = actor.person()?;
    if sub != by.user() {
        return Err(Error::internal("a token for somebody else"));
    }
    let now = Timestamp::now();
    let key = keys::signer(s, now).await?;
    let ends = now.plus(s.settings.access_token);
    // A token never outlives its key.
    let ends = key.retire_at.map_or(ends, |retires| retires.min(ends));
    let (sid, key_id, ends) = match by {
        Voucher::Session(who) => (Some(who.session.id), None, ends),
        Voucher::Key(key) => (None, Some(key.id), ends.min(key.expires_at)),
    };
    let iat = seconds(now);
    let claims = Claims {
        iss: s.settings.public_url.clone(),
        aud: s.settings.public_url.clone(),
        sub,
        workspace_id: actor.workspace,
        sid,
        key_id,
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
pub async fn check(s: &Services, token: &str, origin: &Origin) -> Result<Option<Bearer>> {
    Ok(match accept(s, token, origin).await? {
        Ok(bearer) => Some(bearer),
        Err(why) => {
            tracing::debug!(%why, "an access token was refused");
            None
        }
    })
}

async fn accept(s: &Services, token: &str, origin: &Origin) -> Result<Result<Bearer, Refusal>> {
    let claims = match read(s, token).await? {
        Ok(claims) => claims,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let workspace = claims.workspace_id;
    let voucher = match (claims.sid, claims.key_id) {
        (Some(session), None) => service::check_by_id(s, session).await?.map(Voucher::Session),
        (None, Some(key)) => api_keys::service::check_by_id(s, workspace, key, origin).await?.map(Voucher::Key),
        _ => return Ok(Err(Refusal::Claims("it is vouched for by nothing, or twice".to_owned()))),
    };
    let Some(voucher) = voucher else { return Ok(Err(Refusal::Over)) };
    if voucher.user() != claims.sub {
        return Ok(Err(Refusal::Foreign));
    }
    Ok(Ok(Bearer { voucher, workspace, expires_at: claims.expires_at()? }))
}

impl Bearer {
    /// The key behind the token, if there is one.
    pub const fn key(&self) -> Option<&Presented> {
        match &self.voucher {
            Voucher::Session(_) => None,
            Voucher::Key(key) => Some(key),
        }
    }

    /// Whether the session has shown a second factor, or the key's person has one.
    pub const fn has_second_factor(&self) -> bool {
        match &self.voucher {
            Voucher::Session(who) => who.session.second_factor_at.is_some(),
            Voucher::Key(key) => key.has_second_factor,
        }
    }

    /// The person as an actor in a workspace.
    pub async fn actor(&self, s: &Services, workspace: &Named) -> Result<Actor> {
        match &self.voucher {
            Voucher::Session(who) => workspaces::actor(s, who, workspace).await,
            Voucher::Key(key) => workspaces::actor_of_key(s, key, workspace).await,
        }
    }

    /// Whether the token would still be accepted: its time is not over, and what vouches for it stands. A database that is away
    /// ends nothing.
    pub async fn lasts(&self, s: &Services) -> bool {
        if self.expires_at <= Timestamp::now() {
            return false;
        }
        match self.voucher.renewed(s).await {
            Ok(voucher) => voucher.is_some(),
            Err(error) => error.code == Code::Unavailable,
        }
    }

    /// The same with what its session has shown by now, or its key's person has; nothing when that is over.
    pub async fn renewed(&self, s: &Services) -> Result<Option<Self>> {
        let (workspace, expires_at) = (self.workspace, self.expires_at);
        Ok(self.voucher.renewed(s).await?.map(|voucher| Self { voucher, workspace, expires_at }))
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
