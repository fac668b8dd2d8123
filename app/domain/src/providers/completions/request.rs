//! The body of a chat completion request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::Completions;
use crate::providers::{
    ChatRequest, Content, FailureKind, Fault, Image, Message, OutputForm, Part, ToolCall, ToolSpec,
    call_ids::{self, Rule},
    object,
};

/// Its newer models refuse `max_tokens`; most other servers know nothing else.
const OPENAI: &str = "api.openai.com";
/// The makers whose prompts OpenRouter caches only when asked to.
const CACHED_ON_REQUEST: [&str; 2] = ["anthropic/", "~anthropic/"];

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    /// OpenRouter: whom to ask next, if the model cannot answer.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    models: &'a [String],
    messages: Vec<Wire<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Value>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Wire<'a> {
    System {
        content: String,
    },
    User {
        content: Words<'a>,
    },
    Assistant {
        /// `null` when there are only calls.
        content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_details: Option<&'a Value>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: Cow<'a, str>,
        content: &'a str,
    },
}

/// Many servers know only text.
#[derive(Serialize)]
#[serde(untagged)]
enum Words<'a> {
    Text(&'a str),
    Parts(Vec<UserPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum UserPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Serialize)]
struct ImageUrl {
    url: String,
}

#[derive(Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    function: CallFunction<'a>,
}

#[derive(Serialize)]
struct CallFunction<'a> {
    name: &'a str,
    arguments: String,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: &'a ToolSpec,
}

/// The body, for a server at `host`.
pub(super) fn body<'a>(server: Completions, request: &'a ChatRequest, host: &str) -> Result<Body<'a>, Fault> {
    let limit = request.max_output_tokens;
    let falls_back = server == Completions::Openrouter;
    let caches = falls_back && CACHED_ON_REQUEST.iter().any(|maker| request.model.starts_with(maker));
    let ids = if host == OPENAI || falls_back { call_ids::COMPLETIONS } else { call_ids::ANY };
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    let system = system(server, request);
    if !system.is_empty() {
        messages.push(Wire::System { content: system });
    }
    for message in &request.messages {
        messages.push(wire(server, ids, message)?);
    }
    Ok(Body {
        model: &request.model,
        models: if falls_back { &request.fallback_models } else { &[] },
        messages,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        tools: request.tools.iter().map(|tool| Tool { r#type: "function", function: tool }).collect(),
        response_format: request.output.as_ref().map(|form| response_format(server, form)),
        max_tokens: limit.filter(|_| host != OPENAI),
        max_completion_tokens: limit.filter(|_| host == OPENAI),
        cache_control: caches.then(|| json!({ "type": "ephemeral" })),
    })
}

/// DeepSeek promises JSON but no schema, and wants the word JSON to be there.
fn system(server: Completions, request: &ChatRequest) -> String {
    match &request.output {
        Some(form) if server == Completions::Deepseek => {
            let schema = &form.schema;
            format!("{}\n\nAnswer only with JSON that fits this JSON Schema:\n{schema}", request.system)
                .trim()
                .to_owned()
        }
        _ => request.system.clone(),
    }
}

fn response_format(server: Completions, OutputForm { name, schema }: &OutputForm) -> Value {
    if server == Completions::Deepseek {
        return json!({ "type": "json_object" });
    }
    json!({ "type": "json_schema", "json_schema": { "name": name, "schema": schema, "strict": true } })
}

fn wire(server: Completions, ids: Rule, message: &Message) -> Result<Wire<'_>, Fault> {
    Ok(match message {
        Message::User { images, .. } if server == Completions::Deepseek && !images.is_empty() => {
            let said = Some("DeepSeek’s models do not look at pictures.".to_owned());
            return Err(Fault { said, ..FailureKind::Refused.into() });
        }
        Message::User { text, images } if images.is_empty() => Wire::User { content: Words::Text(text) },
        Message::User { text, images } => Wire::User { content: Words::Parts(user_parts(text, images)) },
        Message::Assistant { parts } => assistant(server, ids, parts),
        Message::Tool { tool_call_id, content, .. } => Wire::Tool { tool_call_id: ids.of(tool_call_id), content },
    })
}

fn user_parts<'a>(text: &'a str, images: &[Image]) -> Vec<UserPart<'a>> {
    let images = images.iter().map(|image| UserPart::ImageUrl { image_url: ImageUrl { url: image.data_url() } });
    images.chain((!text.is_empty()).then_some(UserPart::Text { text })).collect()
}

fn assistant(server: Completions, ids: Rule, parts: &[Part]) -> Wire<'_> {
    let (mut text, mut reasoning, mut tool_calls) = (String::new(), String::new(), Vec::new());
    for part in parts {
        match &part.content {
            Content::Text(more) => text.push_str(more),
            Content::Reasoning(more) => reasoning.push_str(more),
            Content::Call(made) => tool_calls.push(call(ids, made)),
        }
    }
    let sealed = |field: &str| parts.iter().filter_map(|part| part.seal.as_ref()).find_map(|seal| seal.0.get(field));
    // Reasoning that led to calls goes back where a server has its own field for it. DeepSeek refuses calls without that
    // field, even an empty one; where there were no calls it ignores it.
    let wanted = match server {
        Completions::Deepseek => !tool_calls.is_empty() || !reasoning.is_empty(),
        Completions::Compatible | Completions::Openrouter => !tool_calls.is_empty() && sealed("field").is_some(),
    };
    Wire::Assistant {
        content: Some(text).filter(|t| !t.is_empty() || tool_calls.is_empty()),
        reasoning_content: wanted.then_some(reasoning),
        reasoning_details: sealed("reasoning_details"),
        tool_calls,
    }
}

fn call(ids: Rule, call: &ToolCall) -> Call<'_> {
    let arguments = object::arguments(call).get().to_owned();
    Call { id: ids.of(&call.id), r#type: "function", function: CallFunction { name: &call.name, arguments } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{ImageType, Seal};

    fn call(id: &str, arguments: &str) -> Part {
        Content::Call(ToolCall { id: id.into(), name: "search".into(), arguments: arguments.into() }).into()
    }

    fn conversation() -> ChatRequest {
        ChatRequest {
            model: "gpt-x".into(),
            system: "Be brief.".into(),
            messages: vec![
                Message::user("Hello"),
                Message::Assistant {
                    parts: vec![call("c1", r#"{"q": 1}"#), call("c2", ""), call("c3", "{oops"), call("c4", "[1]")],
                },
                Message::Tool {
                    tool_call_id: "c1".into(),
                    name: "search".into(),
                    content: "[]".into(),
                    is_error: false,
                },
                Message::Assistant { parts: vec![Content::Text("Nothing.".into()).into()] },
            ],
            tools: vec![ToolSpec {
                name: "search".into(),
                description: "Searches.".into(),
                parameters: json!({"type": "object"}),
            }],
            max_output_tokens: Some(64),
            ..ChatRequest::default()
        }
    }

    fn sent_by(server: Completions, request: &ChatRequest, host: &str) -> Value {
        body(server, request, host).ok().and_then(|body| serde_json::to_value(body).ok()).unwrap_or_default()
    }

    fn sent(request: &ChatRequest, host: &str) -> Value {
        sent_by(Completions::Compatible, request, host)
    }

    fn wire(id: &str, arguments: &str) -> Value {
        json!({"id": id, "type": "function", "function": {"name": "search", "arguments": arguments}})
    }

    /// A call with its reasoning, and its answer.
    fn thought(seal: Option<Value>) -> ChatRequest {
        let reasoning = Part { content: Content::Reasoning("Hm.".into()), seal: seal.map(Seal) };
        let answer =
            Message::Tool { tool_call_id: "c1".into(), name: "search".into(), content: "[]".into(), is_error: false };
        let messages =
            vec![Message::user("Hello"), Message::Assistant { parts: vec![reasoning, call("c1", "{}")] }, answer];
        ChatRequest { model: "m".into(), messages, ..ChatRequest::default() }
    }

    #[test]
    fn a_conversation_with_tools_is_written_as_openai_defines_it() {
        let expected = json!({
            "model": "gpt-x",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": null, "tool_calls": [
                    wire("c1", r#"{"q": 1}"#),
                    wire("c2", "{}"),
                    wire("c3", r#"{"malformed_arguments":"{oops"}"#),
                    wire("c4", r#"{"malformed_arguments":"[1]"}"#),
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "[]"},
                {"role": "assistant", "content": "Nothing."},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "tools": [{"type": "function", "function": {
                "name": "search", "description": "Searches.", "parameters": {"type": "object"},
            }}],
            "max_tokens": 64,
        });
        assert_eq!(sent(&conversation(), "localhost"), expected);
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let bare = ChatRequest { system: String::new(), tools: vec![], max_output_tokens: None, ..conversation() };
        let body = sent(&bare, OPENAI);
        assert_eq!(body["messages"][0]["role"], "user");
        for absent in ["tools", "max_tokens", "max_completion_tokens", "models", "response_format", "cache_control"] {
            assert!(body.get(absent).is_none(), "{absent} was sent");
        }
    }

    #[test]
    fn openai_itself_gets_the_newer_name_of_the_limit() {
        let body = sent(&conversation(), OPENAI);
        assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(64)));
    }

    #[test]
    fn reasoning_goes_back_as_each_server_wants_it() {
        let assistant = |server, seal| sent_by(server, &thought(seal), "h")["messages"][1].clone();
        let plain = json!({"field": "reasoning_content"});
        let with =
            json!({"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [wire("c1", "{}")]});
        let without = json!({"role": "assistant", "content": null, "tool_calls": [wire("c1", "{}")]});
        assert_eq!(assistant(Completions::Compatible, Some(plain)), with);
        assert_eq!(assistant(Completions::Compatible, None), without);
        assert_eq!(assistant(Completions::Deepseek, None), with);
        let details = json!([{"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"}]);
        let openrouter = assistant(Completions::Openrouter, Some(json!({"reasoning_details": details})));
        let returned = json!({"role": "assistant", "content": null, "reasoning_details": details, "tool_calls": [wire("c1", "{}")]});
        assert_eq!(openrouter, returned);
    }

    #[test]
    fn deepseek_gets_the_field_for_reasoning_with_every_call_even_where_there_was_none() {
        let messages = sent_by(Completions::Deepseek, &conversation(), "h")["messages"].clone();
        assert_eq!((&messages[2]["reasoning_content"], messages[4].get("reasoning_content")), (&json!(""), None));
    }

    #[test]
    fn pictures_come_before_the_question_and_deepseek_is_not_sent_any() {
        let image = Image { media_type: ImageType::Jpeg, base64: "AAAA".into() };
        let messages = vec![Message::User { text: "What is this?".into(), images: vec![image] }];
        let request = ChatRequest { messages, ..ChatRequest::default() };
        let expected = json!([
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
            {"type": "text", "text": "What is this?"},
        ]);
        assert_eq!(sent(&request, "h")["messages"][0]["content"], expected);
        let refused = body(Completions::Deepseek, &request, "h").err();
        assert_eq!(refused.map(|fault| fault.kind), Some(FailureKind::Refused));
    }

    #[test]
    fn a_schema_is_enforced_where_that_is_offered_and_asked_for_elsewhere() {
        let schema = json!({"type": "object"});
        let output = Some(OutputForm { name: "verdict".into(), schema: schema.clone() });
        let request = ChatRequest { output, system: "Be brief.".into(), ..ChatRequest::default() };
        let strict =
            json!({"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": true}});
        assert_eq!(sent(&request, "h")["response_format"], strict);
        let deepseek = sent_by(Completions::Deepseek, &request, "h");
        assert_eq!(deepseek["response_format"], json!({"type": "json_object"}));
        let system = "Be brief.\n\nAnswer only with JSON that fits this JSON Schema:\n{\"type\":\"object\"}";
        assert_eq!(deepseek["messages"][0]["content"], system);
    }

    #[test]
    fn only_openrouter_is_told_of_other_models_and_caches_claudes_prompts_on_request() {
        let fallback_models = vec!["b/2".to_owned(), "c/3".to_owned()];
        let request = ChatRequest { model: "anthropic/claude-x".into(), fallback_models, ..ChatRequest::default() };
        let body = sent_by(Completions::Openrouter, &request, "h");
        assert_eq!((&body["model"], &body["models"]), (&json!("anthropic/claude-x"), &json!(["b/2", "c/3"])));
        assert_eq!(body["cache_control"], json!({"type": "ephemeral"}));
        for server in [Completions::Compatible, Completions::Deepseek] {
            let body = sent_by(server, &request, "h");
            assert_eq!((body.get("models"), body.get("cache_control")), (None, None));
        }
        let other = ChatRequest { model: "openai/gpt-x".into(), ..request };
        assert_eq!(sent_by(Completions::Openrouter, &other, "h").get("cache_control"), None);
    }
}
