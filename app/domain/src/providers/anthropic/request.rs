//! The body of a Messages request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::providers::{ChatRequest, Content, Image, Message, Part, Seal, ToolSpec, call_ids::CLAUDE, object};

/// The API demands a limit. This is the smallest of all models since Claude 4; what is not written costs nothing.
const MAX_TOKENS: u32 = 32_000;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Marked<Block<'a>>>,
    messages: Vec<Wire<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Marked<Tool<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    stream: bool,
}

/// As much as the model finds right, told in short.
#[derive(Serialize)]
struct Thinking {
    r#type: &'static str,
    display: &'static str,
}

#[derive(Serialize)]
struct Wire<'a> {
    role: Role,
    content: Vec<Marked<Block<'a>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

/// Something up to whose end the prompt is cached, if it is marked.
#[derive(Serialize)]
struct Marked<T> {
    #[serde(flatten)]
    it: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

impl<T> From<T> for Marked<T> {
    fn from(it: T) -> Self {
        Self { it, cache_control: None }
    }
}

/// For five minutes after it was read last: an agent's next request comes sooner.
#[derive(Serialize)]
struct CacheControl {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: &'a str,
        #[serde(skip_serializing_if = "is_false")]
        is_error: bool,
    },
}

#[derive(Serialize)]
struct Source<'a> {
    r#type: &'static str,
    media_type: &'static str,
    data: &'a str,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

/// The body.
pub(super) fn body(request: &ChatRequest) -> Body<'_> {
    let mut system: Vec<Marked<Block<'_>>> = text(&request.system).map(Marked::from).into_iter().collect();
    let mut tools: Vec<Marked<Tool<'_>>> = request.tools.iter().map(|spec| tool(spec).into()).collect();
    let mut messages = messages(&request.messages);
    // Two marks of four: what every conversation of this agent shares (tools come before the system), and everything so far,
    // which the next request begins with.
    mark(system.last_mut());
    if system.is_empty() {
        mark(tools.last_mut());
    }
    mark(messages.last_mut().and_then(|message| message.content.last_mut()));
    let format = |schema: &Value| json!({ "format": { "type": "json_schema", "schema": schema } });
    Body {
        model: &request.model,
        max_tokens: request.max_output_tokens.unwrap_or(MAX_TOKENS),
        system,
        messages,
        tools,
        output_config: request.output.as_ref().map(|form| format(&form.schema)),
        thinking: thinks_unasked(&request.model).then_some(Thinking { r#type: "adaptive", display: "summarized" }),
        stream: true,
    }
}

/// Whether a model thinks without being asked to, and keeps that to itself unless it is asked for it: since the fifth generation. Saying
/// so changes nothing else there; an older one would begin to think, which costs, or would refuse.
fn thinks_unasked(model: &str) -> bool {
    ["opus", "sonnet", "haiku", "fable", "mythos"].iter().any(|family| {
        let version = model.strip_prefix("claude-").and_then(|rest| rest.strip_prefix(family));
        version.and_then(|rest| rest.strip_prefix("-5")).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

fn mark<T>(it: Option<&mut Marked<T>>) {
    if let Some(marked) = it {
        marked.cache_control = Some(CacheControl { r#type: "ephemeral" });
    }
}

/// Text without a visible character is refused.
fn text(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Block::Text { text })
}

/// Results belong to one message right after their calls, before anything that a person says; so messages of one side that
/// follow each other become one, and a message of nothing is left out.
fn messages(all: &[Message]) -> Vec<Wire<'_>> {
    let mut wires: Vec<Wire<'_>> = Vec::new();
    for message in all {
        let (role, blocks) = match message {
            Message::User { text: words, images } => {
                (Role::User, images.iter().map(image).chain(text(words)).collect())
            }
            Message::Assistant { parts } => (Role::Assistant, answer(parts)),
            Message::Tool { tool_call_id, content, is_error, .. } => (
                Role::User,
                vec![Block::ToolResult { tool_use_id: CLAUDE.of(tool_call_id), content, is_error: *is_error }],
            ),
        };
        let blocks: Vec<Block<'_>> = blocks;
        match wires.last_mut() {
            Some(last) if last.role == role => last.content.extend(blocks.into_iter().map(Marked::from)),
            _ if blocks.is_empty() => {}
            _ => wires.push(Wire { role, content: blocks.into_iter().map(Marked::from).collect() }),
        }
    }
    wires
}

/// An answer that ends in a thought is refused, and one that was only thought is none.
fn answer(parts: &[Part]) -> Vec<Block<'_>> {
    let mut blocks: Vec<_> = parts.iter().filter_map(block).collect();
    while matches!(blocks.last(), Some(Block::Thinking { .. } | Block::RedactedThinking { .. })) {
        blocks.pop();
    }
    blocks
}

fn image(image: &Image) -> Block<'_> {
    let source = Source { r#type: "base64", media_type: image.media_type.as_str(), data: &image.base64 };
    Block::Image { source }
}

/// Thoughts without a signature are refused, so they stay here.
fn block(part: &Part) -> Option<Block<'_>> {
    let sealed = |field: &str| part.seal.as_ref().and_then(|Seal(seal)| seal.get(field)?.as_str());
    match &part.content {
        Content::Text(words) => text(words),
        Content::Reasoning(thinking) => match (sealed("signature"), sealed("data")) {
            (Some(signature), _) => Some(Block::Thinking { thinking, signature }),
            (None, Some(data)) => Some(Block::RedactedThinking { data }),
            (None, None) => None,
        },
        Content::Call(call) => {
            Some(Block::ToolUse { id: CLAUDE.of(&call.id), name: &call.name, input: object::arguments(call) })
        }
    }
}

fn tool(tool: &ToolSpec) -> Tool<'_> {
    Tool { name: &tool.name, description: &tool.description, input_schema: &tool.parameters }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{ImageType, OutputForm, ToolCall};

    fn sent(request: &ChatRequest) -> Value {
        serde_json::to_value(body(request)).unwrap_or_default()
    }

    fn call(id: &str, arguments: &str) -> Part {
        Content::Call(ToolCall { id: id.into(), name: "search".into(), arguments: arguments.into() }).into()
    }

    fn answer(id: &str, content: &str, is_error: bool) -> Message {
        Message::Tool { tool_call_id: id.into(), name: "search".into(), content: content.into(), is_error }
    }

    fn thought(thinking: &str, seal: Value) -> Part {
        Part { content: Content::Reasoning(thinking.into()), seal: Some(Seal(seal)) }
    }

    #[test]
    fn an_answer_ends_in_no_thought() {
        let seal = || json!({"signature": "c2ln"});
        let only = Message::Assistant { parts: vec![thought("Hm.", seal())] };
        let cut = Message::Assistant { parts: vec![Content::Text("So".into()).into(), thought("Hm.", seal())] };
        let request = ChatRequest {
            messages: vec![Message::user("a"), only, Message::user("b"), cut, Message::user("c")],
            ..ChatRequest::default()
        };
        let sent = sent(&request)["messages"].clone();
        let roles: Vec<_> = sent.as_array().into_iter().flatten().map(|m| m["role"].as_str()).collect();
        assert_eq!(roles, [Some("user"), Some("assistant"), Some("user")]);
        assert!(!sent.to_string().contains("c2ln"), "{sent}");
    }

    #[test]
    fn thoughts_go_back_unchanged_in_their_place_with_the_results_of_their_calls() {
        let request = ChatRequest {
            model: "claude-x".into(),
            system: "Be brief.".into(),
            messages: vec![
                Message::user("Hello"),
                Message::Assistant {
                    parts: vec![
                        thought("Hm, ä.", json!({"signature": "c2ln=="})),
                        thought("", json!({"data": "cmVkYWN0ZWQ="})),
                        Content::Reasoning("unsigned".into()).into(),
                        Content::Text("Let me look.".into()).into(),
                        call("toolu_1", r#"{"q": 1.0}"#),
                        call("functions.search:0", ""),
                    ],
                },
                answer("toolu_1", "[]", false),
                answer("functions.search:0", "broken", true),
                Message::user("Well?"),
            ],
            tools: vec![ToolSpec {
                name: "search".into(),
                description: "Searches.".into(),
                parameters: json!({"type": "object"}),
            }],
            ..ChatRequest::default()
        };
        let expected = json!({
            "model": "claude-x",
            "max_tokens": 32_000,
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Hm, ä.", "signature": "c2ln=="},
                    {"type": "redacted_thinking", "data": "cmVkYWN0ZWQ="},
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {"q": 1.0}},
                    {"type": "tool_use", "id": CLAUDE.of("functions.search:0"), "name": "search", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "[]"},
                    {"type": "tool_result", "tool_use_id": CLAUDE.of("functions.search:0"), "content": "broken", "is_error": true},
                    {"type": "text", "text": "Well?", "cache_control": {"type": "ephemeral"}},
                ]},
            ],
            "tools": [{"name": "search", "description": "Searches.", "input_schema": {"type": "object"}}],
            "stream": true,
        });
        assert_eq!(sent(&request), expected);
    }

    #[test]
    fn pictures_a_schema_and_a_limit_are_sent_and_without_instructions_the_tools_are_marked() {
        let image = Image { media_type: ImageType::Webp, base64: "AAAA".into() };
        let tool = |name: &str| ToolSpec { name: name.into(), description: String::new(), parameters: json!({}) };
        let request = ChatRequest {
            messages: vec![Message::User { text: "What is this?".into(), images: vec![image] }],
            tools: vec![tool("a"), tool("b")],
            output: Some(OutputForm { name: "verdict".into(), schema: json!({"type": "object"}) }),
            max_output_tokens: Some(64),
            ..ChatRequest::default()
        };
        let body = sent(&request);
        let expected = json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "AAAA"}},
            {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
        ]);
        assert_eq!(body["messages"][0]["content"], expected);
        assert_eq!(body["output_config"], json!({"format": {"type": "json_schema", "schema": {"type": "object"}}}));
        assert_eq!((&body["max_tokens"], body.get("system")), (&json!(64), None));
        assert_eq!(
            (body["tools"][0].get("cache_control"), &body["tools"][1]["cache_control"]["type"]),
            (None, &json!("ephemeral"))
        );
    }

    #[test]
    fn thoughts_are_asked_for_of_models_that_think_anyway_and_of_no_others() {
        let asked = |model: &str| {
            let body = sent(&ChatRequest { model: model.into(), ..ChatRequest::default() });
            body.get("thinking").cloned()
        };
        let shown = json!({"type": "adaptive", "display": "summarized"});
        for model in ["claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5-20261001", "claude-fable-5-1"] {
            assert_eq!(asked(model).as_ref(), Some(&shown), "{model}");
        }
        for model in ["claude-opus-4-7", "claude-sonnet-4-5-20250929", "claude-haiku-50", "claude-3-5-haiku", "x"] {
            assert_eq!(asked(model), None, "{model}");
        }
    }

    #[test]
    fn answers_of_nothing_are_left_out_and_those_around_them_become_one() {
        let messages =
            vec![Message::user("a"), Message::Assistant { parts: vec![] }, Message::user("b"), Message::user(" ")];
        let body = sent(&ChatRequest { messages, ..ChatRequest::default() });
        assert_eq!(body["messages"].as_array().map(Vec::len), Some(1));
        assert_eq!(body["messages"][0]["content"].as_array().map(Vec::len), Some(2));
    }
}
