//! Who is asking: what a handler takes to find out. The guard has looked it up before.

use axum::{extract::FromRequestParts, http::request::Parts};
use hyvve_app::context::RequestContext;
use hyvve_domain::{
    Actor, Error,
    auth::{Origin, SignedIn, sessions::Token},
    services::Services,
    workspaces::service::{self, Named},
};
use tracing::Span;

use crate::{guard::Welcome, problem::Problem};

/// Anyone, signed in or not.
pub(crate) struct Anyone(pub(crate) RequestContext);

/// A signed-in person.
pub(crate) struct Person {
    pub(crate) services: Services,
    pub(crate) signed_in: SignedIn,
    pub(crate) token: Token,
    pub(crate) origin: Origin,
    workspace: Option<Named>,
}

/// A signed-in person, acting in a workspace.
pub(crate) struct Member {
    pub(crate) services: Services,
    pub(crate) actor: Actor,
    token: Token,
}

impl Person {
    /// The person as an actor in a workspace. A foreign one answers like an unknown one.
    pub(crate) async fn enter(self, workspace: &Named) -> Result<Member, Problem> {
        let actor = service::actor(&self.services, self.signed_in.user.id, workspace).await?;
        Span::current().record("workspace_id", actor.workspace.to_string());
        Ok(Member { services: self.services, actor, token: self.token })
    }
}

impl Member {
    /// Whether this one may go on reading a stream.
    pub(crate) fn welcome(&self) -> Welcome {
        Welcome::new(self.services.clone(), self.token.clone(), self.actor)
    }
}

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let context = parts.extensions.get::<RequestContext>().cloned();
        Ok(Self(context.ok_or_else(|| Error::internal("a route without the guard in front of it"))?))
    }
}

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Anyone(context) = Anyone::from_request_parts(parts, state).await?;
        let (signed_in, token) = context.signed_in.zip(context.token).ok_or_else(Error::unauthorized)?;
        let RequestContext { services, origin, workspace, .. } = context;
        Ok(Self { services, signed_in, token, origin, workspace })
    }
}

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut person = Person::from_request_parts(parts, state).await?;
        // Clients that name no workspace mean the one that they used last.
        let last = person.signed_in.session.active_organization_id.map(Named::Id);
        let workspace = person.workspace.take().or(last).ok_or_else(|| {
            Error::invalid("X-Workspace-Id", "required", "Name a workspace: its id in the header X-Workspace-Id.")
        })?;
        person.enter(&workspace).await
    }
}
