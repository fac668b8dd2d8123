//! The session secret, the cookie that carries it, and a short memory of sessions seen lately.
//!
//! A check of a warm session costs no round trip to the database. The memory is bounded in time so that a revocation on
//! another node is noticed within a second; a revocation on this node is noticed at once.

use std::time::Duration;

use base64::Engine as _;
use moka::future::Cache;

use super::{Session, SignedIn, cookies};
use crate::{
    Result, Timestamp, canonical,
    ids::SessionId,
    lately::{Asked, Lately},
};

/// A session lives this long after its last use.
pub const LIFETIME: Duration = Duration::from_hours(7 * 24);
/// Its end is moved at most this often.
pub const RENEW_AFTER: Duration = Duration::from_hours(24);
/// For so long after that, the browser is handed its cookie again: it would throw it away when the session was to end before. Not
/// only once, because the request that has moved the end may be a stream's, or its answer be lost.
const HAND_AGAIN: Duration = Duration::from_hours(1);
/// When it was last used is written down at most this often.
pub const TOUCH_AFTER: Duration = Duration::from_mins(1);
/// SHA-256 of a session's secret: what the database and the cache know it by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenHash(pub [u8; 32]);

/// A session's secret, as the cookie carries it: 256 random bits, base64url.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A fresh one.
    pub fn random() -> Result<Self> {
        let bytes: [u8; 32] = canonical::random()?;
        Ok(Self(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// From a cookie; anything that cannot be one is `None`, without asking the database.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// What the cookie carries.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What everything else may know of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(canonical::sha256(self.0.as_bytes()))
    }
}

/// What the cookie is called. The prefix makes browsers insist on https, the exact host, and all paths; on plain http
/// (development, and the embedded default on loopback) they would refuse it.
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-hyvve_session" } else { "hyvve_session" }
}

/// The value of `Set-Cookie` that hands a browser its session; without a token, the one that takes it away.
pub fn set_cookie(token: Option<&Token>, secure: bool) -> String {
    cookies::set(cookie_name(secure), token.map(Token::expose), LIFETIME, secure)
}

/// The value of `Set-Cookie` for a browser whose session was renewed lately.
pub fn set_cookie_again(session: &Session, token: &Token, secure: bool) -> Option<String> {
    is_renewed_lately(session, Timestamp::now()).then(|| set_cookie(Some(token), secure))
}

fn is_renewed_lately(session: &Session, now: Timestamp) -> bool {
    let is_renewed = session.created_at.plus(LIFETIME + RENEW_AFTER / 2) < session.expires_at;
    is_renewed && now.plus(LIFETIME) < session.expires_at.plus(HAND_AGAIN)
}

/// Of how many sessions the hash is remembered at most.
const CAPACITY: u64 = 10_000;

/// Sessions seen lately.
pub struct SessionCache {
    lately: Lately<TokenHash, SignedIn>,
    /// By which hash a session is known. That stays so for as long as it lives; whether it lives is asked by the hash.
    hashes: Cache<SessionId, TokenHash>,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self { lately: Lately::default(), hashes: Cache::builder().max_capacity(CAPACITY).build() }
    }
}

impl SessionCache {
    pub(super) async fn get(&self, hash: TokenHash) -> Option<SignedIn> {
        self.lately.get(&hash).await
    }

    /// Call it before a session is looked up, and give [`Self::put`] what it answers.
    pub(super) fn ask(&self, hash: TokenHash) -> Asked {
        self.lately.ask(&hash)
    }

    pub(super) async fn put(&self, hash: TokenHash, asked: Asked, signed_in: SignedIn) {
        self.lately.put(hash, asked, signed_in).await;
    }

    pub(super) fn forget(&self, hash: TokenHash) {
        self.lately.forget(&hash);
    }

    /// Several at once: what ended, or what shows a person as he or she was before.
    pub(super) fn forget_all_of(&self, hashes: Vec<TokenHash>) {
        for hash in hashes {
            self.forget(hash);
        }
    }

    pub(super) async fn hash_of(&self, id: SessionId) -> Option<TokenHash> {
        self.hashes.get(&id).await
    }

    pub(super) async fn put_hash_of(&self, id: SessionId, hash: TokenHash) {
        self.hashes.insert(id, hash).await;
    }

    pub(super) async fn forget_hash_of(&self, id: SessionId) {
        self.hashes.invalidate(&id).await;
    }
}
