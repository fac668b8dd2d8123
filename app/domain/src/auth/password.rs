//! Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), on threads of its own, which give way to everything else: a
//! hash keeps a core busy for some 40 ms, and who only reads must not wait for people who sign in.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use super::Password;
use crate::{Error, Result};

/// Memory in KiB.
const MEMORY: u32 = 19_456;
/// Passes.
const TIME: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// How far hashing gives way: as far as there is (see `nice(2)`). What it cannot give way to is the scheduler itself: some
/// kernels let a thread that is woken on the core of a computing one wait for the next tick, 4 ms at 250 Hz, whatever the
/// priorities. That, and not work, is the p99 of `cargo xtask bench sessions` while people sign in.
const NICE: i32 = 19;

/// Something to hash or to verify.
type Work = Box<dyn FnOnce() + Send>;

/// Hashes and verifies. Its threads end with it.
pub struct Hasher {
    work: UnboundedSender<Work>,
    /// Of a password that nobody knows: an unknown address costs the same time as a wrong password.
    decoy: String,
}

impl Hasher {
    /// At most `at_once` hashes at a time; each takes 19 MiB. Further ones wait in the order in which they came.
    pub fn new(at_once: usize) -> Result<Self> {
        let nobody: [u8; 32] = crate::canonical::random()?;
        let (work, waiting) = unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..at_once.max(1) {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(move || run(&waiting))
                .map_err(Error::internal)?;
        }
        Ok(Self { work, decoy: hash(&hex::encode(nobody))? })
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

    /// Does what keeps a core busy, when it is its turn.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, result) = oneshot::channel();
        // Who asked may be gone by the time that it is its turn; then there is nothing to do.
        let work = move || {
            if !done.is_closed() {
                drop(done.send(work()));
            }
        };
        self.work.send(Box::new(work)).map_err(Error::internal)?;
        result.await.map_err(Error::internal)?
    }
}

/// Takes on one piece of work after the other until nobody has any more.
fn run(waiting: &Mutex<UnboundedReceiver<Work>>) {
    if let Err(e) = give_way() {
        tracing::warn!(error.message = %e, "hashing passwords does not give way to other work");
    }
    loop {
        // Whoever waits for work holds the lock; whoever has some does not.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            // Whoever asked is told; this thread has others to serve.
            Some(work) => drop(panic::catch_unwind(AssertUnwindSafe(work))),
            None => return,
        }
    }
}

/// Gives this thread the lowest priority. On Linux it is the thread's; elsewhere it would be that of the whole process.
#[cfg(target_os = "linux")]
fn give_way() -> io::Result<()> {
    rustix::process::nice(NICE).map(drop).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn give_way() -> io::Result<()> {
    Ok(())
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
