//! Whether whoever opened a stream may still read it.

use std::time::Duration;

use hyvve_domain::{Actor, Code, services::Services, workspaces::service::Named};

use super::Credential;

/// How often a stream asks although nothing is to be written. What it is told may be half a second old where the change was made on
/// another node, and it is to end within a second.
pub(crate) const CHECK: Duration = Duration::from_millis(400);

/// The credential and the membership that opened a stream.
pub(crate) struct Welcome {
    services: Services,
    credential: Credential,
    actor: Actor,
}

impl Welcome {
    pub(crate) fn new(services: Services, credential: Credential, actor: Actor) -> Self {
        Self { services, credential, actor }
    }

    /// Whether both still stand. A database that is away ends nobody's welcome.
    pub(crate) async fn lasts(&self) -> bool {
        self.credential_lasts().await && self.membership_lasts().await
    }

    /// Whether the credential still stands; as a rule answered from memory.
    async fn credential_lasts(&self) -> bool {
        self.credential.lasts(&self.services).await
    }

    /// As the workspace asks for it today, and with what the session has shown by now.
    async fn membership_lasts(&self) -> bool {
        let now = async {
            let credential = self.credential.renewed(&self.services).await?;
            credential.actor(&self.services, &Named::Id(self.actor.workspace)).await
        };
        match now.await {
            Ok(now) => now == self.actor,
            Err(error) => error.code == Code::Unavailable,
        }
    }
}
