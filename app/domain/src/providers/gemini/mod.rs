//! Gemini: Google's own API, not its imitation of chat completions, which loses thoughts.
//!
//! `request.rs` writes the request, `stream.rs` reads the streamed chunks. Reference:
//! <https://ai.google.dev/api/generate-content>.

mod request;
mod stream;

use reqwest::header::HeaderName;
use serde::Deserialize;

use super::{
    Adapter, ChatRequest, Decoder, Endpoint, FailureKind, Fault, HttpRequest, Listed, adapter::model_url,
    streamed::Streamed,
};

/// In a header the key is in nobody's access log; the API takes it in the address as well.
const KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
/// Ids of models are names of resources.
const MODELS: &str = "models/";

/// The adapter.
pub struct Gemini;

impl Adapter for Gemini {
    fn chat(&self, endpoint: &Endpoint, request: &ChatRequest) -> Result<HttpRequest, Fault> {
        let model = request.model.strip_prefix(MODELS).unwrap_or(&request.model);
        // The id becomes part of the address, so it has to be no more than an id.
        if !model.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) || model.starts_with('.') {
            return Err(FailureKind::ModelNotFound.into());
        }
        let mut url = endpoint.base_url.join(&format!("{MODELS}{model}:streamGenerateContent"));
        url.set_query(Some("alt=sse"));
        HttpRequest::post(url, &request::body(request))?.with_key(endpoint, KEY, "")
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::<Streamed<stream::Chunks>>::default()
    }

    fn models(&self, endpoint: &Endpoint) -> Result<HttpRequest, Fault> {
        let mut url = endpoint.base_url.join("models");
        url.set_query(Some("pageSize=1000"));
        HttpRequest::get(url).with_key(endpoint, KEY, "")
    }

    /// Only those that answer: the list also has some that embed or draw.
    fn read_models(&self, body: &[u8]) -> Result<Vec<Listed>, Fault> {
        let list: ModelList = serde_json::from_slice(body).map_err(|_| FailureKind::BadReply)?;
        let answers = |model: &Model| model.supported_generation_methods.iter().any(|m| m == "generateContent");
        let listed = |model: Model| Listed {
            id: model.name.strip_prefix(MODELS).unwrap_or(&model.name).to_owned(),
            name: model.display_name,
            context_length: model.input_token_limit,
            prices: None,
        };
        Ok(list.models.into_iter().filter(answers).map(listed).collect())
    }

    fn model(&self, endpoint: &Endpoint, id: &str) -> Result<Option<HttpRequest>, Fault> {
        model_url(endpoint, id).map(|url| HttpRequest::get(url).with_key(endpoint, KEY, "")).transpose()
    }

    fn key_check(&self, _: &Endpoint) -> Result<Option<HttpRequest>, Fault> {
        Ok(None)
    }
}

#[derive(Deserialize)]
struct ModelList {
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    name: String,
    display_name: Option<String>,
    input_token_limit: Option<u64>,
    #[serde(default)]
    supported_generation_methods: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::BaseUrl;

    fn asked(model: &str) -> crate::Result<Result<String, FailureKind>> {
        let base_url = BaseUrl::parse("https://generativelanguage.googleapis.com/v1beta")?;
        let request = ChatRequest { model: model.into(), ..ChatRequest::default() };
        let sent = Gemini.chat(&Endpoint { base_url, key: None }, &request);
        Ok(sent.map(|request| request.url.to_string()).map_err(|fault| fault.kind))
    }

    #[test]
    fn the_model_stands_in_the_address_and_cannot_change_it() -> crate::Result<()> {
        let url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse";
        assert_eq!(asked("gemini-x")?, Ok(url.to_owned()));
        assert_eq!(asked("models/gemini-x")?, Ok(url.to_owned()));
        for bad in ["../x", "a/b", "a?b", "a#b", "a:b", "a%2fb", "..", "ä"] {
            assert_eq!(asked(bad)?, Err(FailureKind::ModelNotFound), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn models_that_answer_are_listed_by_their_ids() {
        let list = br#"{"models": [
            {"name": "models/gemini-x", "displayName": "Gemini X", "inputTokenLimit": 1048576, "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/embedding-x", "supportedGenerationMethods": ["embedContent"]},
            {"name": "models/odd"}], "nextPageToken": "y"}"#;
        let listed =
            Listed { name: Some("Gemini X".into()), context_length: Some(1_048_576), ..Listed::of("gemini-x") };
        assert_eq!(Gemini.read_models(list), Ok(vec![listed]));
        for bad in [&b"<html>"[..], b"{}", b"[]", b""] {
            assert_eq!(Gemini.read_models(bad), Err(FailureKind::BadReply.into()));
        }
    }
}
