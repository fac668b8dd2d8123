//! What a provider's adapter does: it translates, and never sends.

use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{
    ChatRequest, Endpoint, FailureKind, Fault, Kind, Listed, ModelEvent, anthropic::Anthropic,
    completions::Completions, gemini::Gemini, responses::Responses,
};

/// Translates between the neutral types and one wire format.
///
/// What it is given by a provider is not trusted: no reply, however broken, may do more than end in a [`Fault`].
pub trait Adapter: Send + Sync {
    /// The request that asks for a streamed answer.
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, Fault>;

    /// Reads the stream that answers [`Self::chat`].
    fn decoder(&self) -> Box<dyn Decoder>;

    /// The request for the list of models.
    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault>;

    /// Reads the models from the list, as they stand there.
    fn read_models(&self, body: &[u8]) -> Result<Vec<Listed>, Fault>;

    /// The request for one model by its id, where the API has one: lists name no aliases.
    fn model(&self, _: &Endpoint, _id: &str) -> Result<Option<HttpRequest>, Fault> {
        Ok(None)
    }

    /// The request that a wrong key fails, where the list of models is open to everyone.
    fn key_check(&self, endpoint: &Endpoint) -> Result<Option<HttpRequest>, Fault>;
}

/// Reads one streamed answer. Bytes may be split anywhere.
pub trait Decoder: Send {
    /// Reads more bytes and adds what they say to `out`, also when it ends in an error. An answer is complete with
    /// [`ModelEvent::Finish`], always the last event; what follows it is ignored.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), Fault>;

    /// The stream has ended. [`super::FailureKind::BadReply`] when the answer was not complete.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault>;

    /// What the provider calls the answer, once it has said so.
    fn response_id(&self) -> Option<&str>;
}

/// A request, ready to be sent. It is no `Debug`: the body is a conversation.
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Headers; those that carry a key are marked as sensitive.
    pub headers: HeaderMap,
    /// The body; empty for GET.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A GET that wants JSON.
    pub fn get(url: Url) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { method: Method::GET, url, headers, body: Vec::new() }
    }

    /// A POST of JSON that wants an event stream.
    pub fn post(url: Url, body: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(body).map_err(|_| FailureKind::Refused)?;
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("text/event-stream")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        Ok(Self { method: Method::POST, url, headers, body })
    }

    /// The same with the key, if there is one, after `scheme` in a header that does not print.
    pub fn with_key(mut self, endpoint: &Endpoint, header: HeaderName, scheme: &str) -> Result<Self, Fault> {
        if let Some(key) = &endpoint.key {
            let text = format!("{scheme}{}", key.expose_secret());
            let mut value = HeaderValue::from_str(&text).map_err(|_| FailureKind::InvalidKey)?;
            value.set_sensitive(true);
            self.headers.insert(header, value);
        }
        Ok(self)
    }
}

/// The address of one model; none for what cannot be an id, because it becomes part of the address.
pub(super) fn model_url(endpoint: &Endpoint, id: &str) -> Option<Url> {
    let is_id = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b)) && !id.starts_with('.');
    is_id.then(|| endpoint.base_url.join(&format!("models/{id}")))
}

impl Kind {
    /// The adapter of this wire format; the sandbox has none, because it sends nothing.
    pub fn adapter(self) -> Option<&'static dyn Adapter> {
        match self {
            Self::Sandbox => None,
            Self::Anthropic => Some(&Anthropic),
            Self::Openai => Some(&Responses),
            Self::Gemini => Some(&Gemini),
            Self::Deepseek => Some(&Completions::Deepseek),
            Self::Openrouter => Some(&Completions::Openrouter),
            Self::OpenaiCompatible => Some(&Completions::Compatible),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::providers::BaseUrl;

    #[test]
    fn every_kind_sends_its_key_in_its_own_header_that_does_not_print() -> crate::Result<()> {
        for (kind, url, header, value) in [
            (Kind::Anthropic, "https://api.anthropic.com/v1/models?limit=1000", "x-api-key", "sk-canary"),
            (Kind::Openai, "https://api.openai.com/v1/models", "authorization", "Bearer sk-canary"),
            (
                Kind::Gemini,
                "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000",
                "x-goog-api-key",
                "sk-canary",
            ),
            (Kind::Deepseek, "https://api.deepseek.com/v1/models", "authorization", "Bearer sk-canary"),
            (Kind::Openrouter, "https://openrouter.ai/api/v1/models", "authorization", "Bearer sk-canary"),
        ] {
            let base_url = BaseUrl::parse(kind.base_url().unwrap_or_default())?;
            let endpoint = Endpoint { base_url, key: Some(SecretString::from("sk-canary")) };
            let request = kind.adapter().and_then(|adapter| adapter.models(&endpoint).ok());
            let request = request.ok_or_else(|| crate::Error::internal("no request"))?;
            assert_eq!(request.url.as_str(), url);
            assert_eq!(request.headers.get(header).map(HeaderValue::as_bytes), Some(value.as_bytes()));
            assert!(!format!("{:?} {endpoint:?}", request.headers).contains("canary"));
            let keyless = kind.adapter().and_then(|a| a.models(&Endpoint { key: None, ..endpoint }).ok());
            assert!(keyless.is_some_and(|request| request.headers.get(header).is_none()), "{kind}");
        }
        Ok(())
    }

    #[test]
    fn one_model_is_asked_for_by_an_id_that_cannot_change_the_address() -> crate::Result<()> {
        let asked = |kind: Kind, id: &str| -> crate::Result<Option<(String, bool)>> {
            let base_url = BaseUrl::parse(kind.base_url().unwrap_or_default())?;
            let endpoint = Endpoint { base_url, key: Some(SecretString::from("sk")) };
            let request = kind.adapter().and_then(|adapter| adapter.model(&endpoint, id).ok().flatten());
            Ok(request.map(|r| (r.url.to_string(), r.headers.values().any(HeaderValue::is_sensitive))))
        };
        for (kind, url) in [
            (Kind::Anthropic, "https://api.anthropic.com/v1/models/m-1:x"),
            (Kind::Openai, "https://api.openai.com/v1/models/m-1:x"),
            (Kind::Gemini, "https://generativelanguage.googleapis.com/v1beta/models/m-1:x"),
        ] {
            assert_eq!(asked(kind, "m-1:x")?, Some((url.to_owned(), true)), "{kind}");
            for bad in ["../x", "a/b", "a?b", "a#b", "..", ".", "ä", "a%2fb", "a b"] {
                assert_eq!(asked(kind, bad)?, None, "{kind} {bad}");
            }
        }
        for kind in [Kind::Deepseek, Kind::Openrouter] {
            assert_eq!(asked(kind, "m")?, None, "{kind}");
        }
        Ok(())
    }
}
