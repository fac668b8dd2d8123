//! The body of a chat completion request.

use serde::{Serialize, de::IgnoredAny};
use serde_json::{Value, json};

use crate::providers::{ChatRequest, Message, ToolCall, ToolSpec};

/// Its newer models refuse `max_tokens`; most other servers know nothing else.
const OPENAI: &str = "api.openai.com";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Wire<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Wire<'a> {
    System {
        content: &'a str,
    },
    User {
        content: &'a str,
    },
    Assistant {
        /// `null` when there are only calls.
        content: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
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
    function: ToolFunction<'a>,
}

#[derive(Serialize)]
struct ToolFunction<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// The body as JSON, for a server at `host`.
pub(super) fn body(request: &ChatRequest, host: &str) -> serde_json::Result<Vec<u8>> {
    let system = Some(request.system.as_str()).filter(|s| !s.is_empty());
    let limit = request.max_output_tokens;
    serde_json::to_vec(&Body {
        model: &request.model,
        messages: system
            .map(|content| Wire::System { content })
            .into_iter()
            .chain(request.messages.iter().map(message))
            .collect(),
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        tools: request.tools.iter().map(tool).collect(),
        max_tokens: limit.filter(|_| host != OPENAI),
        max_completion_tokens: limit.filter(|_| host == OPENAI),
    })
}

fn message(message: &Message) -> Wire<'_> {
    match message {
        Message::User { text } => Wire::User { content: text },
        Message::Assistant { text, tool_calls } => Wire::Assistant {
            content: Some(text.as_str()).filter(|t| !t.is_empty() || tool_calls.is_empty()),
            tool_calls: tool_calls.iter().map(call).collect(),
        },
        Message::Tool { tool_call_id, content, .. } => Wire::Tool { tool_call_id, content },
    }
}

fn call(call: &ToolCall) -> Call<'_> {
    Call { id: &call.id, r#type: "function", function: CallFunction { name: &call.name, arguments: arguments(call) } }
}

/// A model's arguments as it wrote them. Several servers parse them again and would refuse the whole conversation for
/// ever because of one malformed call, so what is not an object is wrapped into one.
fn arguments(call: &ToolCall) -> String {
    match call.arguments.trim() {
        "" => "{}".into(),
        text if text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() => call.arguments.clone(),
        text => json!({ "malformed_arguments": text }).to_string(),
    }
}

fn tool(tool: &ToolSpec) -> Tool<'_> {
    Tool {
        r#type: "function",
        function: ToolFunction { name: &tool.name, description: &tool.description, parameters: &tool.parameters },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, arguments: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "search".into(), arguments: arguments.into() }
    }

    fn conversation() -> ChatRequest {
        ChatRequest {
            model: "gpt-x".into(),
            system: "Be brief.".into(),
            messages: vec![
                Message::User { text: "Hello".into() },
                Message::Assistant {
                    text: String::new(),
                    tool_calls: vec![call("c1", r#"{"q": 1}"#), call("c2", ""), call("c3", "{oops"), call("c4", "[1]")],
                },
                Message::Tool {
                    tool_call_id: "c1".into(),
                    name: "search".into(),
                    content: "[]".into(),
                    is_error: false,
                },
                Message::Assistant { text: "Nothing.".into(), tool_calls: vec![] },
            ],
            tools: vec![ToolSpec {
                name: "search".into(),
                description: "Searches.".into(),
                parameters: json!({"type": "object"}),
            }],
            max_output_tokens: Some(64),
        }
    }

    fn sent(request: &ChatRequest, host: &str) -> serde_json::Result<Value> {
        serde_json::from_slice(&body(request, host)?)
    }

    fn wire(id: &str, arguments: &str) -> Value {
        json!({"id": id, "type": "function", "function": {"name": "search", "arguments": arguments}})
    }

    #[test]
    fn a_conversation_with_tools_is_written_as_openai_defines_it() -> serde_json::Result<()> {
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
        assert_eq!(sent(&conversation(), "localhost")?, expected);
        Ok(())
    }

    #[test]
    fn what_is_not_set_is_not_sent() -> serde_json::Result<()> {
        let bare = ChatRequest { system: String::new(), tools: vec![], max_output_tokens: None, ..conversation() };
        let body = sent(&bare, OPENAI)?;
        assert_eq!(body["messages"][0]["role"], "user");
        for absent in ["tools", "max_tokens", "max_completion_tokens"] {
            assert!(body.get(absent).is_none(), "{absent} was sent");
        }
        Ok(())
    }

    #[test]
    fn openai_itself_gets_the_newer_name_of_the_limit() -> serde_json::Result<()> {
        let body = sent(&conversation(), OPENAI)?;
        assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(64)));
        Ok(())
    }
}
