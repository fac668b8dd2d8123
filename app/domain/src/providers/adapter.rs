//! What a provider's adapter does: it translates, and never sends.

use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::{ChatRequest, Endpoint, FailureKind, Kind, ModelEvent, openai::OpenAi};

/// Translates between the neutral types and one wire format.
///
/// What it is given by a provider is not trusted: no reply, however broken, may do more than end in a [`FailureKind`], and
/// no text of a failed reply leaves the adapter.
pub trait Adapter: Send + Sync {
    /// The request that asks for a streamed answer.
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, FailureKind>;

    /// Reads the stream that answers [`Self::chat`].
    fn decoder(&self) -> Box<dyn Decoder>;

    /// The request for the list of models.
    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, FailureKind>;

    /// Reads the ids of the models from the list.
    fn read_models(&self, body: &[u8]) -> Result<Vec<String>, FailureKind>;

    /// The request that a wrong key fails, where the list of models is open to everyone.
    fn key_check(&self, endpoint: &Endpoint) -> Result<Option<HttpRequest>, FailureKind>;

    /// What a reply means that is not the one asked for. `body` may be cut off.
    fn failure(&self, status: u16, body: &[u8]) -> FailureKind;
}

/// Reads one streamed answer. Bytes may be split anywhere.
pub trait Decoder: Send {
    /// Reads more bytes and adds what they say to `out`, also when it ends in an error. An answer is complete with
    /// [`ModelEvent::Finish`], always the last event; what follows it is ignored.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), FailureKind>;

    /// The stream has ended. [`FailureKind::Broken`] when the answer was not complete.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), FailureKind>;
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
    pub fn post(url: Url, body: Vec<u8>) -> Self {
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("text/event-stream")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        Self { method: Method::POST, url, headers, body }
    }
}

impl Kind {
    /// The adapter of this wire format; the sandbox has none, because it sends nothing.
    pub fn adapter(self) -> Option<&'static dyn Adapter> {
        match self {
            Self::Sandbox => None,
            Self::OpenaiCompatible => Some(&OpenAi),
        }
    }
}
