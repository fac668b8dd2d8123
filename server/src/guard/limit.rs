//! How often the API may be called: so often by each person, from each network, and about a workspace's AI providers.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::{
    limits::{Door, Network, Subject},
    services::Services,
};

use crate::{
    asking::{Anyone, Member},
    problem::Problem,
};

/// What a load balancer asks all the time.
const HEALTH: &str = "/health";
/// Where the pages' own calls go.
const SERVER_FUNCTIONS: &str = "/_fn/";

/// Counts a call for the person, or for the network that nobody has signed in from.
pub(crate) async fn calls(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    if request.uri().path() == HEALTH {
        return next.run(request).await;
    }
    enter(&asking.services, Door::Api, caller(&asking), request, next).await
}

/// The same in front of pages, of which only the server functions are calls.
pub(crate) async fn server_functions(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(SERVER_FUNCTIONS) {
        return next.run(request).await;
    }
    enter(&asking.services, Door::Api, caller(&asking), request, next).await
}

/// Counts a call about AI providers for the workspace that it names.
pub(crate) async fn ai_providers(asking: Member, request: Request, next: Next) -> Response {
    enter(&asking.services, Door::AiProviders, Subject::Workspace(asking.actor.workspace), request, next).await
}

fn caller(asking: &RequestContext) -> Subject<'static> {
    match &asking.signed_in {
        Some(signed_in) => Subject::Person(signed_in.user.id),
        None => Subject::Network(Network::of(asking.origin.ip.as_deref())),
    }
}

async fn enter(services: &Services, door: Door, subject: Subject<'_>, request: Request, next: Next) -> Response {
    match services.limits.enter(door, &[subject]).await {
        Ok(pass) => pass.keep(),
        Err(error) => return Problem::from(error).into_response(),
    }
    next.run(request).await
}
