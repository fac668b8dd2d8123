//! Claude: Anthropic's Messages API.
//!
//! `request.rs` writes the request, `stream.rs` reads the streamed events. Reference:
//! <https://docs.claude.com/en/api/messages>.

mod request;
mod stream;

use reqwest::header::{HeaderName, HeaderValue};

use super::{
    Adapter, ChatRequest, Decoder, Endpoint, Fault, HttpRequest, Listed, adapter::model_url, catalogue,
    streamed::Streamed,
};

const KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
/// The version that all of the API's features are for; newer ones are asked for by field.
const VERSION_IS: HeaderValue = HeaderValue::from_static("2023-06-01");

/// The adapter.
pub struct Anthropic;

impl Adapter for Anthropic {
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, Fault> {
        signed(HttpRequest::post(endpoint.base_url.join("messages"), &request::body(request))?, endpoint)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::<Streamed<stream::Events>>::default()
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
        let mut url = endpoint.base_url.join("models");
        url.set_query(Some("limit=1000"));
        signed(HttpRequest::get(url), endpoint)
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<Listed>, Fault> {
        catalogue::of_data(body)
    }

    fn model(&self, endpoint: &Endpoint, id: &str) -> Result<Option<HttpRequest>, Fault> {
        model_url(endpoint, id).map(|url| signed(HttpRequest::get(url), endpoint)).transpose()
    }

    fn key_check(&self, _: &Endpoint) -> Result<Option<HttpRequest>, Fault> {
        Ok(None)
    }
}

fn signed(mut request: HttpRequest, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    request.headers.insert(VERSION, VERSION_IS);
    request.with_key(endpoint, KEY, "")
}
