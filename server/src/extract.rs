//! What handlers take from a request. What cannot be taken is the client's mistake, and the answer names the field.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use bytes::Bytes;
use hyvve_domain::{Error, canonical};
use serde::{Deserialize, de::DeserializeOwned};

use crate::problem::Problem;

/// A JSON body. A missing one is an empty object; whether unknown fields are refused is up to the type.
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON body in which nothing can be read in two ways.
pub(crate) struct Strict<T>(pub(crate) T);

/// The query, of which every route takes what it knows.
pub(crate) struct Query<T>(pub(crate) T);

/// Ids in the path. One that cannot be an id is as unknown as one that is not there.
pub(crate) struct Ids<T>(pub(crate) T);

/// No body, or one that says nothing: a field is refused here as everywhere, and nobody believes that it was heard.
pub(crate) struct Empty;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl<S: Send + Sync> FromRequest<S> for Empty {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Json::<Nothing>::from_request(request, state).await.map(|_| Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let incomplete = |_| Error::invalid("body", "complete", "The body ended too early.");
        let bytes = Bytes::from_request(request, state).await.map_err(incomplete)?;
        let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes.as_ref() };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|e| refused(&e))?;
        json.end().map_err(|e| malformed(&e))?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let incomplete = |_| Error::invalid("body", "complete", "The body ended too early.");
        let text = String::from_request(request, state).await.map_err(incomplete)?;
        let unclear = |e: String| {
            Error::invalid("body", "json", format!("The body is not JSON that everybody reads alike: {e}."))
        };
        let value = canonical::parse_strict(if text.trim().is_empty() { "{}" } else { &text }).map_err(unclear)?;
        let body = serde_path_to_error::deserialize(value).map_err(|e| {
            let (path, inner) = (e.path().to_string(), e.into_inner().to_string());
            field_error(&path, &inner)
        })?;
        Ok(Self(body))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        form(query).map(Self).map_err(Problem::from)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(ids) = Path::from_request_parts(parts, state).await.map_err(|_| Problem::no_such_address())?;
        Ok(Self(ids))
    }
}

/// Reads `key=value&…`.
pub(crate) fn form<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|e| {
        let (path, inner) = (e.path().to_string(), e.into_inner().to_string());
        field_error(&path, &inner)
    })
}

fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    match error.inner().classify() {
        serde_json::error::Category::Data => field_error(&error.path().to_string(), &error.inner().to_string()),
        _ => malformed(error.inner()),
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    let place = format!("line {}, column {}", error.line(), error.column());
    Error::invalid("body", "json", format!("The body is not JSON: see {place}."))
}

/// From serde's words, of which only the field's name and what was expected are passed on.
fn field_error(path: &str, said: &str) -> Error {
    let named = said.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| match path {
        "" | "." | "?" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    let said = said.split(" at line ").next().unwrap_or_default();
    let (field, constraint, message) = match said {
        _ if said.starts_with("missing field") => (inside(named), "required", "This field is missing.".to_owned()),
        _ if said.starts_with("unknown field") => (inside(named), "unknown", "There is no such field.".to_owned()),
        _ if said.starts_with("duplicate field") => (inside(named), "once", "This field is there twice.".to_owned()),
        _ => {
            let expected = said.rsplit_once("expected ").map(|(_, what)| format!(" Expected {what}."));
            let field = if matches!(path, "" | "." | "?") { "body" } else { path };
            (field.to_owned(), "type", format!("This is not what belongs here.{}", expected.unwrap_or_default()))
        }
    };
    Error::invalid(&field, constraint, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is looked at")]
    struct Order {
        id: u32,
        lines: Option<Vec<Line>>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsing is looked at")]
    struct Line {
        count: u32,
    }

    fn complaint(body: &str) -> (String, String) {
        let mut json = serde_json::Deserializer::from_str(body);
        let error = serde_path_to_error::deserialize::<_, Order>(&mut json).err().map(|e| refused(&e));
        let details = error.and_then(|e| e.details).unwrap_or_default();
        let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
        (text("field"), text("constraint"))
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_by_field() {
        for (body, field, constraint) in [
            ("{", "body", "json"),
            ("[]", "body", "type"),
            ("{}", "id", "required"),
            (r#"{"id":"one"}"#, "id", "type"),
            (r#"{"id":1,"id":2}"#, "id", "once"),
            (r#"{"id":1,"extra":2}"#, "extra", "unknown"),
            (r#"{"id":1,"lines":[{"count":1},{}]}"#, "lines[1].count", "required"),
            (r#"{"id":1,"lines":[{"count":-1}]}"#, "lines[0].count", "type"),
            (r#"{"id":1,"lines":[{"count":1,"extra":1}]}"#, "lines[0].extra", "unknown"),
        ] {
            assert_eq!(complaint(body), (field.to_owned(), constraint.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_query_is_said_by_field() {
        assert_eq!(form::<Order>("id=x").err().as_ref().and_then(Error::field), Some("id"));
        assert_eq!(form::<Order>("").err().as_ref().and_then(Error::field), Some("id"));
    }
}
