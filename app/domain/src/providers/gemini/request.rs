//! The body of a request to generate content.

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::providers::{ChatRequest, Content, Image, Message, Part, Seal, ToolSpec, object};

/// What stands in place of a signature where there cannot be one, because another model made the call. Google documents
/// this word for conversations that come from elsewhere: <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const UNSIGNED: &str = "skip_thought_signature_validator";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<System<'a>>,
    contents: Vec<Wire<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Generation::is_empty")]
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct System<'a> {
    parts: [Words<'a>; 1],
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Wire<'a> {
    role: Role,
    parts: Vec<Signed<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Model,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed<'a> {
    #[serde(flatten)]
    part: Wired<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Wired<'a> {
    Text(Words<'a>),
    Thought {
        text: &'a str,
        thought: bool,
    },
    #[serde(rename_all = "camelCase")]
    Image {
        inline_data: Data<'a>,
    },
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: Call<'a>,
    },
    #[serde(rename_all = "camelCase")]
    Answer {
        function_response: Answer<'a>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    mime_type: &'static str,
    data: &'a str,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    name: &'a str,
    args: Box<RawValue>,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    name: &'a str,
    response: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

/// `parameters` would be OpenAPI's dialect; this is JSON Schema.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    parameters_json_schema: &'a Value,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    include_thoughts: bool,
}

impl Generation<'_> {
    fn is_empty(&self) -> bool {
        self.max_output_tokens.is_none() && self.response_json_schema.is_none() && self.thinking_config.is_none()
    }
}

/// The body.
pub(super) fn body(request: &ChatRequest) -> Body<'_> {
    let declarations: Vec<Declaration<'_>> = request.tools.iter().map(declaration).collect();
    let schema = request.output.as_ref().map(|form| &form.schema);
    Body {
        system_instruction: (!request.system.is_empty()).then(|| System { parts: [Words { text: &request.system }] }),
        contents: contents(&request.messages, checks_signatures(&request.model)),
        tools: if declarations.is_empty() { vec![] } else { vec![Tools { function_declarations: declarations }] },
        generation_config: Generation {
            max_output_tokens: request.max_output_tokens,
            response_mime_type: schema.map(|_| "application/json"),
            response_json_schema: schema,
            thinking_config: thinks(&request.model).then_some(Thinking { include_thoughts: true }),
        },
    }
}

/// Whether a model thinks unless it is told not to: others refuse to be asked for their thoughts, as do the small ones and those that
/// draw or talk.
fn thinks(model: &str) -> bool {
    ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-3"].iter().any(|family| model.starts_with(family))
        && !["lite", "image", "tts", "live", "audio", "computer"].iter().any(|other| model.contains(other))
}

/// Whether a call without a signature is refused: since the third generation, and by names that say no generation.
fn checks_signatures(model: &str) -> bool {
    !["gemini-1", "gemini-2", "gemma"].iter().any(|old| model.contains(old))
}

/// Answers of calls that were made together stand together, as do all parts of one side.
fn contents(all: &[Message], checks_signatures: bool) -> Vec<Wire<'_>> {
    let mut wires: Vec<Wire<'_>> = Vec::new();
    for message in all {
        let (role, parts): (_, Vec<Signed<'_>>) = match message {
            Message::User { text, images } => (Role::User, images.iter().map(image).chain(words(text)).collect()),
            Message::Assistant { parts } => (Role::Model, model(parts, checks_signatures)),
            Message::Tool { tool_call_id, name, content, is_error } => {
                let response = object::answer(content, *is_error);
                (
                    Role::User,
                    vec![unsigned(Wired::Answer { function_response: Answer { id: tool_call_id, name, response } })],
                )
            }
        };
        match wires.last_mut() {
            Some(last) if last.role == role => last.parts.extend(parts),
            _ if parts.is_empty() => {}
            _ => wires.push(Wire { role, parts }),
        }
    }
    wires
}

fn unsigned(part: Wired<'_>) -> Signed<'_> {
    Signed { part, thought_signature: None }
}

fn words(text: &str) -> Option<Signed<'_>> {
    (!text.is_empty()).then(|| unsigned(Wired::Text(Words { text })))
}

fn image(image: &Image) -> Signed<'_> {
    unsigned(Wired::Image { inline_data: Data { mime_type: image.media_type.as_str(), data: &image.base64 } })
}

/// An answer's parts. A signature goes back on the part that it came with; of calls made together only the first has one.
fn model(parts: &[Part], checks_signatures: bool) -> Vec<Signed<'_>> {
    let mut first_call = true;
    parts
        .iter()
        .filter_map(|part| {
            let signature = part.seal.as_ref().and_then(|Seal(seal)| seal.get("thoughtSignature")?.as_str());
            let (wired, thought_signature) = match &part.content {
                Content::Text(text) if text.is_empty() && signature.is_none() => return None,
                Content::Text(text) => (Wired::Text(Words { text }), signature),
                Content::Reasoning(text) => (Wired::Thought { text, thought: true }, Some(signature?)),
                Content::Call(call) => {
                    let stand_in = (first_call && checks_signatures).then_some(UNSIGNED);
                    first_call = false;
                    let function_call = Call { id: &call.id, name: &call.name, args: object::arguments(call) };
                    (Wired::Call { function_call }, signature.or(stand_in))
                }
            };
            Some(Signed { part: wired, thought_signature })
        })
        .collect()
}

fn declaration(tool: &ToolSpec) -> Declaration<'_> {
    Declaration { name: &tool.name, description: &tool.description, parameters_json_schema: &tool.parameters }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::{ImageType, OutputForm, ToolCall};

    fn sent(request: &ChatRequest) -> Value {
        serde_json::to_value(body(request)).unwrap_or_default()
    }

    fn call(id: &str, seal: Option<&str>) -> Part {
        let call = ToolCall { id: id.into(), name: "search".into(), arguments: r#"{"q": 1.0}"#.into() };
        Part { content: Content::Call(call), seal: seal.map(signature) }
    }

    fn signature(text: &str) -> Seal {
        Seal(json!({ "thoughtSignature": text }))
    }

    fn answer(id: &str, content: &str, is_error: bool) -> Message {
        Message::Tool { tool_call_id: id.into(), name: "search".into(), content: content.into(), is_error }
    }

    fn conversation(model: &str, calls: Vec<Part>) -> ChatRequest {
        let messages = vec![
            Message::user("Hello"),
            Message::Assistant { parts: calls },
            answer("a", "[]", false),
            answer("b", r#"{"status": "rejected"}"#, true),
        ];
        ChatRequest { model: model.into(), messages, ..ChatRequest::default() }
    }

    #[test]
    fn signatures_go_back_on_the_parts_that_they_came_with() {
        let mut request = conversation(
            "gemini-3-pro",
            vec![
                Part { content: Content::Reasoning("Hm.".into()), seal: Some(signature("c2lnMA==")) },
                Content::Reasoning("unsigned".into()).into(),
                Content::Text("Let me look.".into()).into(),
                Content::Text(String::new()).into(),
                Part { content: Content::Text(String::new()), seal: Some(signature("c2lnMQ==")) },
                call("a", Some("c2lnMg==")),
                call("b", None),
            ],
        );
        request.system = "Be brief.".into();
        request.tools = vec![ToolSpec {
            name: "search".into(),
            description: "Searches.".into(),
            parameters: json!({"type": "object"}),
        }];
        let expected = json!({
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Hello"}]},
                {"role": "model", "parts": [
                    {"text": "Hm.", "thought": true, "thoughtSignature": "c2lnMA=="},
                    {"text": "Let me look."},
                    {"text": "", "thoughtSignature": "c2lnMQ=="},
                    {"functionCall": {"id": "a", "name": "search", "args": {"q": 1.0}}, "thoughtSignature": "c2lnMg=="},
                    {"functionCall": {"id": "b", "name": "search", "args": {"q": 1.0}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "a", "name": "search", "response": {"result": []}}},
                    {"functionResponse": {"id": "b", "name": "search", "response": {"status": "rejected"}}},
                ]},
            ],
            "tools": [{"functionDeclarations": [
                {"name": "search", "description": "Searches.", "parametersJsonSchema": {"type": "object"}},
            ]}],
            "generationConfig": {"thinkingConfig": {"includeThoughts": true}},
        });
        assert_eq!(sent(&request), expected);
    }

    #[test]
    fn calls_of_another_model_are_taken_over_without_their_thoughts() {
        let signatures = |model: &str| {
            let body = sent(&conversation(model, vec![call("a", None), call("b", None)]));
            let of = |n: usize| body["contents"][1]["parts"][n].get("thoughtSignature").cloned();
            (of(0), of(1))
        };
        assert_eq!(signatures("gemini-3-flash-preview"), (Some(json!(UNSIGNED)), None));
        assert_eq!(signatures("gemini-flash-latest"), (Some(json!(UNSIGNED)), None));
        assert_eq!(signatures("gemini-2.5-pro"), (None, None));
    }

    #[test]
    fn thoughts_are_asked_for_of_models_that_think_anyway_and_of_no_others() {
        let asked = |model: &str| {
            let body = sent(&ChatRequest { model: model.into(), ..ChatRequest::default() });
            body.pointer("/generationConfig/thinkingConfig").cloned()
        };
        for model in ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-3-pro-preview", "gemini-3.5-flash"] {
            assert_eq!(asked(model), Some(json!({"includeThoughts": true})), "{model}");
        }
        for model in ["gemini-2.0-flash", "gemini-2.5-flash-lite", "gemini-3-pro-image-preview", "gemma-3", "m"] {
            assert_eq!(asked(model), None, "{model}");
        }
    }

    #[test]
    fn pictures_a_schema_and_a_limit_are_sent() {
        let image = Image { media_type: ImageType::Png, base64: "AAAA".into() };
        let request = ChatRequest {
            messages: vec![Message::User { text: "What is this?".into(), images: vec![image] }],
            output: Some(OutputForm { name: "verdict".into(), schema: json!({"type": "object"}) }),
            max_output_tokens: Some(64),
            ..ChatRequest::default()
        };
        let expected = json!({
            "contents": [{"role": "user", "parts": [
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"text": "What is this?"},
            ]}],
            "generationConfig": {
                "maxOutputTokens": 64,
                "responseMimeType": "application/json",
                "responseJsonSchema": {"type": "object"},
            },
        });
        assert_eq!(sent(&request), expected);
    }
}
