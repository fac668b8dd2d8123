//! Forms as AgentOS's clients send them: multipart, or urlencoded.

use axum::{
    extract::{FromRequest, Multipart, Request},
    http::header,
};
use bytes::Bytes;
use hyvve_domain::{Error, agents::images};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::json;

use crate::{
    extract,
    guard::Unread,
    openapi::part::{Body, FORM, Part, Takes, sent},
    problem::Problem,
};

/// A form. Unknown fields are ignored, and an empty field counts as missing, as AgentOS has it.
pub(crate) struct Form<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (text, files) = read(request, state).await?;
        if let Some((field, _)) = files.first() {
            return Err(Error::invalid(field, "noFiles", "Files come with a message, and with nothing else.").into());
        }
        extract::form(&text).map(Self).map_err(Problem::from)
    }
}

/// The same with images, in its field `files`.
pub(crate) struct WithImages<T> {
    pub(crate) form: T,
    /// Files, as they came.
    pub(crate) images: Vec<Vec<u8>>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for WithImages<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        if let Some(Unread(error)) = request.extensions_mut().remove() {
            return Err(error.into());
        }
        let (text, files) = read(request, state).await?;
        let mut images = Vec::with_capacity(files.len());
        for (field, file) in files {
            if !["files", "files[]"].contains(&field.as_str()) {
                return Err(Error::invalid(&field, "noFiles", "Images come in the field files.").into());
            }
            images.push(file.into());
        }
        Ok(Self { form: extract::form(&text)?, images })
    }
}

impl<T: JsonSchema> Part for Form<T> {
    fn describe(takes: &mut Takes) {
        takes.body = Some(Body { media: FORM, schema: sent::<T>() });
    }
}

impl<T: JsonSchema> Part for WithImages<T> {
    fn describe(takes: &mut Takes) {
        let mut schema = sent::<T>();
        schema["properties"]["files"] = json!({
            "type": "array",
            "maxItems": images::MOST,
            "items": { "type": "string", "contentMediaType": "application/octet-stream" },
            "description": "Images for the model to look at: PNG, JPEG, WebP or GIF, 3 MB each and 8 MB together. Only multipart \
                            forms have files.",
        });
        takes.body = Some(Body { media: FORM, schema });
    }
}

/// The fields of a form, urlencoded, and its files with the names of their fields.
async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<(String, Vec<(String, Bytes)>), Error> {
    let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    if kind.is_some_and(|kind| kind.starts_with(b"multipart/form-data")) {
        return multipart(request, state).await;
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|_| broken())?;
    let fields = form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
    Ok((encode(fields), Vec::new()))
}

async fn multipart<S: Send + Sync>(request: Request, state: &S) -> Result<(String, Vec<(String, Bytes)>), Error> {
    let mut parts = Multipart::from_request(request, state).await.map_err(|_| broken())?;
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let is_file = part.file_name().is_some_and(|file| !file.is_empty());
        let bytes = part.bytes().await.map_err(|_| broken())?;
        if is_file {
            files.push((name, bytes));
        } else {
            let text = str::from_utf8(&bytes).map_err(|_| Error::invalid(&name, "utf8", "This is not UTF-8."))?;
            if text.contains('\0') {
                return Err(Error::invalid(&name, "noNul", "Text cannot contain a NUL character."));
            }
            fields.push((name, text.to_owned()));
        }
    }
    Ok((encode(fields.into_iter()), files))
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
