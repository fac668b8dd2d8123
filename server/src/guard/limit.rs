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
    asking::{Anyone, Entered},
    guard::Credential,
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
    let subject = caller(&asking, &request);
    enter(&asking.services, Door::Api, subject, request, next).await
}

/// The same in front of pages, of which only the server functions are calls.
pub(crate) async fn server_functions(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(SERVER_FUNCTIONS) {
        return next.run(request).await;
    }
    let subject = caller(&asking, &request);
    enter(&asking.services, Door::Api, subject, request, next).await
}

/// Counts a call about AI providers for the workspace that it names.
pub(crate) async fn ai_providers(asking: Entered, request: Request, next: Next) -> Response {
    enter(&asking.services, Door::AiProviders, Subject::Workspace(asking.actor.workspace), request, next).await
}

/// Sessions and keys of a person are that person.
fn caller(asking: &RequestContext, request: &Request) -> Subject<'static> {
    match request.extensions().get::<Credential>().and_then(Credential::user) {
        Some(user) => Subject::Person(user),
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
