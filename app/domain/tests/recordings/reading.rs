//! What a stream says, read in the simplest way there is: the whole body at once, without the code under test.

use std::collections::BTreeMap;

use hyvve_domain::providers::{FailureKind, Finish, ModelEvent, Usage};
use serde_json::Value;

/// An answer, put together.
#[derive(PartialEq, Debug)]
pub(crate) struct Answer {
    pub(crate) model: String,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    /// Id, name and arguments.
    pub(crate) calls: Vec<(String, String, String)>,
    pub(crate) usage: Option<Usage>,
    pub(crate) end: Result<Finish, FailureKind>,
}

impl Answer {
    fn empty() -> Self {
        let (model, text, reasoning) = Default::default();
        Self { model, text, reasoning, calls: vec![], usage: None, end: Err(FailureKind::Broken) }
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
                    assert_eq!(*index, answer.calls.len());
                    answer.calls.push((id.clone(), name.clone(), String::new()));
                }
                ModelEvent::ToolCallArguments { index, delta } => answer.calls[*index].2.push_str(delta),
                ModelEvent::Usage(usage) => answer.usage = Some(*usage),
                ModelEvent::Finish(reason) => finish = Some(*reason),
            }
        }
        answer.end = ended.and(finish.ok_or(FailureKind::Broken));
        answer
    }

    /// From the recorded body.
    pub(crate) fn of_body(body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let mut answer = Self::empty();
        let mut calls = BTreeMap::<u64, (String, String, String)>::new();
        for block in body.split("\n\n") {
            let data: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            let Ok(chunk) = serde_json::from_str::<Value>(&data.join("\n")) else { continue };
            let text = |pointer: &str| chunk.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            answer.model = text("/model").into();
            answer.text += text("/choices/0/delta/content");
            answer.reasoning += text("/choices/0/delta/reasoning_content");
            answer.reasoning += text("/choices/0/delta/reasoning");
            for piece in chunk.pointer("/choices/0/delta/tool_calls").and_then(Value::as_array).into_iter().flatten() {
                let text = |pointer: &str| piece.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                let call = calls.entry(piece["index"].as_u64().unwrap()).or_default();
                call.0 += text("/id");
                call.1 += text("/function/name");
                call.2 += text("/function/arguments");
            }
            if chunk["usage"].is_object() {
                answer.usage = Some(usage(&chunk["usage"]));
            }
            if chunk["error"].is_object() {
                answer.end = Err(match chunk["error"]["code"].as_u64() {
                    Some(code @ (401..=403 | 429)) => refusal(u16::try_from(code).unwrap()),
                    _ => FailureKind::Failed,
                });
                break;
            }
            match text("/choices/0/finish_reason") {
                "" => {}
                "stop" => answer.end = Ok(Finish::Stop),
                "tool_calls" => answer.end = Ok(Finish::ToolCalls),
                "length" => answer.end = Ok(Finish::Length),
                other => panic!("a finish reason that this reading does not know: {other}"),
            }
        }
        answer.calls = calls.into_values().collect();
        answer
    }
}

fn usage(json: &Value) -> Usage {
    let number = |pointer: &str| json.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        input: number("/prompt_tokens"),
        output: number("/completion_tokens"),
        reasoning: number("/completion_tokens_details/reasoning_tokens"),
        cached: number("/prompt_tokens_details/cached_tokens") + number("/prompt_cache_hit_tokens"),
        cost_micros: json["cost"].as_f64().map(|dollars| format!("{:.0}", dollars * 1_000_000.0).parse().unwrap()),
    }
}

/// The kind of failure of an HTTP status.
pub(crate) fn refusal(status: u16) -> FailureKind {
    match status {
        401 | 403 => FailureKind::KeyRefused,
        402 => FailureKind::NoBalance,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::Failed,
        _ => FailureKind::BadRequest,
    }
}
