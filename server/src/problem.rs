//! The one place where an error becomes an HTTP reply.
//!
//! A handler answers with a [`Problem`]; which body that becomes depends on who reads it (see [`Surface`]), and is written
//! by [`render`] on the way out, so that every error carries the request's id and none carries a cause.

use std::{any::Any, borrow::Cow};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use html_escape::encode_text;
use hyvve_app::flash::Flash;
use hyvve_domain::{Code, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::guard::RequestId;

/// The header by which server functions mark an error. They always answer 500, whatever the error is.
const SERVER_FN_ERROR: &str = "serverfnerror";
/// No error of ours is longer.
const ERROR_MAX: usize = 64 << 10;

/// An error on its way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    status: u16,
    code: Cow<'static, str>,
    message: String,
    details: Option<Value>,
}

impl Problem {
    /// There is nothing at this address.
    pub(crate) fn no_such_address() -> Self {
        Error::not_found("address").into()
    }

    /// The same for a page that a form goes on to.
    pub(crate) fn flash(self) -> Flash {
        let field = self.details.as_ref().and_then(|details| details.get("field")?.as_str().map(str::to_owned));
        Flash { message: self.message, field, ..Flash::default() }
    }

    /// There is something, but not for this method.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "This address does not take this method.".to_owned();
        Self { status: 405, code: Cow::Borrowed("METHOD_NOT_ALLOWED"), message, details: None }
    }

    /// Something of ours broke; the panic itself is in the log.
    pub(crate) fn of_panic(_panic: Box<dyn Any + Send>) -> Response {
        Self::from(Error::new(Code::InternalError, "Something went wrong on our side.")).into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = Cow::Borrowed(error.code.as_str());
        Self { status: error.code.status(), code, message: error.message, details: error.details }
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The message, which names the field where there is one: AgentOS's clients have no other place for it.
    fn detail(&self) -> Cow<'_, str> {
        let field = self.details.as_ref().and_then(|details| details["field"].as_str());
        match field.filter(|field| !self.message.contains(field)) {
            Some(field) => Cow::Owned(format!("{field}: {}", self.message)),
            None => Cow::Borrowed(&self.message),
        }
    }
}

/// The body comes later; until then the reply carries the problem itself.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Who reads the error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Surface {
    /// HYVVE's own REST API.
    Api,
    /// better-auth's client.
    Auth,
    /// HYVVE's own pages, calling server functions.
    ServerFn,
    /// A person, whose browser asked for a page.
    Page,
    /// AgentOS's clients, at the root.
    AgentOs,
}

impl Surface {
    fn of(path: &str, headers: &HeaderMap) -> Self {
        let below =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match () {
            () if below("/api/auth") => Self::Auth,
            () if below("/api") => Self::Api,
            () if below("/_fn") => Self::ServerFn,
            () if wants_page(headers) => Self::Page,
            () => Self::AgentOs,
        }
    }

    /// The reply's body, and what it is.
    fn body(self, problem: &Problem, id: &RequestId) -> (String, HeaderValue) {
        if self == Self::Page {
            return (page(problem, id), HeaderValue::from_static("text/html; charset=utf-8"));
        }
        (self.json(problem, id).to_string(), HeaderValue::from_static("application/json"))
    }

    fn json(self, problem: &Problem, id: &RequestId) -> Value {
        let Problem { code, message, details, .. } = problem;
        let mut body = match self {
            Self::Api => json!({ "error": { "code": code, "message": message, "requestId": id.as_str() } }),
            Self::Auth | Self::ServerFn => json!({ "code": code, "message": message }),
            Self::Page | Self::AgentOs => json!({ "detail": problem.detail(), "error_code": code }),
        };
        match (self, details) {
            (Self::Api, Some(details)) => body["error"]["details"] = details.clone(),
            (Self::ServerFn, Some(details)) => body["details"] = details.clone(),
            _ => {}
        }
        body
    }
}

/// Whether a browser wants to show what comes.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// A page for when HYVVE's own cannot be made: it needs nothing but itself.
fn page(problem: &Problem, id: &RequestId) -> String {
    let (message, id) = (encode_text(&problem.message), encode_text(id.as_str()));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>HYVVE</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"></head>\
         <body><main><h1>{message}</h1><p><a href=\"\">Try again</a> or go to <a href=\"/\">the start</a>.</p>\
         <p>If it stays like this, tell whoever runs HYVVE this number: <code>{id}</code></p></main></body></html>"
    )
}

/// Writes the bodies of problems, and gives errors of server functions their status.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let surface = Surface::of(request.uri().path(), request.headers());
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return write(surface, &problem, &id, response);
    }
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && response.headers().contains_key(SERVER_FN_ERROR) {
        return with_its_status(response).await;
    }
    response
}

/// Keeps what the reply already says, such as `Allow`.
fn write(surface: Surface, problem: &Problem, id: &RequestId, response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let (body, kind) = surface.body(problem, id);
    parts.headers.insert(header::CONTENT_TYPE, kind);
    if let Some(seconds) = retry_after(problem) {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, Body::from(body))
}

/// Seconds after which the same request may work.
fn retry_after(problem: &Problem) -> Option<u64> {
    let told = problem.details.as_ref().and_then(|details| details.get("retryAfter")).and_then(Value::as_u64);
    told.or((problem.status == 503).then_some(1))
}

async fn with_its_status(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ERROR_MAX).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<Error>(&bytes) {
        let problem = Problem::from(error);
        parts.status = problem.status();
        if let Some(seconds) = retry_after(&problem) {
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_gets_the_error_in_its_own_words() {
        let problem = Problem::from(Error::invalid("email", "isEmail", "No."));
        let program = HeaderMap::new();
        let body = |path| Surface::of(path, &program).json(&problem, &RequestId::from("r-1"));
        let details = json!({ "field": "email", "constraint": "isEmail" });
        assert_eq!(
            body("/api/approvals"),
            json!({ "error": { "code": "VALIDATION_ERROR", "message": "No.", "details": details, "requestId": "r-1" } })
        );
        assert_eq!(body("/api/auth/sign-in/email"), json!({ "code": "VALIDATION_ERROR", "message": "No." }));
        assert_eq!(body("/_fn/decide1"), json!({ "code": "VALIDATION_ERROR", "message": "No.", "details": details }));
        assert_eq!(body("/agents"), json!({ "detail": "email: No.", "error_code": "VALIDATION_ERROR" }));
        assert_eq!(Surface::of("/apiary", &program), Surface::AgentOs);
        let browser = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"))]);
        assert_eq!(Surface::of("/api/approvals", &browser), Surface::Api);
        let problem = Problem::from(Error::invalid("name", "isName", "“<b>” is no name."));
        let (page, _) = Surface::of("/w/acme", &browser).body(&problem, &RequestId::from("r-1"));
        assert!(page.contains("<h1>“&lt;b&gt;” is no name.</h1>"), "{page}");
    }
}
