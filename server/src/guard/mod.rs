//! What stands in front of every route: the request's id, its size, where it comes from, who is asking, how often, and
//! whether it was asked for before.

mod body;
mod cookie;
mod cors;
mod credential;
mod cross_site;
mod headers;
mod host;
pub(crate) mod limit;
pub(crate) mod once;
mod origin;
mod request_id;
mod welcome;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyvve_app::context::RequestContext;
use hyvve_domain::{Error, audit::Source, auth::sessions, workspaces::service::Named};
use tracing::Span;

pub(crate) use self::{
    body::{Unread, whole},
    cors::cors,
    credential::Credential,
    headers::harden,
    request_id::{RequestId, trace},
    welcome::{CHECK, Welcome},
};
use crate::{problem::Problem, state::AppState};

/// The header that names the workspace of a call.
const WORKSPACE: &str = "x-workspace-id";

/// Finds out who is asking, and turns away what another site's page may have sent, or was sent to another site's name. What it
/// found out is in the request's extensions, for handlers, pages and server functions alike.
pub(crate) async fn identify(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match context(&state, &parts).await {
        Ok((context, credential)) => {
            let again = renewed(&credential, context.secure_cookies);
            parts.extensions.insert(context);
            parts.extensions.insert(credential);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(cookie) = again.filter(|_| may_carry_a_session(response.headers())) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The cookie of a session whose end was moved, for the browser to keep it as long.
fn renewed(credential: &Credential, secure: bool) -> Option<HeaderValue> {
    let Credential::Session { signed_in, token } = credential else { return None };
    HeaderValue::try_from(sessions::set_cookie_again(&signed_in.session, token, secure)?).ok()
}

/// Not what others may keep, and not beside another cookie: one that ends the session, or begins the next, is the last word.
fn may_carry_a_session(headers: &HeaderMap) -> bool {
    let kept = headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok());
    !headers.contains_key(header::SET_COOKIE) && !kept.is_some_and(|kept| kept.contains("public"))
}

async fn context(state: &AppState, parts: &Parts) -> Result<(RequestContext, Credential), Error> {
    let headers = &parts.headers;
    if state.is_local && !host::is_ours(hyvve_app::context::host(parts).as_deref(), state.public_url.as_ref()) {
        let why = "This server does not go by this name. Whoever runs it can give it one with HYVVE_PUBLIC_URL.";
        return Err(Error::forbidden(why));
    }
    let has_key = credential::has_key(headers);
    if !has_key && cross_site::is_suspect(&parts.method, headers, state.public_url.as_ref()) {
        return Err(Error::forbidden("This request came from another site and was refused."));
    }
    if has_nul(&parts.uri) {
        return Err(Error::invalid("url", "noNul", "An address cannot contain a NUL character."));
    }
    let origin = origin::origin(parts, &state.trusted_proxies, state.services.settings.secure_cookies);
    let credential = Credential::of(&state.services, headers, &origin).await?;
    if let Some(user) = credential.user() {
        Span::current().record("user_id", user.to_string());
    }
    let (signed_in, token) = match &credential {
        Credential::Session { signed_in, token } => (Some(signed_in.clone()), Some(token.clone())),
        Credential::Nothing | Credential::Refused(_) | Credential::Key { .. } | Credential::Token(_) => (None, None),
    };
    let api_key = credential.key().map(|key| key.id);
    let source = Source { ip: origin.ip.clone(), user_agent: origin.user_agent.clone(), api_key };
    let mut services = state.services.clone();
    services.db = services.db.asked_from(source);
    let context = RequestContext {
        secure_cookies: services.settings.secure_cookies,
        services,
        token,
        signed_in,
        origin,
        workspace: workspace(headers, &parts.uri),
        request_id: parts.extensions.get::<RequestId>().cloned().unwrap_or_default().into(),
    };
    Ok((context, credential))
}

/// The workspace that the call names: in the header, or, where there can be none (`EventSource`), in the query.
fn workspace(headers: &HeaderMap, uri: &Uri) -> Option<Named> {
    let in_header = headers.get(WORKSPACE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = in_header.or_else(|| {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
        pairs.into_iter().find_map(|(key, value)| (key == "workspace").then_some(value))
    })?;
    Some(match name.parse() {
        Ok(id) => Named::Id(id),
        Err(_) => Named::Slug(name),
    })
}

/// PostgreSQL's text cannot hold it, and nobody means it.
fn has_nul(uri: &Uri) -> bool {
    uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00"))
}
