//! What a request shows to prove who sends it.

use axum::http::{HeaderMap, header};
use hyvve_domain::{
    Actor, Error, Timestamp,
    api_keys::{self, Presented, Secret},
    auth::{
        self, Origin, SignedIn,
        access_tokens::{self, Bearer},
        familiar,
        sessions::Token,
    },
    ids::{UserId, WorkspaceId},
    services::Services,
    workspaces::service::{self, Named},
};

use super::cookie;

/// The other header that carries an API key.
const API_KEY: &str = "x-api-key";

/// What a request shows, looked up.
#[derive(Clone)]
pub(crate) enum Credential {
    /// Nothing, or the cookie of a session that is over.
    Nothing,
    /// A key or a token that is unknown, over or revoked: what to do about it.
    Refused(&'static str),
    /// The cookie of a session.
    Session { signed_in: SignedIn, token: Token },
    /// An API key.
    Key { key: Presented, secret: Secret },
    /// An access token, minted from a session or a key.
    Token(Bearer),
}

const BAD_KEY: &str = "This key is unknown, has expired or was revoked. Make one under Settings → API keys.";
const BAD_TOKEN: &str = "This access token is not valid, or not any more. Get a new one from /api/auth/token.";

/// Whether the request carries a key or token of some kind. Then cookies do not count, and no other site can have made a browser
/// send it.
pub(super) fn has_key(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key(API_KEY)
}

/// Whether the request shows a credential of any kind; whether it is good, only a look-up can say.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    has_key(headers) || [true, false].iter().any(|secure| cookie::session(headers, *secure).is_some())
}

impl Credential {
    /// Of a request's head.
    pub(super) async fn of(s: &Services, headers: &HeaderMap, origin: &Origin) -> Result<Self, Error> {
        if has_key(headers) {
            return Self::of_key(s, headers, origin).await;
        }
        let Some(token) = cookie::session(headers, s.settings.secure_cookies).and_then(Token::parse) else {
            return Ok(Self::Nothing);
        };
        let found = familiar::look_up(s, token.expose(), origin, auth::service::check(s, &token)).await?;
        Ok(found.map_or(Self::Nothing, |signed_in| Self::Session { signed_in, token }))
    }

    async fn of_key(s: &Services, headers: &HeaderMap, origin: &Origin) -> Result<Self, Error> {
        let Some(text) = key(headers) else { return Ok(Self::Refused(BAD_KEY)) };
        if is_token(text) && headers.contains_key(header::AUTHORIZATION) {
            let found = access_tokens::check(s, text, origin).await?;
            return Ok(found.map_or(Self::Refused(BAD_TOKEN), Self::Token));
        }
        let Some(secret) = Secret::parse(text) else { return Ok(Self::Refused(BAD_KEY)) };
        let check = api_keys::service::check(s, &secret, origin);
        let found = familiar::look_up(s, secret.expose(), origin, check).await?;
        Ok(found.map_or(Self::Refused(BAD_KEY), |key| Self::Key { key, secret }))
    }

    /// The API key that was shown, or that vouches for a token.
    pub(crate) fn key(&self) -> Option<&Presented> {
        match self {
            Self::Nothing | Self::Refused(_) | Self::Session { .. } => None,
            Self::Key { key, .. } => Some(key),
            Self::Token(bearer) => bearer.key(),
        }
    }

    /// The person for whom the request is sent.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self {
            Self::Nothing | Self::Refused(_) => None,
            Self::Session { signed_in, .. } => Some(signed_in.user.id),
            Self::Key { key, .. } => Some(key.user),
            Self::Token(bearer) => Some(bearer.voucher.user()),
        }
    }

    /// The only workspace that it opens. A session opens all of its person's.
    pub(crate) fn workspace(&self) -> Option<WorkspaceId> {
        match self {
            Self::Nothing | Self::Refused(_) | Self::Session { .. } => None,
            Self::Key { key, .. } => Some(key.workspace),
            Self::Token(bearer) => Some(bearer.workspace),
        }
    }

    /// Whether a second factor was shown, or, for a key, its person has one.
    pub(crate) fn has_second_factor(&self) -> bool {
        match self {
            Self::Nothing | Self::Refused(_) => false,
            Self::Session { signed_in, .. } => signed_in.session.second_factor_at.is_some(),
            Self::Token(bearer) => bearer.has_second_factor(),
            Self::Key { key, .. } => key.has_second_factor,
        }
    }

    /// The person as an actor in a workspace. What a session has shown counts, and what a key's person has.
    pub(crate) async fn actor(&self, s: &Services, workspace: &Named) -> Result<Actor, Error> {
        match self {
            Self::Nothing | Self::Refused(_) => Err(Error::unauthorized()),
            Self::Session { signed_in, .. } => service::actor(s, signed_in, workspace).await,
            Self::Token(bearer) => bearer.actor(s, workspace).await,
            Self::Key { key, .. } => service::actor_of_key(s, key, workspace).await,
        }
    }

    /// The same as it stands now: what a session has shown, and what a key's person has, can change while a stream is open.
    pub(super) async fn renewed(&self, s: &Services) -> Result<Self, Error> {
        let found = match self {
            Self::Session { token, .. } => {
                let found = auth::service::check(s, token).await?;
                found.map(|signed_in| Self::Session { signed_in, token: token.clone() })
            }
            Self::Token(bearer) => bearer.renewed(s).await?.map(Self::Token),
            Self::Key { secret, .. } => {
                let found = api_keys::service::check(s, secret, &Origin::default()).await?;
                found.map(|key| Self::Key { key, secret: secret.clone() })
            }
            Self::Nothing | Self::Refused(_) => None,
        };
        Ok(found.unwrap_or(Self::Nothing))
    }

    /// Whether it is still good; as a rule answered from memory. A database that is away ends nobody's welcome.
    pub(super) async fn lasts(&self, s: &Services) -> bool {
        let found = match self {
            Self::Nothing | Self::Refused(_) => Ok(false),
            Self::Token(bearer) => Ok(bearer.lasts(s).await),
            Self::Session { token, .. } => auth::service::check(s, token).await.map(|found| found.is_some()),
            Self::Key { key, .. } if key.expires_at <= Timestamp::now() => Ok(false),
            Self::Key { secret, .. } => {
                api_keys::service::check(s, secret, &Origin::default()).await.map(|found| found.is_some())
            }
        };
        found.unwrap_or_else(|error| error.code == hyvve_domain::Code::Unavailable)
    }
}

/// Whether it is written as a token is. A key of ours has no dots.
fn is_token(text: &str) -> bool {
    text.contains('.')
}

/// The key or token that the headers carry. Two that differ are none: nobody could say which one counts.
fn key(headers: &HeaderMap) -> Option<&str> {
    let mut found = None;
    let bearers = headers.get_all(header::AUTHORIZATION).into_iter().map(|value| (value, true));
    let plain = headers.get_all(API_KEY).into_iter().map(|value| (value, false));
    for (value, is_bearer) in bearers.chain(plain) {
        let mut text = value.to_str().ok()?.trim();
        if is_bearer {
            let (scheme, rest) = text.split_once(' ')?;
            text = rest.trim_start();
            if !scheme.eq_ignore_ascii_case("bearer") {
                return None;
            }
        }
        if found.replace(text).is_some_and(|earlier| earlier != text) {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        key(&headers).map(str::to_owned)
    }

    #[test]
    fn a_key_is_found_in_either_header_and_never_two_of_them() {
        for good in [
            &[("authorization", "Bearer k")][..],
            &[("authorization", "bearer   k")],
            &[("x-api-key", " k ")],
            &[("x-api-key", "k"), ("authorization", "Bearer k")],
        ] {
            assert_eq!(of(good).as_deref(), Some("k"), "{good:?}");
        }
        for bad in [
            &[][..],
            &[("authorization", "k")],
            &[("authorization", "Basic k")],
            &[("x-api-key", "k"), ("x-api-key", "l")],
            &[("x-api-key", "k"), ("authorization", "Bearer l")],
            &[("x-api-key", "k"), ("authorization", "Basic k")],
        ] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }
}
