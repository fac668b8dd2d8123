//! OpenAI itself: the Responses API. Nothing is kept there: each request brings the whole conversation, with reasoning
//! encrypted.
//!
//! `request.rs` writes the request, `stream.rs` reads the streamed events. Reference:
//! <https://platform.openai.com/docs/api-reference/responses>.

mod request;
mod stream;

use super::{
    Adapter, ChatRequest, Decoder, Endpoint, Fault, HttpRequest, Listed, adapter::model_url, catalogue, completions,
    streamed::Streamed,
};

/// The adapter.
pub struct Responses;

impl Adapter for Responses {
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, Fault> {
        let url = endpoint.base_url.join("responses");
        completions::authorized(HttpRequest::post(url, &request::body(request))?, endpoint)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::<Streamed<stream::Events>>::default()
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
        completions::models(endpoint)
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<Listed>, Fault> {
        catalogue::of_data(body)
    }

    fn model(&self, endpoint: &Endpoint, id: &str) -> Result<Option<HttpRequest>, Fault> {
        model_url(endpoint, id).map(|url| completions::get(url, endpoint)).transpose()
    }

    fn key_check(&self, _: &Endpoint) -> Result<Option<HttpRequest>, Fault> {
        Ok(None)
    }
}
