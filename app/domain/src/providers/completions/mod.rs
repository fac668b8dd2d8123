//! Chat completions as OpenAI defines them, and as the many servers that copy them vary them.
//!
//! `request.rs` writes the request, `stream.rs` reads the streamed chunks (`chunk.rs` is their form, `calls.rs` puts tool
//! calls together, `details.rs` reasoning that wants to be returned). References:
//! <https://platform.openai.com/docs/api-reference/chat>, <https://api-docs.deepseek.com>,
//! <https://openrouter.ai/docs/api-reference>.

mod calls;
mod chunk;
mod details;
mod request;
mod stream;

pub(super) use calls::made_up;

use reqwest::{Url, header::AUTHORIZATION};
use serde::Deserialize;

use super::{Adapter, ChatRequest, Decoder, Endpoint, FailureKind, Fault, HttpRequest, streamed::Streamed};

/// Lists its models to anyone, so its key is tried at an address of its own.
const OPENROUTER: &str = "openrouter.ai";

/// The adapter for servers that speak chat completions, each with its quirks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completions {
    /// OpenAI's older API, Ollama, vLLM, LM Studio, LiteLLM, llama.cpp, and their like.
    Compatible,
    /// Wants the reasoning of answers with calls back, knows no schema for its answers, and has no eyes.
    Deepseek,
    /// Falls back to other models by itself, says what it charged, and wants reasoning back in its own form.
    Openrouter,
}

impl Adapter for Completions {
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, Fault> {
        let body = request::body(*self, request, endpoint.base_url.host())?;
        authorized(HttpRequest::post(endpoint.base_url.join("chat/completions"), &body)?, endpoint)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::<Streamed<stream::Chunks>>::default()
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
        models(endpoint)
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<String>, Fault> {
        read_models(body)
    }

    fn key_check(&self, endpoint: &Endpoint) -> Result<Option<HttpRequest>, Fault> {
        if *self == Self::Openrouter || endpoint.base_url.host() == OPENROUTER {
            return get(endpoint.base_url.join("key"), endpoint).map(Some);
        }
        Ok(None)
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

/// The request for the list of models, the same in all of OpenAI's APIs.
pub(super) fn models(endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    get(endpoint.base_url.join("models"), endpoint)
}

/// Reads the list, whose form Anthropic copied.
pub(super) fn read_models(body: &[u8]) -> Result<Vec<String>, Fault> {
    let list: ModelList = serde_json::from_slice(body).map_err(|_| FailureKind::BadReply)?;
    Ok(list.data.into_iter().map(|m| m.id).collect())
}

fn get(url: Url, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    authorized(HttpRequest::get(url), endpoint)
}

pub(super) fn authorized(request: HttpRequest, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    request.with_key(endpoint, AUTHORIZATION, "Bearer ")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::providers::BaseUrl;

    #[test]
    fn models_are_read_and_anything_else_is_not_taken_for_a_list() {
        let list = br#"{"object":"list","data":[{"id":"gpt-x","object":"model"},{"id":"gpt-y"}]}"#;
        assert_eq!(read_models(list), Ok(vec!["gpt-x".into(), "gpt-y".into()]));
        for bad in [&b"<html>"[..], b"{}", b"[]", b""] {
            assert_eq!(read_models(bad), Err(FailureKind::BadReply.into()));
        }
    }

    #[test]
    fn only_where_the_list_is_open_the_key_is_tried_elsewhere() -> crate::Result<()> {
        let check = |adapter: Completions, url: &str| -> crate::Result<Option<String>> {
            let endpoint = Endpoint { base_url: BaseUrl::parse(url)?, key: Some(SecretString::from("sk")) };
            let request = adapter.key_check(&endpoint).ok().flatten();
            Ok(request.map(|r| r.url.to_string()))
        };
        let open = Some("https://openrouter.ai/api/v1/key".to_owned());
        assert_eq!(check(Completions::Compatible, "https://openrouter.ai/api/v1")?, open);
        assert_eq!(check(Completions::Openrouter, "https://openrouter.ai/api/v1")?, open);
        assert_eq!(check(Completions::Compatible, "https://api.openai.com")?, None);
        assert_eq!(check(Completions::Deepseek, "https://api.deepseek.com")?, None);
        Ok(())
    }
}
