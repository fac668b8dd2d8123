//! Whether whoever opened a stream may still read it.

use hyvve_domain::{
    Actor, Code,
    auth::{self, sessions::Token},
    services::Services,
    workspaces::{self, service::Named},
};

/// The session and the membership that opened a stream.
pub(crate) struct Welcome {
    services: Services,
    token: Token,
    actor: Actor,
}

impl Welcome {
    pub(crate) fn new(services: Services, token: Token, actor: Actor) -> Self {
        Self { services, token, actor }
    }

    /// Whether both still stand. A database that is away ends nobody's welcome.
    pub(crate) async fn lasts(&self) -> bool {
        self.session_lasts().await && self.membership_lasts().await
    }

    /// Whether the session still stands; as a rule answered from memory.
    pub(crate) async fn session_lasts(&self) -> bool {
        match auth::service::check(&self.services, &self.token).await {
            Ok(signed_in) => signed_in.is_some(),
            Err(error) => error.code == Code::Unavailable,
        }
    }

    async fn membership_lasts(&self) -> bool {
        let Some(user) = self.actor.user_id() else { return false };
        match workspaces::service::actor(&self.services, user, &Named::Id(self.actor.workspace)).await {
            Ok(now) => now == self.actor,
            Err(error) => error.code == Code::Unavailable,
        }
    }
}
