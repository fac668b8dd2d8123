//! Requests that are sent again: whoever names an `Idempotency-Key` gets the first reply to it instead of a second effect.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::{
    Error, canonical,
    idempotency::{self, Asked, Claim, Key},
    services::Services,
    workspaces::service::Named,
};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use crate::{asking::Anyone, guard::Credential, problem::Problem};

const HEADER: &str = "idempotency-key";
/// Says that a reply is an earlier one.
const REPLAYED: &str = "idempotent-replayed";
/// better-auth's own client sends no keys, and its replies set cookies.
const EXEMPT: &str = "/api/auth/";
/// No reply to a request that changes something is larger.
const REPLY_MAX: usize = 16 << 20;

/// A reply, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kept {
    Reply { status: u16, body: String },
    Problem(Problem),
}

/// Lets a request through that carries no key, reads only, or comes from nobody in particular. For all others see
/// [`hyvve_domain::idempotency`].
pub(crate) async fn once(Anyone(asking): Anyone, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let credential = parts.extensions.get::<Credential>();
    let user = credential.and_then(Credential::user).filter(|_| is_concerned(&parts));
    let (Some(key), Some(user)) = (parts.headers.get(HEADER), user) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let key = key.to_str().unwrap_or_default();
    // The guard has read it already, and found it small enough.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::from(Error::invalid("body", "complete", "The body ended too early.")).into_response();
    };
    let found = match Key::new(user, &space(&asking, credential), key, &fingerprint(&parts, &bytes)) {
        Ok(key) => idempotency::begin(&asking.services, &key).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(Asked::First(claim)) => {
            let (mut asking, services) = (asking.clone(), asking.services);
            asking.services.db = asking.services.db.asked_once(claim.clone());
            let mut request = Request::from_parts(parts, Body::from(bytes));
            request.extensions_mut().insert(asking);
            // To its end even if the client does not wait for it: it will ask again.
            let work = async move { settle(&services, &claim, next.run(request).await).await };
            let done = tokio::spawn(work.in_current_span()).await;
            done.unwrap_or_else(|error| Problem::from(Error::internal(error)).into_response())
        }
        Ok(Asked::Again(kept)) => again(&kept).unwrap_or_else(IntoResponse::into_response),
        Err(error) => Problem::from(error).into_response(),
    }
}

fn is_concerned(parts: &Parts) -> bool {
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    !reads && !parts.uri.path().starts_with(EXEMPT)
}

/// What keys of one person are told apart by: the workspace that the request is about, and whether the person sends it or a
/// program with an API key, which is answered nothing that was for the person.
fn space(asking: &RequestContext, credential: Option<&Credential>) -> String {
    if let Some(key) = credential.and_then(Credential::key) {
        return format!("key {}", key.id);
    }
    match (credential.and_then(Credential::workspace), &asking.workspace) {
        (Some(id), _) => id.to_string(),
        (None, Some(Named::Id(id))) => id.to_string(),
        (None, Some(Named::Slug(slug))) => slug.clone(),
        (None, None) => String::new(),
    }
}

/// The request, in bytes that do not depend on how its JSON is spelled.
fn fingerprint(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let address = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |address| address.as_str());
    let mut all = format!("{} {address}\n", parts.method).into_bytes();
    let json = str::from_utf8(body).ok().and_then(|text| canonical::parse_strict(text).ok());
    match json.and_then(|value| canonical::to_vec(&value).ok()) {
        Some(canonical) => all.extend(canonical),
        None => all.extend(body),
    }
    all
}

/// Keeps the reply, or gives the key back where the request failed and changed nothing.
async fn settle(services: &Services, claim: &Claim, response: Response) -> Response {
    let problem = response.extensions().get::<Problem>().cloned();
    if problem.is_some() || !response.status().is_success() {
        match idempotency::give_back(services, claim).await {
            Ok(true) => return response,
            Ok(false) => {}
            Err(error) => return unkept(&error, response),
        }
    }
    let (kept, response) = match problem {
        Some(problem) => (Kept::Problem(problem), response),
        None => match read(response).await {
            Ok((status, body, response)) => (Kept::Reply { status, body }, response),
            Err(response) => return response,
        },
    };
    let kept = serde_json::to_string(&kept).map_err(Error::internal);
    let done = match kept {
        Ok(text) => idempotency::keep(services, claim, text).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => response,
        Err(error) => unkept(&error, response),
    }
}

/// What was asked for is done: whoever waits hears so, whatever became of the reply that was to be kept.
fn unkept(error: &Error, response: Response) -> Response {
    tracing::warn!(error.message = %error, "the reply to a request with an idempotency key was not kept");
    response
}

/// Takes the text out of a reply, and puts it in again.
async fn read(response: Response) -> Result<(u16, String, Response), Response> {
    let (parts, body) = response.into_parts();
    let bytes = match to_bytes(body, REPLY_MAX).await {
        Ok(bytes) => bytes,
        Err(error) => return Err(Problem::from(Error::internal(error)).into_response()),
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((parts.status.as_u16(), text, Response::from_parts(parts, Body::from(bytes))))
}

/// An earlier reply, once more.
fn again(kept: &str) -> Result<Response, Problem> {
    let mut response = match serde_json::from_str(kept).map_err(Error::internal)? {
        Kept::Problem(problem) => problem.into_response(),
        Kept::Reply { status, body } => {
            let status = StatusCode::from_u16(status).map_err(Error::internal)?;
            let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (status, json, Bytes::from(body)).into_response()
        }
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
