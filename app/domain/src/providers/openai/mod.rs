//! Chat completions as OpenAI defines them, and as the many servers that copy them vary them.
//!
//! `request.rs` writes the request, `stream.rs` reads the streamed chunks (`chunk.rs` is their form, `calls.rs` puts tool
//! calls together), `failure.rs` sorts errors. Reference: <https://platform.openai.com/docs/api-reference/chat>.

mod calls;
mod chunk;
mod failure;
mod request;
mod stream;

use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderValue},
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{Adapter, ChatRequest, Decoder, Endpoint, FailureKind, HttpRequest};

/// Lists its models to anyone, so its key is tried at an address of its own.
const OPENROUTER: &str = "openrouter.ai";

/// The adapter for OpenAI, DeepSeek, OpenRouter, Ollama, vLLM, LM Studio, LiteLLM, llama.cpp, and their like.
pub struct OpenAi;

impl Adapter for OpenAi {
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, FailureKind> {
        let url = endpoint.base_url.join("chat/completions");
        let body = request::body(request, endpoint.base_url.host()).map_err(|_| FailureKind::BadRequest)?;
        authorized(HttpRequest::post(url, body), endpoint)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(stream::ChunkDecoder::default())
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, FailureKind> {
        get(endpoint.base_url.join("models"), endpoint)
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<String>, FailureKind> {
        let list: ModelList = serde_json::from_slice(body).map_err(|_| FailureKind::Broken)?;
        Ok(list.data.into_iter().map(|m| m.id).collect())
    }

    fn key_check(&self, endpoint: &Endpoint) -> Result<Option<HttpRequest>, FailureKind> {
        if endpoint.base_url.host() == OPENROUTER {
            return get(endpoint.base_url.join("key"), endpoint).map(Some);
        }
        Ok(None)
    }

    fn failure(&self, status: u16, body: &[u8]) -> FailureKind {
        failure::of_reply(status, body)
    }
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

fn get(url: Url, endpoint: &Endpoint) -> Result<HttpRequest, FailureKind> {
    authorized(HttpRequest::get(url), endpoint)
}

fn authorized(mut request: HttpRequest, endpoint: &Endpoint) -> Result<HttpRequest, FailureKind> {
    if let Some(key) = &endpoint.key {
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut value = HeaderValue::from_str(&bearer).map_err(|_| FailureKind::KeyRefused)?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::providers::BaseUrl;

    fn endpoint(url: &str, key: Option<&str>) -> crate::Result<Endpoint> {
        Ok(Endpoint { base_url: BaseUrl::parse(url)?, key: key.map(SecretString::from) })
    }

    #[test]
    fn the_key_travels_in_a_header_that_does_not_print() -> crate::Result<()> {
        let endpoint = endpoint("https://api.openai.com", Some("sk-canary"))?;
        let Ok(request) = OpenAi.models(&endpoint) else { return Err(crate::Error::internal("no request")) };
        assert_eq!(request.url.as_str(), "https://api.openai.com/v1/models");
        assert_eq!(request.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes), Some(b"Bearer sk-canary".as_slice()));
        assert!(!format!("{:?} {endpoint:?}", request.headers).contains("canary"));
        Ok(())
    }

    #[test]
    fn a_server_without_a_key_gets_no_authorization() -> crate::Result<()> {
        let Ok(request) = OpenAi.models(&endpoint("http://localhost:11434", None)?) else {
            return Err(crate::Error::internal("no request"));
        };
        assert!(request.headers.get(AUTHORIZATION).is_none());
        Ok(())
    }

    #[test]
    fn models_are_read_and_anything_else_is_not_taken_for_a_list() {
        let list = br#"{"object":"list","data":[{"id":"gpt-x","object":"model"},{"id":"gpt-y"}]}"#;
        assert_eq!(OpenAi.read_models(list), Ok(vec!["gpt-x".into(), "gpt-y".into()]));
        for bad in [&b"<html>"[..], b"{}", b"[]", b""] {
            assert_eq!(OpenAi.read_models(bad), Err(FailureKind::Broken));
        }
    }

    #[test]
    fn only_where_the_list_is_open_the_key_is_tried_elsewhere() -> crate::Result<()> {
        let key = Some("sk");
        let open = OpenAi.key_check(&endpoint("https://openrouter.ai/api/v1", key)?).ok().flatten();
        assert_eq!(open.map(|r| r.url.to_string()).as_deref(), Some("https://openrouter.ai/api/v1/key"));
        assert!(matches!(OpenAi.key_check(&endpoint("https://api.openai.com", key)?), Ok(None)));
        Ok(())
    }
}
