//! How often the API may be called: so often by each person, with each key, and from each network.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::{
    auth::access_tokens::Voucher,
    limits::{Door, Network, Subject},
};

use crate::{asking::Anyone, guard::Credential, problem::Problem};

/// What a load balancer asks all the time.
const HEALTH: &str = "/health";
/// Where the pages' own calls go.
const SERVER_FUNCTIONS: &str = "/_fn/";
/// A page for programs' authors, of every route: making it costs more than answering a call.
const API_PAGE: &str = "/api/docs";

/// Counts a call for whoever shows a credential, or for the network that nobody has signed in from.
pub(crate) async fn calls(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    if request.uri().path() == HEALTH {
        return next.run(request).await;
    }
    count(&asking, request, next).await
}

/// The same in front of pages, of which only the server functions are calls, and the page of all routes counts as one.
pub(crate) async fn server_functions(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with(SERVER_FUNCTIONS) && path != API_PAGE {
        return next.run(request).await;
    }
    count(&asking, request, next).await
}

/// Sessions of a person are that person. What leaves the person's hands is counted by itself: whoever has got hold of a key
/// must not be able to keep its owner from revoking it.
fn caller(asking: &RequestContext, credential: Option<&Credential>) -> Subject<'static> {
    match credential {
        Some(Credential::Session { signed_in, .. }) => Subject::Person(signed_in.user.id),
        Some(Credential::Key { key, .. }) => Subject::Key(key.id),
        Some(Credential::Token(bearer)) => match &bearer.voucher {
            Voucher::Session(who) => Subject::Tokens(who.session.id),
            Voucher::Key(key) => Subject::Key(key.id),
        },
        Some(Credential::Nothing | Credential::Refused(_)) | None => {
            Subject::Network(Network::of(asking.origin.ip.as_deref()))
        }
    }
}

async fn count(asking: &RequestContext, request: Request, next: Next) -> Response {
    let subject = caller(asking, request.extensions().get());
    match asking.services.limits.enter(Door::Api, &[subject]).await {
        Ok(pass) => pass.keep(),
        Err(error) => return Problem::from(error).into_response(),
    }
    next.run(request).await
}
