//! Who is asking: what the server's guard found out about a request, for pages and server functions.

use http::{HeaderMap, header, request::Parts};
use hyvve_domain::{
    Actor, Code, Error,
    auth::{Origin, SignedIn, User, sessions::Token},
    services::Services,
    workspaces::{self, service::Named},
};
use leptos::prelude::use_context;

use crate::ApiError;

/// What the guard puts into the extensions of every request.
#[derive(Clone)]
pub struct RequestContext {
    /// What every use case stands on.
    pub services: Services,
    /// The person, when the session is good.
    pub signed_in: Option<SignedIn>,
    /// The session's secret, for signing out.
    pub token: Option<Token>,
    /// Where the request comes from.
    pub origin: Origin,
    /// The workspace that a header or the query names.
    pub workspace: Option<Named>,
    /// Stands in every log line and error.
    pub request_id: String,
    /// The session cookie is only sent over https.
    pub secure_cookies: bool,
}

/// The running request.
pub fn request() -> Result<RequestContext, ApiError> {
    let parts = parts()?;
    let missing = || Error::internal("no request context: is the guard in front of this route?");
    Ok(parts.extensions.get::<RequestContext>().cloned().ok_or_else(missing)?)
}

/// The signed-in person, or 401.
pub fn person() -> Result<(RequestContext, User), ApiError> {
    let request = request()?;
    let user = request.signed_in.as_ref().map(|s| s.user.clone()).ok_or_else(Error::unauthorized)?;
    Ok((request, user))
}

/// The signed-in person with the session that asks, or 401.
pub fn signed_in() -> Result<(Services, SignedIn), ApiError> {
    let request = request()?;
    let who = request.signed_in.ok_or_else(Error::unauthorized)?;
    Ok((request.services, who))
}

/// The signed-in person as an actor in the page's workspace; a foreign workspace answers like an unknown one.
pub async fn actor() -> Result<(Services, Actor), ApiError> {
    let request = request()?;
    let who = request.signed_in.as_ref().ok_or_else(Error::unauthorized)?;
    let named = workspace(&request)?.ok_or_else(|| Error::new(Code::ValidationError, "No workspace was named."))?;
    let actor = workspaces::service::actor(&request.services, who, &named).await?;
    Ok((request.services, actor))
}

/// The workspace that the request is about: named by the call itself, by the page's address, or, for a form that was
/// posted without JavaScript, by the address of the page that it stood on.
fn workspace(request: &RequestContext) -> Result<Option<Named>, ApiError> {
    let parts = parts()?;
    let referer = || header_text(&parts.headers, header::REFERER).as_deref().and_then(|url| slug(path_of(url)));
    let from_address = || slug(parts.uri.path()).or_else(referer).map(Named::Slug);
    Ok(request.workspace.clone().or_else(from_address))
}

/// The request's head.
pub(crate) fn parts() -> Result<Parts, ApiError> {
    use_context::<Parts>().ok_or_else(|| Error::internal("no request is running here").into())
}

pub(crate) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The host that a request was sent to, as the browser names it.
pub fn host(parts: &Parts) -> Option<String> {
    let in_address = parts.uri.authority().map(ToString::to_string);
    in_address.or_else(|| header_text(&parts.headers, header::HOST))
}

/// The value of a cookie that the request carries. What is no text among those of others at this host hides none of ours.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut pairs = all.filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Path and query of an absolute address; of a relative one, itself.
pub(crate) fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => url,
    }
}

/// The slug in `/w/{slug}/…`.
pub(crate) fn slug(path: &str) -> Option<String> {
    let rest = path.strip_prefix("/w/")?;
    let slug = rest.split(['/', '?', '#']).next()?;
    (!slug.is_empty()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{path_of, slug};

    #[test]
    fn a_page_s_address_names_its_workspace() {
        assert_eq!(slug("/w/acme/approvals?tab=all").as_deref(), Some("acme"));
        assert_eq!(slug("/w/acme").as_deref(), Some("acme"));
        assert_eq!(slug(path_of("https://hyvve.example:8080/w/acme?x=/w/other")).as_deref(), Some("acme"));
        assert_eq!(slug("/sign-in?next=/w/acme"), None);
        assert_eq!(slug("/w/"), None);
        assert_eq!(path_of("https://hyvve.example"), "/");
    }
}
