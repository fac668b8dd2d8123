//! What a stream says, read in the simplest way there is: the whole body at once, without the code under test.

use std::collections::BTreeMap;

use hyvve_domain::providers::{Content, FailureKind, Finish, Kind, Layout, ModelEvent, Part, ToolCall, Usage};
use serde_json::{Value, json};

/// An answer, put together.
#[derive(PartialEq, Debug)]
pub(crate) struct Answer {
    pub(crate) model: String,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    /// Id (empty where the adapter made it up), name and arguments.
    pub(crate) calls: Vec<(String, String, String)>,
    /// What the provider wants back, in order.
    pub(crate) seals: Vec<Value>,
    pub(crate) usage: Option<Usage>,
    pub(crate) end: Result<Finish, FailureKind>,
}

impl Answer {
    fn empty() -> Self {
        let (model, text, reasoning) = Default::default();
        Self { model, text, reasoning, calls: vec![], seals: vec![], usage: None, end: Err(FailureKind::BadReply) }
    }

    /// From what the adapter gave out.
    pub(crate) fn of_events(events: &[ModelEvent], ended: Result<(), FailureKind>) -> Self {
        let mut answer = Self::empty();
        let mut finish = None;
        for event in events {
            assert!(finish.is_none(), "the finish is the last event");
            match event {
                ModelEvent::Model(model) => answer.model.clone_from(model),
                ModelEvent::Text(text) => answer.text.push_str(text),
                ModelEvent::Reasoning(text) => answer.reasoning.push_str(text),
                ModelEvent::ToolCallStart { index, id, name } => {
                    assert!(!id.is_empty());
                    let made_up = id.len() == 37 && id.starts_with("call_");
                    answer.calls.resize_with(answer.calls.len().max(index + 1), Default::default);
                    let id = if made_up { String::new() } else { id.clone() };
                    answer.calls[*index] = (id, name.clone(), String::new());
                }
                ModelEvent::ToolCallArguments { index, delta } => answer.calls[*index].2.push_str(delta),
                ModelEvent::PartEnd(seal) => answer.seals.extend(seal.clone().map(|seal| seal.0)),
                ModelEvent::Usage(usage) => answer.usage = Some(*usage),
                ModelEvent::Finish(reason) => finish = Some(*reason),
            }
        }
        answer.end = ended.and(finish.ok_or(FailureKind::BadReply));
        answer
    }

    /// The parts that go back to the provider, after their layout was stored.
    pub(crate) fn parts(&self, events: &[ModelEvent]) -> Vec<Part> {
        let mut layout = Layout::default();
        for event in events {
            layout.take(event);
        }
        let layout: Layout = serde_json::from_value(serde_json::to_value(layout).unwrap()).unwrap();
        let call = |(id, name, arguments): &(String, String, String)| ToolCall {
            id: id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        };
        let calls: Vec<ToolCall> = self.calls.iter().map(call).collect();
        let parts = layout.parts(&self.text, &self.reasoning, &calls);
        let said = |of: fn(&Content) -> Option<&str>| parts.iter().filter_map(|p| of(&p.content)).collect::<String>();
        assert_eq!(said(|c| if let Content::Text(t) = c { Some(t) } else { None }), self.text);
        assert_eq!(said(|c| if let Content::Reasoning(t) = c { Some(t) } else { None }), self.reasoning);
        assert_eq!(parts.iter().filter(|p| matches!(p.content, Content::Call(_))).count(), calls.len());
        parts
    }

    /// From the recorded body.
    pub(crate) fn of_body(kind: Kind, body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let chunks = body.split("\n\n").filter_map(|block| {
            let data: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            serde_json::from_str::<Value>(&data.join("\n")).ok()
        });
        let mut answer = Self::empty();
        match kind {
            Kind::Anthropic => messages(&mut answer, chunks),
            Kind::Openai => response(&mut answer, chunks),
            Kind::Gemini => contents(&mut answer, chunks),
            _ => completions(&mut answer, chunks),
        }
        answer
    }
}

fn at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn completions(answer: &mut Answer, chunks: impl Iterator<Item = Value>) {
    let mut calls = BTreeMap::<u64, (String, String, String)>::new();
    let (mut plain, mut details) = (false, BTreeMap::<String, Value>::new());
    for chunk in chunks {
        at(&chunk, "/model").clone_into(&mut answer.model);
        answer.text += at(&chunk, "/choices/0/delta/content");
        plain |= !at(&chunk, "/choices/0/delta/reasoning_content").is_empty();
        answer.reasoning += at(&chunk, "/choices/0/delta/reasoning_content");
        answer.reasoning += at(&chunk, "/choices/0/delta/reasoning");
        for detail in list(&chunk, "/choices/0/delta/reasoning_details") {
            let kept = details.entry(detail["index"].to_string()).or_insert_with(|| detail.clone());
            if *kept != *detail {
                let text = kept["text"].as_str().unwrap_or_default().to_owned();
                kept["text"] = json!(text + at(detail, "/text"));
            }
        }
        for piece in list(&chunk, "/choices/0/delta/tool_calls") {
            let call = calls.entry(piece["index"].as_u64().unwrap()).or_default();
            call.0 += at(piece, "/id");
            call.1 += at(piece, "/function/name");
            call.2 += at(piece, "/function/arguments");
        }
        if chunk["usage"].is_object() {
            let usage = &chunk["usage"];
            answer.usage = Some(Usage {
                input: number(usage, "/prompt_tokens"),
                output: number(usage, "/completion_tokens"),
                reasoning: number(usage, "/completion_tokens_details/reasoning_tokens"),
                cache_read: number(usage, "/prompt_tokens_details/cached_tokens")
                    + number(usage, "/prompt_cache_hit_tokens"),
                cache_write: number(usage, "/prompt_tokens_details/cache_write_tokens"),
                cost_micros: usage["cost"].as_f64().map(|c| format!("{:.0}", c * 1_000_000.0).parse().unwrap()),
            });
        }
        if chunk["error"].is_object() {
            answer.end = Err(match chunk["error"]["code"].as_u64() {
                Some(429) => FailureKind::RateLimited,
                _ => FailureKind::Overloaded,
            });
            break;
        }
        match at(&chunk, "/choices/0/finish_reason") {
            "" => {}
            "stop" => answer.end = Ok(Finish::Stop),
            "tool_calls" => answer.end = Ok(Finish::ToolCalls),
            "length" => answer.end = Ok(Finish::Length),
            other => panic!("a finish reason that this reading does not know: {other}"),
        }
    }
    answer.calls = calls.into_values().collect();
    if answer.end.is_ok() && !details.is_empty() {
        answer.seals = vec![json!({ "reasoning_details": details.into_values().collect::<Vec<_>>() })];
    } else if answer.end.is_ok() && plain {
        answer.seals = vec![json!({ "field": "reasoning_content" })];
    }
}

fn messages(answer: &mut Answer, events: impl Iterator<Item = Value>) {
    let mut blocks = BTreeMap::<u64, (Value, String)>::new();
    let mut counts = json!({});
    for event in events {
        for usage in ["/message/usage", "/usage"] {
            for (name, value) in event.pointer(usage).and_then(Value::as_object).into_iter().flatten() {
                counts[name] = value.clone();
            }
        }
        match at(&event, "/type") {
            "message_start" => at(&event, "/message/model").clone_into(&mut answer.model),
            "content_block_start" => {
                let block = event["content_block"].clone();
                let begun = format!("{}{}", at(&block, "/text"), at(&block, "/thinking"));
                blocks.insert(event["index"].as_u64().unwrap(), (block, begun));
            }
            "content_block_delta" => {
                let block = blocks.get_mut(&event["index"].as_u64().unwrap()).unwrap();
                match at(&event, "/delta/type") {
                    "text_delta" => block.1 += at(&event, "/delta/text"),
                    "thinking_delta" => block.1 += at(&event, "/delta/thinking"),
                    "input_json_delta" => block.1 += at(&event, "/delta/partial_json"),
                    "signature_delta" => {
                        let signature = format!("{}{}", at(&block.0, "/signature"), at(&event, "/delta/signature"));
                        block.0["signature"] = json!(signature);
                    }
                    _ => {}
                }
            }
            "message_delta" => {
                answer.end = Ok(match at(&event, "/delta/stop_reason") {
                    "end_turn" => Finish::Stop,
                    "tool_use" => Finish::ToolCalls,
                    "max_tokens" => Finish::Length,
                    other => panic!("a stop reason that this reading does not know: {other}"),
                });
            }
            "error" => answer.end = Err(FailureKind::Overloaded),
            _ => {}
        }
    }
    for (block, said) in blocks.into_values() {
        match at(&block, "/type") {
            "text" => answer.text += &said,
            "thinking" => {
                answer.reasoning += &said;
                if !at(&block, "/signature").is_empty() {
                    answer.seals.push(json!({ "signature": block["signature"] }));
                }
            }
            "redacted_thinking" => answer.seals.push(json!({ "data": block["data"] })),
            "tool_use" => {
                let arguments = if said.is_empty() { "{}".to_owned() } else { said };
                answer.calls.push((at(&block, "/id").into(), at(&block, "/name").into(), arguments));
            }
            _ => {}
        }
    }
    let (read, written) =
        (number(&counts, "/cache_read_input_tokens"), number(&counts, "/cache_creation_input_tokens"));
    answer.usage = Some(Usage {
        input: number(&counts, "/input_tokens") + read + written,
        output: number(&counts, "/output_tokens"),
        reasoning: number(&counts, "/output_tokens_details/thinking_tokens"),
        cache_read: read,
        cache_write: written,
        ..Usage::default()
    });
}

/// From the whole response that the last event repeats.
fn response(answer: &mut Answer, events: impl Iterator<Item = Value>) {
    let events: Vec<Value> = events.collect();
    let last = &events.last().unwrap()["response"];
    at(last, "/model").clone_into(&mut answer.model);
    if at(last, "/status") == "failed" {
        let deltas = events.iter().filter(|e| at(e, "/type") == "response.output_text.delta");
        answer.text = deltas.map(|e| at(e, "/delta")).collect();
        answer.end = Err(FailureKind::RateLimited);
        return;
    }
    for item in list(last, "/output") {
        match at(item, "/type") {
            "message" => {
                answer.text += &list(item, "/content").map(|part| at(part, "/text")).collect::<String>();
                if item["phase"].is_string() {
                    answer.seals.push(json!({ "phase": item["phase"] }));
                }
            }
            "reasoning" => {
                let summary: Vec<&str> = list(item, "/summary").map(|part| at(part, "/text")).collect();
                answer.reasoning += &summary.join("\n\n");
                answer.reasoning += &list(item, "/content").map(|part| at(part, "/text")).collect::<String>();
                if item["encrypted_content"].is_string() {
                    let mut sealed = item.clone();
                    sealed.as_object_mut().unwrap().remove("status");
                    answer.seals.push(sealed);
                }
            }
            "function_call" => {
                answer.calls.push((
                    at(item, "/call_id").into(),
                    at(item, "/name").into(),
                    at(item, "/arguments").into(),
                ));
            }
            _ => {}
        }
    }
    answer.usage = Some(Usage {
        input: number(last, "/usage/input_tokens"),
        output: number(last, "/usage/output_tokens"),
        reasoning: number(last, "/usage/output_tokens_details/reasoning_tokens"),
        cache_read: number(last, "/usage/input_tokens_details/cached_tokens"),
        ..Usage::default()
    });
    answer.end = Ok(if answer.calls.is_empty() { Finish::Stop } else { Finish::ToolCalls });
}

fn contents(answer: &mut Answer, chunks: impl Iterator<Item = Value>) {
    for chunk in chunks {
        at(&chunk, "/modelVersion").clone_into(&mut answer.model);
        for part in list(&chunk, "/candidates/0/content/parts") {
            let words = if part["thought"] == true { &mut answer.reasoning } else { &mut answer.text };
            *words += at(part, "/text");
            if let Some(call) = part.get("functionCall") {
                let arguments = call.get("args").unwrap_or(&json!({})).to_string();
                answer.calls.push((at(call, "/id").into(), at(call, "/name").into(), arguments));
            }
            let said = part.get("text").or(part.get("functionCall")).is_some();
            if let Some(signature) = part.get("thoughtSignature").filter(|_| said) {
                answer.seals.push(json!({ "thoughtSignature": signature }));
            }
        }
        let counts = &chunk["usageMetadata"];
        let (output, thoughts) = (number(counts, "/candidatesTokenCount"), number(counts, "/thoughtsTokenCount"));
        answer.usage = Some(Usage {
            input: number(counts, "/promptTokenCount") + number(counts, "/toolUsePromptTokenCount"),
            output: output + thoughts,
            reasoning: thoughts,
            cache_read: number(counts, "/cachedContentTokenCount"),
            ..Usage::default()
        });
        // Google's own sum says whether all kinds of tokens are counted.
        let usage = answer.usage.unwrap();
        assert_eq!(usage.input + usage.output, number(counts, "/totalTokenCount"));
        if chunk.get("promptFeedback").is_some() {
            answer.end = Err(FailureKind::Refused);
        }
        match at(&chunk, "/candidates/0/finishReason") {
            "" => {}
            "STOP" if answer.calls.is_empty() => answer.end = Ok(Finish::Stop),
            "STOP" => answer.end = Ok(Finish::ToolCalls),
            other => panic!("a finish reason that this reading does not know: {other}"),
        }
    }
}

/// The kind of failure of a refusal.
pub(crate) fn refusal(status: u16, body: &str) -> FailureKind {
    match status {
        429 => FailureKind::RateLimited,
        _ if ["model: ", "is not found for API", "model_not_found"].iter().any(|sign| body.contains(sign)) => {
            FailureKind::ModelNotFound
        }
        _ => FailureKind::Refused,
    }
}
