//! Looking up what requests show, so that strangers cannot keep the database busy with what they made up.
//!
//! A session or a key that this node has found good before is looked up whenever it is shown. Any other is counted for its
//! network first, and stays counted if nobody knows it. So whoever floods a network's door keeps nobody out who is at work
//! there.

use moka::future::Cache;

use super::{Origin, attempts};
use crate::{Result, canonical, limits::Door, services::Services};

/// How many are remembered at most.
const CAPACITY: u64 = 50_000;

/// SHA-256 of sessions' and keys' secrets that were good when they were last looked up. It lets nobody in.
pub struct Familiar(Cache<[u8; 32], ()>);

impl Default for Familiar {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

/// Looks a secret up, unless its network has shown too many that nobody knows.
pub async fn look_up<T>(
    s: &Services,
    secret: &str,
    origin: &Origin,
    work: impl Future<Output = Result<Option<T>>>,
) -> Result<Option<T>> {
    let (Familiar(familiar), hash) = (&*s.familiar, canonical::sha256(secret.as_bytes()));
    if familiar.contains_key(&hash) {
        let found = work.await?;
        if found.is_none() {
            familiar.invalidate(&hash).await;
        }
        return Ok(found);
    }
    let pass = s.limits.enter(Door::Credential, &[attempts::network(origin)]).await?;
    let outcome = work.await;
    match &outcome {
        Ok(None) => pass.keep(),
        Ok(Some(_)) => {
            familiar.insert(hash, ()).await;
            pass.undo().await;
        }
        Err(_) => pass.undo().await,
    }
    outcome
}
