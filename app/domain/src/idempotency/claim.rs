//! The right to carry out a request that came with a key.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Digest, store};
use crate::{Code, Error, Result};

/// The right to carry out a request that came with a key; what of it commits, commits under this.
#[derive(Debug)]
pub struct Claim {
    name: Digest,
    token: Uuid,
    open: AtomicBool,
}

impl Claim {
    pub(super) fn new(name: Digest) -> Self {
        Self { name, token: Uuid::now_v7(), open: AtomicBool::new(true) }
    }

    pub(super) const fn name(&self) -> &Digest {
        &self.name
    }

    pub(super) const fn token(&self) -> Uuid {
        self.token
    }

    /// The request has its reply. What goes on behind it is no part of the reply.
    pub(super) fn close(&self) {
        self.open.store(false, Ordering::Release);
    }

    /// Notes, in a transaction that is about to commit, that something was done.
    ///
    /// # Errors
    /// `CONFLICT` when the claim was taken over: whoever has it now does the same thing.
    pub(crate) async fn mark(&self, conn: &mut PgConnection) -> Result<()> {
        if !self.open.load(Ordering::Acquire) || store::mark(conn, self).await? {
            return Ok(());
        }
        Err(Error::new(Code::Conflict, "This took so long that the same request, sent again, is carried out instead."))
    }
}
