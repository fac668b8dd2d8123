//! Reads the events of a streamed response.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::providers::{
    FailureKind, Fault, Finish, ModelEvent, Seal, Usage,
    completions::made_up,
    fault,
    streamed::{Format, id_of},
};

/// An answer under way. It is complete with the event that carries the whole response, which has the usage.
#[derive(Default)]
pub(super) struct Events {
    id: Option<String>,
    /// The calls by their place in the output: their own number, and whether arguments have come.
    calls: HashMap<u64, (usize, bool)>,
    /// Words of these items have come already.
    spoken: HashMap<u64, bool>,
    complete: bool,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Event {
    #[serde(rename = "response.created")]
    Created { response: Response },
    #[serde(rename = "response.output_item.added")]
    ItemAdded { output_index: u64, item: Item },
    #[serde(rename = "response.output_text.delta", alias = "response.refusal.delta")]
    Text { output_index: u64, delta: String },
    #[serde(rename = "response.reasoning_summary_part.added")]
    SummaryPart { summary_index: u64 },
    #[serde(rename = "response.reasoning_summary_text.delta", alias = "response.reasoning_text.delta")]
    Reasoning { output_index: u64, delta: String },
    #[serde(rename = "response.function_call_arguments.delta")]
    Arguments { output_index: u64, delta: String },
    #[serde(rename = "response.output_item.done")]
    ItemDone { output_index: u64, item: Value },
    #[serde(
        rename = "response.completed",
        alias = "response.incomplete",
        alias = "response.failed",
        alias = "response.cancelled"
    )]
    Ended { response: Response },
    #[serde(rename = "error")]
    Error(Value),
    /// What repeats the others, and whatever will be added.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Response {
    id: Option<Value>,
    model: Option<String>,
    status: Option<String>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    FunctionCall {
        call_id: String,
        name: String,
    },
    Reasoning,
    Message,
    /// Something that OpenAI does by itself; HYVVE asks for nothing of the kind.
    #[serde(other)]
    Other,
}

impl Format for Events {
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if matches!(data.trim(), "" | "[DONE]") {
            return Ok(());
        }
        match serde_json::from_str(data).map_err(|_| FailureKind::BadReply)? {
            Event::Created { response } => {
                self.id = id_of(response.id);
                out.extend(response.model.map(ModelEvent::Model));
            }
            Event::ItemAdded { output_index, item } => self.begin(output_index, item, out),
            Event::Text { output_index, delta } => {
                self.spoken.insert(output_index, true);
                out.push(ModelEvent::Text(delta));
            }
            Event::SummaryPart { summary_index: 0 } | Event::Other => {}
            Event::SummaryPart { .. } => out.push(ModelEvent::Reasoning("\n\n".to_owned())),
            Event::Reasoning { output_index, delta } => {
                self.spoken.insert(output_index, true);
                out.push(ModelEvent::Reasoning(delta));
            }
            Event::Arguments { output_index, delta } => self.arguments(output_index, delta, out),
            Event::ItemDone { output_index, item } => self.done(output_index, item, out),
            Event::Ended { response } => return self.finish(response, out),
            Event::Error(error) => {
                // Gateways put the error inside of one, OpenAI does not.
                return Err(fault::of_error(error.get("error").filter(|e| e.is_object()).unwrap_or(&error)));
            }
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn end(&mut self, _: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        Err(FailureKind::BadReply.into())
    }

    fn response_id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Events {
    fn begin(&mut self, at: u64, item: Item, out: &mut Vec<ModelEvent>) {
        match item {
            Item::FunctionCall { call_id, name } => {
                let index = self.calls.len();
                self.calls.insert(at, (index, false));
                let id = if call_id.is_empty() { made_up() } else { call_id };
                out.push(ModelEvent::ToolCallStart { index, id, name });
            }
            Item::Reasoning => out.push(ModelEvent::Reasoning(String::new())),
            Item::Message => out.push(ModelEvent::Text(String::new())),
            Item::Other => {}
        }
    }

    fn arguments(&mut self, at: u64, delta: String, out: &mut Vec<ModelEvent>) {
        if let Some((index, some)) = self.calls.get_mut(&at).filter(|_| !delta.is_empty()) {
            *some = true;
            out.push(ModelEvent::ToolCallArguments { index: *index, delta });
        }
    }

    /// An item is complete: what was not streamed of it is taken from the whole.
    fn done(&mut self, at: u64, mut item: Value, out: &mut Vec<ModelEvent>) {
        let spoken = self.spoken.contains_key(&at);
        let seal = match item.get("type").and_then(Value::as_str) {
            Some("function_call") => {
                if self.calls.get(&at).is_some_and(|(_, some)| !some) {
                    let whole = item.get("arguments").and_then(Value::as_str).map(str::trim).filter(|a| !a.is_empty());
                    self.arguments(at, whole.unwrap_or("{}").to_owned(), out);
                }
                None
            }
            Some("message") => {
                if !spoken {
                    out.extend(texts(&item, "/content").map(ModelEvent::Text));
                }
                item.get("phase").filter(|phase| phase.is_string()).map(|phase| json!({ "phase": phase }))
            }
            Some("reasoning") => {
                if !spoken {
                    out.extend(texts(&item, "/summary").map(ModelEvent::Reasoning));
                }
                // Reasoning that is not encrypted is not kept at OpenAI either, so nothing could come of returning it.
                let encrypted = item.get("encrypted_content").is_some_and(Value::is_string);
                if let Value::Object(fields) = &mut item {
                    fields.remove("status");
                }
                encrypted.then_some(item)
            }
            _ => return,
        };
        out.push(ModelEvent::PartEnd(seal.map(Seal)));
    }

    fn finish(&mut self, response: Response, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        out.extend(response.usage.as_ref().filter(|u| u.is_object()).map(|u| ModelEvent::Usage(usage(u))));
        let cut = response.incomplete_details.and_then(|details| details.reason);
        let finish = match (response.status.as_deref(), cut.as_deref()) {
            (Some("incomplete"), Some("content_filter")) => Finish::ContentFilter,
            (Some("incomplete"), _) => Finish::Length,
            (Some("completed"), _) if self.calls.is_empty() => Finish::Stop,
            (Some("completed"), _) => Finish::ToolCalls,
            _ => return Err(fault::of_error(&response.error.unwrap_or_default())),
        };
        self.complete = true;
        out.push(ModelEvent::Finish(finish));
        Ok(())
    }
}

/// The texts of an item's parts.
fn texts<'a>(item: &'a Value, parts: &str) -> impl Iterator<Item = String> + use<'a> {
    let parts = item.pointer(parts).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    parts.iter().filter_map(|part| Some(part.get("text").or(part.get("refusal"))?.as_str()?.to_owned()))
}

/// OpenAI's input includes the cached tokens, its output the reasoning.
fn usage(value: &Value) -> Usage {
    let tokens = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        input: tokens("/input_tokens"),
        output: tokens("/output_tokens"),
        reasoning: tokens("/output_tokens_details/reasoning_tokens"),
        cache_read: tokens("/input_tokens_details/cached_tokens"),
        cache_write: tokens("/input_tokens_details/cache_write_tokens"),
        cost_micros: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::streamed::read_all;

    fn read(events: &[Value]) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
        read_all::<Events>(events.iter().map(Value::to_string))
    }

    fn added(at: u64, item: &Value) -> Value {
        json!({"type": "response.output_item.added", "output_index": at, "item": item})
    }

    fn done(at: u64, item: &Value) -> Value {
        json!({"type": "response.output_item.done", "output_index": at, "item": item})
    }

    fn delta(of: &str, at: u64, delta: &str) -> Value {
        json!({"type": format!("response.{of}.delta"), "output_index": at, "delta": delta})
    }

    fn ended(status: &str, more: &Value) -> Value {
        let mut response = json!({"status": status, "error": null, "usage": null});
        for (name, value) in more.as_object().into_iter().flatten() {
            response[name] = value.clone();
        }
        json!({"type": format!("response.{status}"), "response": response})
    }

    #[test]
    fn encrypted_reasoning_parallel_calls_and_phases_are_kept() {
        let reasoning = json!({"type": "reasoning", "id": "rs_1", "status": "completed", "encrypted_content": "gAAA",
            "summary": [{"type": "summary_text", "text": "AB"}]});
        let call = |id: &str, arguments: &str| json!({"type": "function_call", "id": "fc", "call_id": id, "name": "search", "arguments": arguments});
        let usage = json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 32},
            "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 150});
        let (events, end) = read(&[
            json!({"type": "response.created", "response": {"model": "gpt-x", "status": "in_progress"}}),
            json!({"type": "response.in_progress", "response": {}}),
            added(0, &json!({"type": "reasoning", "id": "rs_1", "summary": []})),
            json!({"type": "response.reasoning_summary_part.added", "summary_index": 0}),
            delta("reasoning_summary_text", 0, "A"),
            json!({"type": "response.reasoning_summary_part.added", "summary_index": 1}),
            delta("reasoning_summary_text", 0, "B"),
            done(0, &reasoning),
            added(1, &json!({"type": "message", "content": []})),
            delta("output_text", 1, "Hi"),
            done(
                1,
                &json!({"type": "message", "phase": "commentary", "content": [{"type": "output_text", "text": "Hi"}]}),
            ),
            added(2, &call("call_1", "")),
            delta("function_call_arguments", 2, "{\"n\""),
            delta("function_call_arguments", 2, ":1}"),
            done(2, &call("call_1", "{\"n\":1}")),
            added(3, &call("call_2", "")),
            done(3, &call("call_2", "{}")),
            ended("completed", &json!({"usage": usage})),
        ]);
        use ModelEvent::{PartEnd, Reasoning, Text, ToolCallArguments, ToolCallStart};
        let call = |index, id: &str| ToolCallStart { index, id: id.into(), name: "search".into() };
        let arguments = |index, delta: &str| ToolCallArguments { index, delta: delta.into() };
        let returned = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
            "summary": [{"type": "summary_text", "text": "AB"}]});
        let expected = [
            ModelEvent::Model("gpt-x".into()),
            Reasoning(String::new()),
            Reasoning("A".into()),
            Reasoning("\n\n".into()),
            Reasoning("B".into()),
            PartEnd(Some(Seal(returned))),
            Text(String::new()),
            Text("Hi".into()),
            PartEnd(Some(Seal(json!({"phase": "commentary"})))),
            call(0, "call_1"),
            arguments(0, "{\"n\""),
            arguments(0, ":1}"),
            PartEnd(None),
            call(1, "call_2"),
            arguments(1, "{}"),
            PartEnd(None),
            ModelEvent::Usage(Usage {
                input: 100,
                output: 50,
                reasoning: 40,
                cache_read: 64,
                cache_write: 32,
                cost_micros: None,
            }),
            ModelEvent::Finish(Finish::ToolCalls),
        ];
        assert_eq!((events.as_slice(), end), (expected.as_slice(), Ok(())));
    }

    #[test]
    fn how_a_response_ends_is_understood() {
        let finish = |event: Value| {
            let (events, ended) = read(&[event]);
            ended.map(|()| events.last().cloned())
        };
        let cut = |reason: &str| ended("incomplete", &json!({"incomplete_details": {"reason": reason}}));
        assert_eq!(finish(ended("completed", &json!({}))), Ok(Some(ModelEvent::Finish(Finish::Stop))));
        assert_eq!(finish(cut("max_output_tokens")), Ok(Some(ModelEvent::Finish(Finish::Length))));
        assert_eq!(finish(cut("content_filter")), Ok(Some(ModelEvent::Finish(Finish::ContentFilter))));
        let failed = ended("failed", &json!({"error": {"code": "server_error", "message": "…"}}));
        assert_eq!(finish(failed), Err(FailureKind::Overloaded));
        let limited = json!({"type": "error", "code": "rate_limit_exceeded", "message": "…"});
        assert_eq!(finish(limited), Err(FailureKind::RateLimited));
        let nested = json!({"type": "error", "error": {"type": "insufficient_quota"}});
        assert_eq!(finish(nested), Err(FailureKind::NoCredit));
        assert_eq!(finish(delta("output_text", 0, "hi")), Err(FailureKind::BadReply));
        assert_eq!(finish(json!({"no": "type"})), Err(FailureKind::BadReply));
    }

    #[test]
    fn what_is_sent_only_as_a_whole_is_read_all_the_same() {
        let refusal = json!({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]});
        let (events, _) = read(&[done(0, &refusal), ended("completed", &json!({}))]);
        assert_eq!(events.first(), Some(&ModelEvent::Text("No.".into())));
    }
}
