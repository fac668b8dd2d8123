//! Who is asking: what a handler takes to find out. The guard has looked it up before.
//!
//! A handler says in its type what it is for: [`Member<Read>`], [`Member<Propose>`], [`Member<Decide>`] and [`Member<Admin>`]
//! are open to sessions, to access tokens, and to API keys of that scope, [`Person`] to sessions only. There is no default, so a
//! route cannot forget it.

use std::{marker::PhantomData, ops::Deref};

use axum::{extract::FromRequestParts, http::request::Parts};
use hyvve_app::context::RequestContext;
use hyvve_domain::{
    Actor, Code, Error, Role,
    api_keys::Scope,
    auth::{Origin, SignedIn, access_tokens::Voucher, sessions::Token},
    pictures::service::Viewer,
    services::Services,
    workspaces::service::Named,
};
use tracing::Span;

use crate::{
    guard::{Credential, Welcome},
    problem::Problem,
};

/// Anyone, signed in or not.
pub(crate) struct Anyone(pub(crate) RequestContext);

/// A signed-in person. Keys and tokens are refused: what is about the person, or cannot be undone, a person asks for.
pub(crate) struct Person {
    pub(crate) services: Services,
    pub(crate) signed_in: SignedIn,
    pub(crate) token: Token,
    pub(crate) origin: Origin,
}

/// A person, or a person's key or token, before it is known in which workspace.
pub(crate) struct Caller {
    services: Services,
    credential: Credential,
    workspace: Option<Named>,
}

/// Somebody who acts in a workspace.
pub(crate) struct Entered {
    pub(crate) services: Services,
    pub(crate) actor: Actor,
    credential: Credential,
}

/// Somebody who acts in the workspace that the request names, for what `S` covers.
pub(crate) struct Member<S>(Entered, PhantomData<S>);

/// What a handler is for, as a type.
pub(crate) trait Purpose {
    /// The scope that a key needs for it.
    const SCOPE: Scope;
}

/// See [`Scope::Read`].
pub(crate) enum Read {}
/// See [`Scope::Propose`].
pub(crate) enum Propose {}
/// See [`Scope::Decide`].
pub(crate) enum Decide {}
/// See [`Scope::Admin`].
pub(crate) enum Admin {}

impl Purpose for Read {
    const SCOPE: Scope = Scope::Read;
}

impl Purpose for Propose {
    const SCOPE: Scope = Scope::Propose;
}

impl Purpose for Decide {
    const SCOPE: Scope = Scope::Decide;
}

impl Purpose for Admin {
    const SCOPE: Scope = Scope::Admin;
}

impl Person {
    /// The person as an actor in a workspace. A foreign one answers like an unknown one.
    pub(crate) async fn enter(self, workspace: &Named) -> Result<Entered, Problem> {
        let Self { services, signed_in, token, .. } = self;
        Entered::new(services, Credential::Session { signed_in, token }, workspace).await
    }
}

impl Caller {
    /// As an actor in a workspace. To a key or token, every workspace but its own answers like an unknown one.
    pub(crate) async fn enter<S: Purpose>(self, workspace: &Named) -> Result<Entered, Problem> {
        let entered = self.enter_for_anything(workspace).await?;
        entered.covers(S::SCOPE)?;
        Ok(entered)
    }

    async fn enter_for_anything(self, workspace: &Named) -> Result<Entered, Problem> {
        let Self { services, credential, .. } = self;
        let own = credential.workspace();
        let entered = Entered::new(services, credential, workspace).await?;
        if own.is_some_and(|own| own != entered.actor.workspace) {
            return Err(Error::not_found("workspace").into());
        }
        Ok(entered)
    }

    /// As an actor in the workspace that the request names, with what vouches for an access token: a session, or a key. A token
    /// cannot mint another.
    pub(crate) async fn minting(mut self) -> Result<(Entered, Voucher), Problem> {
        let voucher = match &self.credential {
            Credential::Session { signed_in, .. } => Voucher::Session(signed_in.clone()),
            Credential::Key { key, .. } => Voucher::Key(key.clone()),
            Credential::Nothing | Credential::Refused(_) | Credential::Token(_) => {
                return Err(Error::unauthorized().into());
            }
        };
        let workspace = self.workspace()?;
        Ok((self.enter_for_anything(&workspace).await?, voucher))
    }

    /// As somebody who looks at pictures, which belong to no workspace that a page could name: whoever reads may.
    pub(crate) fn viewer(self) -> Result<(Services, Viewer), Error> {
        let Self { services, credential, .. } = self;
        covers(&credential, Scope::Read)?;
        let user = credential.user().ok_or_else(Error::unauthorized)?;
        let viewer = Viewer { user, only: credential.workspace(), has_second_factor: credential.has_second_factor() };
        Ok((services, viewer))
    }

    /// The workspace that the request is about. Clients that name none mean the one that they used last; a key or token has only
    /// one.
    fn workspace(&mut self) -> Result<Named, Error> {
        let implied = match &self.credential {
            Credential::Session { signed_in, .. } => signed_in.session.active_organization_id,
            other => other.workspace(),
        };
        self.workspace.take().or(implied.map(Named::Id)).ok_or_else(|| {
            Error::invalid("X-Workspace-Id", "required", "Name a workspace: its id in the header X-Workspace-Id.")
        })
    }
}

impl Entered {
    async fn new(services: Services, credential: Credential, workspace: &Named) -> Result<Self, Problem> {
        let actor = credential.actor(&services, workspace).await?;
        Span::current().record("workspace_id", actor.workspace.to_string());
        Ok(Self { services, actor, credential })
    }

    /// Refuses a key that is not for this, and its tokens. Sessions and theirs are for everything that the person's role allows.
    pub(crate) fn covers(&self, scope: Scope) -> Result<(), Error> {
        covers(&self.credential, scope)
    }

    /// Refuses a key that would make somebody mightier than a key is to be: who decides, makes keys and lets others in is a
    /// person's choice. Otherwise a key could make itself an owner, by an invitation to somebody who holds it.
    pub(crate) fn may_give(&self, role: Role) -> Result<(), Error> {
        if self.credential.key().is_some() && (role.can_decide() || role.can_manage_members()) {
            let why = format!("An API key cannot make somebody {role}. Ask for it yourself, signed in.");
            return Err(Error::forbidden(why));
        }
        Ok(())
    }

    /// Whether this one may go on reading a stream.
    pub(crate) fn welcome(&self) -> Welcome {
        Welcome::new(self.services.clone(), self.credential.clone(), self.actor)
    }
}

fn covers(credential: &Credential, scope: Scope) -> Result<(), Error> {
    match credential.key() {
        Some(key) if !key.scopes.contains(&scope) => {
            let has = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
            let why = format!("This needs an API key with the scope “{scope}”; this one has: {has}.");
            Err(Error::forbidden(why))
        }
        _ => Ok(()),
    }
}

impl<S> Member<S> {
    /// For what outlives the handler.
    pub(crate) fn into_inner(self) -> Entered {
        self.0
    }
}

impl<S> Deref for Member<S> {
    type Target = Entered;

    fn deref(&self) -> &Entered {
        &self.0
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
        let RequestContext { services, origin, .. } = context;
        Ok(Self { services, signed_in, token, origin })
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Anyone(context) = Anyone::from_request_parts(parts, state).await?;
        let credential = parts.extensions.get::<Credential>().cloned().unwrap_or(Credential::Nothing);
        match &credential {
            Credential::Refused(why) => return Err(Error::new(Code::Unauthorized, *why).into()),
            Credential::Nothing => return Err(Error::unauthorized().into()),
            Credential::Session { .. } | Credential::Key { .. } | Credential::Token(_) => {}
        }
        Ok(Self { services: context.services, credential, workspace: context.workspace })
    }
}

impl<S: Sync, P: Purpose> FromRequestParts<S> for Member<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut caller = Caller::from_request_parts(parts, state).await?;
        let workspace = caller.workspace()?;
        Ok(Self(caller.enter::<P>(&workspace).await?, PhantomData))
    }
}
