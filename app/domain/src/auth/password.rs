//! Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), off the async threads, a bounded number at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use super::Password;
use crate::{Code, Error, Result};

/// Memory in KiB.
const MEMORY: u32 = 19_456;
/// Passes.
const TIME: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// Hashes and verifies.
pub struct Hasher {
    permits: Arc<Semaphore>,
    /// Of a password that nobody knows: an unknown address costs the same time as a wrong password.
    decoy: String,
}

impl Hasher {
    /// At most `at_once` hashes at a time; each takes 19 MiB.
    pub fn new(at_once: usize) -> Result<Self> {
        let nobody: [u8; 32] = crate::canonical::random()?;
        Ok(Self { permits: Arc::new(Semaphore::new(at_once.max(1))), decoy: hash(&hex::encode(nobody))? })
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.0.clone();
        self.blocking(move || hash(&password)).await
    }

    /// Whether the password is the one of this PHC string; of no string: `false`, after the same time.
    pub async fn verify(&self, password: &Password, phc: Option<String>) -> Result<bool> {
        let password = password.0.clone();
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.decoy.clone());
        let right = self.blocking(move || verify(&password, &phc)).await?;
        Ok(known && right)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::new(Code::Unavailable, "HYVVE is shutting down."))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY, TIME, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String> {
    let salt: [u8; 16] = crate::canonical::random()?;
    Ok(argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(Error::internal)?.to_string())
}

fn verify(password: &str, phc: &str) -> Result<bool> {
    let parsed = PasswordHash::new(phc).map_err(Error::internal)?;
    Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_only_against_its_own_hash() -> Result<()> {
        let hasher = Hasher::new(2)?;
        let right = Password("correct horse".into());
        let phc = hasher.hash(&right).await?;
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(hasher.verify(&right, Some(phc.clone())).await?);
        assert!(!hasher.verify(&Password("wrong horse".into()), Some(phc)).await?);
        assert!(!hasher.verify(&right, None).await?);
        Ok(())
    }
}
