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

pub(crate) use calls::made_up;

use reqwest::{Url, header::AUTHORIZATION};

use super::{Adapter, ChatRequest, Decoder, Endpoint, Fault, HttpRequest, Listed, catalogue, streamed::Streamed};

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
        Box::new(Streamed::of(stream::Chunks::of(*self)))
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
        models(endpoint)
    }

    fn read_models(&self, body: &[u8]) -> Result<Vec<Listed>, Fault> {
        catalogue::of_data(body)
    }

    fn key_check(&self, endpoint: &Endpoint) -> Result<Option<HttpRequest>, Fault> {
        if *self == Self::Openrouter || endpoint.base_url.host() == OPENROUTER {
            return get(endpoint.base_url.join("key"), endpoint).map(Some);
        }
        Ok(None)
    }
}

/// The request for the list of models, the same in all of OpenAI's APIs.
pub(super) fn models(endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    get(endpoint.base_url.join("models"), endpoint)
}

pub(super) fn get(url: Url, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    authorized(HttpRequest::get(url), endpoint)
}

pub(super) fn authorized(request: HttpRequest, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
    request.with_key(endpoint, AUTHORIZATION, "Bearer ")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::providers::{BaseUrl, ModelEvent};

    #[test]
    fn only_openrouter_is_believed_about_what_it_charged() {
        let charged = |adapter: Completions| {
            let (mut decoder, mut events) = (adapter.decoder(), Vec::new());
            let chunk = r#"{"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.5}}"#;
            decoder.push(format!("data: {chunk}\n\n").as_bytes(), &mut events).ok()?;
            events
                .iter()
                .find_map(|event| if let ModelEvent::Usage(usage) = event { Some(usage.cost_micros) } else { None })
        };
        let all = [Completions::Compatible, Completions::Deepseek, Completions::Openrouter].map(charged);
        assert_eq!(all, [Some(None), Some(None), Some(Some(500_000))]);
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
