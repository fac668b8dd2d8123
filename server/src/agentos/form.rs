//! Forms as AgentOS's clients send them: multipart, or urlencoded.

use axum::{
    extract::{FromRequest, Multipart, Request},
    http::header,
};
use bytes::Bytes;
use hyvve_domain::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{
    extract,
    openapi::part::{Body, FORM, Part, Takes, sent},
    problem::Problem,
};

/// A form. Unknown fields are ignored, and an empty field counts as missing, as AgentOS has it.
pub(crate) struct Form<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
        let text = match kind {
            Some(kind) if kind.starts_with(b"multipart/form-data") => multipart(request, state).await?,
            _ => {
                let bytes = Bytes::from_request(request, state).await.map_err(|_| broken())?;
                encode(form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned())))
            }
        };
        extract::form(&text).map(Self).map_err(Problem::from)
    }
}

impl<T: JsonSchema> Part for Form<T> {
    fn describe(takes: &mut Takes) {
        takes.body = Some(Body { media: FORM, schema: sent::<T>() });
    }
}

async fn multipart<S: Send + Sync>(request: Request, state: &S) -> Result<String, Error> {
    let mut parts = Multipart::from_request(request, state).await.map_err(|_| broken())?;
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        if part.file_name().is_some_and(|file| !file.is_empty()) {
            return Err(Error::invalid(&name, "noFiles", "Agents do not take files yet."));
        }
        fields.push((name, part.text().await.map_err(|_| broken())?));
    }
    Ok(encode(fields.into_iter()))
}

fn encode(fields: impl Iterator<Item = (String, String)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields.filter(|(_, value)| !value.is_empty())).finish()
}

fn broken() -> Error {
    Error::invalid("body", "form", "The body is not a form.")
}

/// A yes or no in the spellings that Python's clients send.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(serde::de::Error::custom("expected true or false")),
    }
}

/// What AgentOS takes for granted.
pub(super) const fn yes() -> bool {
    true
}
