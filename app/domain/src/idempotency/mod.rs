//! Asking twice for the same thing: a client that got no answer sends its request again with the same key, and gets the first
//! reply instead of a second effect.
//!
//! The key is written in the transaction of what was asked for, and its reply with it, so that there is never one without the
//! other. Of requests that come at once the database lets one go on; the others wait for it, and get its reply. A request that
//! fails keeps no key. Keys are a person's own, and are kept for 24 hours.

mod store;

use serde_json::Value;

use crate::{Code, Error, Result, canonical, db::TenantTx, services::Services};

/// The most characters of a key.
const MAX_KEY: usize = 255;

/// A client's key, and what it was sent with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    value: String,
    /// SHA-256 of what was asked for.
    request: [u8; 32],
}

impl Key {
    /// A key for `body` at `address`: a method and a path.
    ///
    /// # Errors
    /// A key is 1 to 255 characters of visible ASCII.
    pub fn new(value: &str, address: &str, body: &Value) -> Result<Self> {
        if value.is_empty() || value.len() > MAX_KEY || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = format!("A key is 1 to {MAX_KEY} characters of visible ASCII, such as a UUID.");
            return Err(Error::invalid("Idempotency-Key", "characters", why));
        }
        let mut asked = format!("{address}\n").into_bytes();
        asked.extend(canonical::to_vec(body)?);
        Ok(Self { value: value.to_owned(), request: canonical::sha256(&asked) })
    }
}

/// Begins what a key was sent with; answers the first reply if it has been done. Waits for whoever does it right now.
pub(crate) async fn begin(tx: &mut TenantTx, key: Option<&Key>) -> Result<Option<Value>> {
    let Some(key) = key else { return Ok(None) };
    if store::claim(tx, &key.value, &key.request).await? {
        return Ok(None);
    }
    let (request, reply) = store::find(tx, &key.value).await?;
    if request != key.request {
        let why = "This Idempotency-Key was sent with another request. Use a new one for each thing that you ask for.";
        return Err(Error::new(Code::IdempotencyKeyReused, why));
    }
    serde_json::from_str(&reply).map(Some).map_err(Error::internal)
}

/// Keeps the reply, in the transaction that [`begin`] was called in.
pub(crate) async fn keep(tx: &mut TenantTx, key: Option<&Key>, reply: &Value) -> Result<()> {
    match key {
        Some(key) => store::keep(tx, &key.value, &reply.to_string()).await,
        None => Ok(()),
    }
}

/// Removes keys that are older than 24 hours; answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("idempotency keys that are over").await?;
    let removed = store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_belongs_to_what_it_was_sent_with_however_that_was_spelled() -> Result<()> {
        let key = |address: &str, body: Value| Key::new("a-key", address, &body);
        let first = key("POST /api/approvals", json!({ "a": 1, "b": 2.0 }))?;
        assert_eq!(first, key("POST /api/approvals", json!({ "b": 2, "a": 1 }))?);
        assert_ne!(first, key("POST /api/approvals", json!({ "a": 1, "b": 3 }))?);
        assert_ne!(first, key("POST /api/inbox/interrupts", json!({ "a": 1, "b": 2 }))?);
        for bad in ["", "a key", "schlüssel", &"x".repeat(256)] {
            assert_eq!(Key::new(bad, "", &Value::Null).err().map(|e| e.code), Some(Code::ValidationError), "{bad}");
        }
        Ok(())
    }
}
