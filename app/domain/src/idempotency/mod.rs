//! Asking twice for the same thing: a client that got no answer sends its request again with the same key, and gets the first
//! reply instead of a second effect.
//!
//! A request that comes with a key takes a **claim** on it first. Every transaction of the request carries the claim
//! ([`crate::db::Db::asked_once`]) and marks it as it commits, so that the effect and the mark are there together or not at all;
//! a transaction whose claim somebody else has taken over does not commit. At the end the reply is kept, sealed, since it may show
//! a secret. Whoever sends the request again
//!
//! - gets the reply, if there is one; waits for it, while the request is being carried out;
//! - takes the claim over, if it is abandoned and nothing was committed;
//! - is told that it was carried out and that its reply is lost, if a server stopped in between.
//!
//! A request that failed and committed nothing keeps no key. Keys are a person's own, and are kept for 24 hours.

mod claim;
mod store;

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep};

pub use self::claim::Claim;
use crate::{Code, Error, Result, canonical, ids::UserId, keys::Swept, seal::Place, services::Services};

/// The most characters of a key.
const MAX_KEY: usize = 255;
/// How long a request is waited for that carries the same key.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(50);

/// SHA-256, as names of keys and of what they were sent with.
pub type Digest = [u8; 32];

/// A client's key, and what it was sent with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    user: UserId,
    name: Digest,
    request: Digest,
}

/// What a request with a key is to do.
pub enum Asked {
    /// Go on: nobody has done it.
    First(Arc<Claim>),
    /// Answer this, which was the first reply.
    Again(String),
}

impl Key {
    /// A person's key, in what `space` tells apart, for a request: its method, address and body.
    ///
    /// # Errors
    /// A key is 1 to 255 characters of visible ASCII.
    pub fn new(user: UserId, space: &str, key: &str, request: &[u8]) -> Result<Self> {
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = format!("A key is 1 to {MAX_KEY} characters of visible ASCII, such as a UUID.");
            return Err(Error::invalid("Idempotency-Key", "characters", why));
        }
        let name = canonical::sha256(format!("{user}\n{space}\n{key}").as_bytes());
        Ok(Self { user, name, request: canonical::sha256(request) })
    }
}

/// Takes a claim on a key, or finds the first reply. Waits for whoever carries out the same request right now.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` for a key that was sent with another request; `CONFLICT` when the first one takes too long, or was
/// carried out and its reply is lost.
pub async fn begin(s: &Services, key: &Key) -> Result<Asked> {
    let given_up = Instant::now() + PATIENCE;
    loop {
        let mut tx = s.db.system("whether a request was sent before").await?;
        let claim = Claim::new(key.name);
        if store::claim(&mut tx, key.user, &claim, &key.request).await? {
            tx.commit().await?;
            return Ok(Asked::First(Arc::new(claim)));
        }
        // Given back in between: try again.
        let Some(found) = store::find(&mut tx, &key.name).await? else { continue };
        if found.request != key.request {
            let why =
                "This Idempotency-Key was sent with another request. Use a new one for each thing that you ask for.";
            return Err(Error::new(Code::IdempotencyKeyReused, why));
        }
        if let Some(sealed) = found.reply {
            let reply = s.sealer.open(Place::Reply(&key.name), &sealed)?;
            return Ok(Asked::Again(reply.expose_secret().to_owned()));
        }
        if found.is_abandoned {
            let why = "This request was carried out, but its reply was lost when a server stopped. Look at what it changed before you ask for it again with a new key.";
            return Err(Error::new(Code::Conflict, why));
        }
        drop(tx);
        if Instant::now() > given_up {
            let why = "The first request with this Idempotency-Key is still being carried out. Ask again in a moment.";
            return Err(Error::new(Code::Conflict, why));
        }
        sleep(LOOK).await;
    }
}

/// Keeps the reply to what a claim was taken for; nothing of it commits any more.
pub async fn keep(s: &Services, claim: &Claim, reply: String) -> Result<()> {
    claim.close();
    let sealed = s.sealer.seal(Place::Reply(claim.name()), &SecretString::from(reply))?;
    let mut tx = s.db.system("the first reply to a request with a key").await?;
    store::keep(&mut tx, claim, &sealed).await?;
    tx.commit().await
}

/// Gives a key back whose request failed; answers false where something of the request was committed, so that the failure is its
/// reply.
pub async fn give_back(s: &Services, claim: &Claim) -> Result<bool> {
    claim.close();
    let mut tx = s.db.system("the key of a request that failed").await?;
    let given_back = store::give_back(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(given_back)
}

/// Removes keys that are older than 24 hours; answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("idempotency keys that are over").await?;
    let removed = store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}

/// Seals anew what another master key than the present one has sealed: at most a hundred, after `after`.
pub(crate) async fn sweep(s: &Services, after: &mut Option<Digest>) -> Result<Swept> {
    let mut tx = s.db.system("replies that another master key sealed").await?;
    let mut swept = Swept::default();
    for (name, sealed) in store::stale(&mut tx, &s.sealer.prefix(), after.as_ref()).await? {
        *after = Some(name);
        let anew = s.sealer.again(Place::Reply(&name), &sealed);
        swept += Swept::one(format_args!("the reply to a request with a key"), &anew);
        if let Ok(anew) = anew {
            store::reseal(&mut tx, &name, &anew).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_a_person_a_space_and_what_it_was_sent_with() -> Result<()> {
        let (ada, eve) = (UserId::new(), UserId::new());
        let first = Key::new(ada, "acme", "a-key", b"POST /api/approvals {}")?;
        assert_eq!(first, Key::new(ada, "acme", "a-key", b"POST /api/approvals {}")?);
        let other = Key::new(ada, "acme", "a-key", b"POST /api/approvals []")?;
        assert_eq!((first.name == other.name, first.request == other.request), (true, false));
        assert_ne!(first.name, Key::new(eve, "acme", "a-key", b"")?.name);
        assert_ne!(first.name, Key::new(ada, "umbrella", "a-key", b"")?.name);
        for bad in ["", "a key", "schlüssel", &"x".repeat(256)] {
            assert_eq!(Key::new(ada, "", bad, b"").err().map(|e| e.code), Some(Code::ValidationError), "{bad}");
        }
        Ok(())
    }
}
