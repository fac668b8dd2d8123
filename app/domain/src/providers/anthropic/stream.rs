//! Reads the events of a streamed message.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::providers::{
    FailureKind, Fault, Finish, ModelEvent, Seal, Usage,
    completions::made_up,
    fault,
    streamed::{Format, id_of},
};

/// An answer under way. It is complete with `message_stop`, or when the stream ends after a stop reason.
#[derive(Default)]
pub(super) struct Events {
    id: Option<String>,
    usage: Counts,
    /// The blocks that are not complete, by their number.
    open: HashMap<u64, Open>,
    calls: usize,
    reason: Option<Finish>,
    complete: bool,
}

/// What a block that is under way is.
enum Open {
    Text,
    Thinking {
        signature: String,
    },
    Redacted {
        data: String,
    },
    Call {
        index: usize,
        input: Value,
        has_arguments: bool,
    },
    /// Something that the provider does by itself; HYVVE asks for nothing of the kind.
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        delta: Ending,
        usage: Option<Counts>,
    },
    MessageStop,
    Error {
        error: Value,
    },
    /// `ping`, and whatever will be added.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    id: Option<Value>,
    model: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: Option<String>,
    },
    Thinking {
        thinking: Option<String>,
        signature: Option<String>,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Ending {
    stop_reason: Option<String>,
}

/// Tokens as Anthropic counts them: `input_tokens` is without those of the cache. Each event repeats what has changed.
#[derive(Clone, Copy, Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl Counts {
    fn update(&mut self, newer: Self) {
        self.input_tokens = newer.input_tokens.or(self.input_tokens);
        self.cache_creation_input_tokens = newer.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = newer.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.output_tokens = newer.output_tokens.or(self.output_tokens);
        self.output_tokens_details = newer.output_tokens_details.or(self.output_tokens_details);
    }

    fn usage(self) -> Usage {
        let cache_read = self.cache_read_input_tokens.unwrap_or(0);
        let cache_write = self.cache_creation_input_tokens.unwrap_or(0);
        Usage {
            input: self.input_tokens.unwrap_or(0).saturating_add(cache_read).saturating_add(cache_write),
            output: self.output_tokens.unwrap_or(0),
            reasoning: self.output_tokens_details.and_then(|d| d.thinking_tokens).unwrap_or(0),
            cache_read,
            cache_write,
            cost_micros: None,
        }
    }
}

impl Format for Events {
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if data.trim().is_empty() {
            return Ok(());
        }
        match serde_json::from_str(data).map_err(|_| FailureKind::BadReply)? {
            Event::MessageStart { message } => {
                self.id = id_of(message.id);
                out.extend(message.model.map(ModelEvent::Model));
                self.count(message.usage, out);
            }
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block, out),
            Event::ContentBlockDelta { index, delta } => self.delta(index, delta, out),
            Event::ContentBlockStop { index } => self.stop(index, out),
            Event::MessageDelta { delta, usage } => {
                self.count(usage, out);
                self.reason = delta.stop_reason.as_deref().map(finish).or(self.reason);
            }
            Event::MessageStop => return self.end(out),
            Event::Error { error } => return Err(fault::of_error(&error)),
            Event::Other => {}
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let reason = self.reason.ok_or(FailureKind::BadReply)?;
        self.complete = true;
        out.push(ModelEvent::Finish(reason));
        Ok(())
    }

    fn response_id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// What a stop reason means. A turn that pauses is one in which the provider does things by itself.
fn finish(reason: &str) -> Finish {
    match reason {
        "tool_use" => Finish::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}

impl Events {
    fn count(&mut self, counts: Option<Counts>, out: &mut Vec<ModelEvent>) {
        if let Some(counts) = counts {
            self.usage.update(counts);
            out.push(ModelEvent::Usage(self.usage.usage()));
        }
    }

    fn begin(&mut self, block: u64, content: Block, out: &mut Vec<ModelEvent>) {
        let open = match content {
            Block::Text { text } => {
                out.push(ModelEvent::Text(text.unwrap_or_default()));
                Open::Text
            }
            Block::Thinking { thinking, signature } => {
                out.push(ModelEvent::Reasoning(thinking.unwrap_or_default()));
                Open::Thinking { signature: signature.unwrap_or_default() }
            }
            Block::RedactedThinking { data } => {
                out.push(ModelEvent::Reasoning(String::new()));
                Open::Redacted { data }
            }
            Block::ToolUse { id, name, input } => {
                let index = self.calls;
                self.calls += 1;
                let id = if id.is_empty() { made_up() } else { id };
                out.push(ModelEvent::ToolCallStart { index, id, name });
                Open::Call { index, input, has_arguments: false }
            }
            Block::Other => Open::Other,
        };
        self.open.insert(block, open);
    }

    fn delta(&mut self, block: u64, delta: Delta, out: &mut Vec<ModelEvent>) {
        match (self.open.get_mut(&block), delta) {
            (Some(Open::Text), Delta::Text { text }) => out.push(ModelEvent::Text(text)),
            (Some(Open::Thinking { .. }), Delta::Thinking { thinking }) => {
                out.push(ModelEvent::Reasoning(thinking));
            }
            (Some(Open::Thinking { signature }), Delta::Signature { signature: more }) => {
                signature.push_str(&more);
            }
            (Some(Open::Call { index, has_arguments, .. }), Delta::InputJson { partial_json: delta }) => {
                *has_arguments |= !delta.trim().is_empty();
                if !delta.is_empty() {
                    out.push(ModelEvent::ToolCallArguments { index: *index, delta });
                }
            }
            _ => {}
        }
    }

    fn stop(&mut self, block: u64, out: &mut Vec<ModelEvent>) {
        let seal = match self.open.remove(&block) {
            Some(Open::Thinking { signature }) if !signature.is_empty() => Some(json!({ "signature": signature })),
            Some(Open::Redacted { data }) => Some(json!({ "data": data })),
            Some(Open::Call { index, input, has_arguments: false }) => {
                // Without arguments none are streamed; some gateways send them whole at the beginning.
                let delta = if input.is_object() { input.to_string() } else { "{}".to_owned() };
                out.push(ModelEvent::ToolCallArguments { index, delta });
                None
            }
            Some(Open::Text | Open::Thinking { .. } | Open::Call { .. }) => None,
            Some(Open::Other) | None => return,
        };
        out.push(ModelEvent::PartEnd(seal.map(Seal)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::streamed::read_all;

    fn read(events: &[Value]) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
        read_all::<Events>(events.iter().map(Value::to_string))
    }

    fn start(index: u64, block: &Value) -> Value {
        json!({"type": "content_block_start", "index": index, "content_block": block})
    }

    fn delta(index: u64, delta: &Value) -> Value {
        json!({"type": "content_block_delta", "index": index, "delta": delta})
    }

    fn stop(index: u64) -> Value {
        json!({"type": "content_block_stop", "index": index})
    }

    fn ending(reason: &str) -> Value {
        json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 9}})
    }

    #[test]
    fn signatures_redacted_thoughts_and_parallel_calls_are_kept() {
        let counts = json!({"input_tokens": 3, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1});
        let (events, ended) = read(&[
            json!({"type": "message_start", "message": {"model": "claude-x", "usage": counts}}),
            start(0, &json!({"type": "thinking", "thinking": "", "signature": ""})),
            json!({"type": "ping"}),
            delta(0, &json!({"type": "thinking_delta", "thinking": "Hm"})),
            delta(0, &json!({"type": "signature_delta", "signature": "c2l"})),
            delta(0, &json!({"type": "signature_delta", "signature": "n"})),
            stop(0),
            start(1, &json!({"type": "redacted_thinking", "data": "eHg="})),
            stop(1),
            start(2, &json!({"type": "server_tool_use", "id": "s", "name": "web", "input": {}})),
            delta(2, &json!({"type": "input_json_delta", "partial_json": "{}"})),
            stop(2),
            start(3, &json!({"type": "tool_use", "id": "a", "name": "one", "input": {}})),
            delta(3, &json!({"type": "input_json_delta", "partial_json": ""})),
            delta(3, &json!({"type": "input_json_delta", "partial_json": "{\"n\":1}"})),
            start(4, &json!({"type": "tool_use", "id": "b", "name": "two", "input": {}})),
            stop(3),
            stop(4),
            start(5, &json!({"type": "tool_use", "id": "c", "name": "three", "input": {"whole": true}})),
            stop(5),
            ending("tool_use"),
            json!({"type": "message_stop"}),
            delta(0, &json!({"type": "text_delta", "text": "too late"})),
        ]);
        use ModelEvent::{Model, PartEnd, Reasoning, ToolCallArguments, ToolCallStart};
        let sealed = |seal: Value| PartEnd(Some(Seal(seal)));
        let call = |index, id: &str, name: &str| ToolCallStart { index, id: id.into(), name: name.into() };
        let arguments = |index, delta: &str| ToolCallArguments { index, delta: delta.into() };
        let used = |output| {
            ModelEvent::Usage(Usage { input: 123, output, cache_read: 100, cache_write: 20, ..Usage::default() })
        };
        let expected = [
            Model("claude-x".into()),
            used(1),
            Reasoning(String::new()),
            Reasoning("Hm".into()),
            sealed(json!({"signature": "c2ln"})),
            Reasoning(String::new()),
            sealed(json!({"data": "eHg="})),
            call(0, "a", "one"),
            arguments(0, "{\"n\":1}"),
            call(1, "b", "two"),
            PartEnd(None),
            arguments(1, "{}"),
            PartEnd(None),
            call(2, "c", "three"),
            arguments(2, "{\"whole\":true}"),
            PartEnd(None),
            used(9),
            ModelEvent::Finish(Finish::ToolCalls),
        ];
        assert_eq!((events.as_slice(), ended), (expected.as_slice(), Ok(())));
    }

    #[test]
    fn every_stop_reason_has_its_meaning() {
        for (reason, finish) in [
            ("end_turn", Finish::Stop),
            ("stop_sequence", Finish::Stop),
            ("pause_turn", Finish::Stop),
            ("tool_use", Finish::ToolCalls),
            ("max_tokens", Finish::Length),
            ("model_context_window_exceeded", Finish::Length),
            ("refusal", Finish::ContentFilter),
        ] {
            let (events, ended) = read(&[ending(reason)]);
            assert_eq!((events.last(), ended), (Some(&ModelEvent::Finish(finish)), Ok(())), "{reason}");
        }
    }

    #[test]
    fn an_overload_in_mid_stream_keeps_what_came_before_and_a_cut_is_no_answer() {
        let hi =
            [start(0, &json!({"type": "text", "text": ""})), delta(0, &json!({"type": "text_delta", "text": "hi"}))];
        let text = [ModelEvent::Text(String::new()), ModelEvent::Text("hi".into())];
        let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        assert_eq!(read(&[&hi[..], &[error]].concat()), (text.to_vec(), Err(FailureKind::Overloaded)));
        assert_eq!(read(&hi), (text.to_vec(), Err(FailureKind::BadReply)));
        assert_eq!(read(&[json!({"no": "type"})]).1, Err(FailureKind::BadReply));
        assert_eq!(read(&[json!({"type": "message_stop"})]).1, Err(FailureKind::BadReply));
    }
}
