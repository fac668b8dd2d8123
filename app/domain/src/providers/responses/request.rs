//! The body of a request for a response.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::providers::{ChatRequest, Content, Image, Message, Part, Seal, ToolSpec, call_ids::RESPONSES, object};

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instructions: &'a str,
    input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include: &'static [&'static str],
    /// Conversations stay here.
    store: bool,
    stream: bool,
}

/// Something in the conversation.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Ours(Ours<'a>),
    /// As OpenAI wrote it.
    Theirs(&'a Value),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Ours<'a> {
    Message {
        role: &'static str,
        content: Words<'a>,
        /// Which of an answer's texts this was, where OpenAI says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<&'a Value>,
    },
    FunctionCall {
        call_id: Cow<'a, str>,
        name: &'a str,
        arguments: String,
    },
    FunctionCallOutput {
        call_id: Cow<'a, str>,
        output: &'a str,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Words<'a> {
    Text(&'a str),
    Parts(Vec<UserPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum UserPart<'a> {
    InputText { text: &'a str },
    InputImage { image_url: String },
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    function: &'a ToolSpec,
    /// Strict schemas demand every argument, and this API is strict unless told otherwise.
    strict: bool,
}

/// The body.
pub(super) fn body(request: &ChatRequest) -> Body<'_> {
    let text = request.output.as_ref().map(
        |form| json!({ "format": { "type": "json_schema", "name": form.name, "schema": form.schema, "strict": true } }),
    );
    Body {
        model: &request.model,
        instructions: &request.system,
        input: request.messages.iter().flat_map(items).collect(),
        tools: request.tools.iter().map(|tool| Tool { r#type: "function", function: tool, strict: false }).collect(),
        text,
        max_output_tokens: request.max_output_tokens,
        include: if reasons(&request.model) { &["reasoning.encrypted_content"] } else { &[] },
        store: false,
        stream: true,
    }
}

/// Whether a model reasons: others refuse to be asked for their reasoning. OpenAI's list of models does not say, only
/// their names do: o1, o3, …; from the fifth generation on all of them, except those for chatting.
fn reasons(model: &str) -> bool {
    let generation = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse::<u32>().ok());
    let model = model.strip_prefix("ft:").unwrap_or(model);
    match (model.strip_prefix("gpt-"), model.strip_prefix('o')) {
        (Some(rest), _) => generation(rest).is_some_and(|n| n >= 5) && !rest.contains("chat"),
        (None, Some(rest)) => generation(rest).is_some(),
        (None, None) => false,
    }
}

fn items(message: &Message) -> Vec<Item<'_>> {
    match message {
        Message::User { text, images } if images.is_empty() => vec![said("user", Words::Text(text), None)],
        Message::User { text, images } => vec![said("user", Words::Parts(user_parts(text, images)), None)],
        Message::Assistant { parts } => answer(parts),
        Message::Tool { tool_call_id, content, .. } => {
            vec![Item::Ours(Ours::FunctionCallOutput { call_id: RESPONSES.of(tool_call_id), output: content })]
        }
    }
}

/// Reasoning goes back with what it led to; without, it is left out.
fn answer(parts: &[Part]) -> Vec<Item<'_>> {
    let mut items: Vec<_> = parts.iter().filter_map(item).collect();
    while matches!(items.last(), Some(Item::Theirs(_))) {
        items.pop();
    }
    items
}

fn said<'a>(role: &'static str, content: Words<'a>, phase: Option<&'a Value>) -> Item<'a> {
    Item::Ours(Ours::Message { role, content, phase })
}

fn user_parts<'a>(text: &'a str, images: &[Image]) -> Vec<UserPart<'a>> {
    let images = images.iter().map(|image| UserPart::InputImage { image_url: image.data_url() });
    images.chain((!text.is_empty()).then_some(UserPart::InputText { text })).collect()
}

/// Reasoning goes back as the item that it came as.
fn item(part: &Part) -> Option<Item<'_>> {
    let seal = part.seal.as_ref().map(|Seal(seal)| seal);
    match &part.content {
        Content::Text(text) if text.is_empty() => None,
        Content::Text(text) => Some(said("assistant", Words::Text(text), seal.and_then(|s| s.get("phase")))),
        Content::Reasoning(_) => seal.map(Item::Theirs),
        Content::Call(call) => {
            let arguments = object::arguments(call).get().to_owned();
            Some(Item::Ours(Ours::FunctionCall { call_id: RESPONSES.of(&call.id), name: &call.name, arguments }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{ImageType, OutputForm, ToolCall};

    fn sent(request: &ChatRequest) -> Value {
        serde_json::to_value(body(request)).unwrap_or_default()
    }

    #[test]
    fn reasoning_goes_back_as_the_item_that_it_was_before_its_calls() {
        let item = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"});
        let call = ToolCall { id: "call_1".into(), name: "search".into(), arguments: r#"{"q": 1.0}"#.into() };
        let request = ChatRequest {
            model: "gpt-5.4".into(),
            system: "Be brief.".into(),
            messages: vec![
                Message::user("Hello"),
                Message::Assistant {
                    parts: vec![
                        Part { content: Content::Reasoning(String::new()), seal: Some(Seal(item.clone())) },
                        Content::Reasoning("unsealed".into()).into(),
                        Part {
                            content: Content::Text("Let me look.".into()),
                            seal: Some(Seal(json!({"phase": "commentary"}))),
                        },
                        Content::Call(call).into(),
                    ],
                },
                Message::Tool {
                    tool_call_id: "call_1".into(),
                    name: "search".into(),
                    content: "[]".into(),
                    is_error: false,
                },
            ],
            tools: vec![ToolSpec {
                name: "search".into(),
                description: "Searches.".into(),
                parameters: json!({"type": "object"}),
            }],
            max_output_tokens: Some(64),
            ..ChatRequest::default()
        };
        let expected = json!({
            "model": "gpt-5.4",
            "instructions": "Be brief.",
            "input": [
                {"type": "message", "role": "user", "content": "Hello"},
                item,
                {"type": "message", "role": "assistant", "content": "Let me look.", "phase": "commentary"},
                {"type": "function_call", "call_id": "call_1", "name": "search", "arguments": "{\"q\": 1.0}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "[]"},
            ],
            "tools": [{
                "type": "function", "name": "search", "description": "Searches.", "parameters": {"type": "object"},
                "strict": false,
            }],
            "max_output_tokens": 64,
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "stream": true,
        });
        assert_eq!(sent(&request), expected);
    }

    #[test]
    fn pictures_and_a_schema_are_sent_and_what_is_not_set_is_not() {
        let image = Image { media_type: ImageType::Png, base64: "AAAA".into() };
        let request = ChatRequest {
            model: "gpt-4o".into(),
            messages: vec![Message::User { text: "What is this?".into(), images: vec![image] }],
            output: Some(OutputForm { name: "verdict".into(), schema: json!({"type": "object"}) }),
            ..ChatRequest::default()
        };
        let expected = json!({
            "model": "gpt-4o",
            "input": [{"type": "message", "role": "user", "content": [
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                {"type": "input_text", "text": "What is this?"},
            ]}],
            "text": {"format": {
                "type": "json_schema", "name": "verdict", "schema": {"type": "object"}, "strict": true,
            }},
            "store": false,
            "stream": true,
        });
        assert_eq!(sent(&request), expected);
    }

    #[test]
    fn only_models_that_reason_are_asked_for_their_reasoning() {
        for model in ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "gpt-5.4-mini", "gpt-12", "ft:o4-mini:acme"] {
            assert!(reasons(model), "{model}");
        }
        for model in
            ["gpt-4o", "gpt-4.1", "gpt-3.5-turbo", "gpt-5-chat-latest", "omni", "chatgpt-4o-latest", "ft:gpt-4o"]
        {
            assert!(!reasons(model), "{model}");
        }
    }
}
