//! Reads the chunks of a streamed chat completion.

use super::{Completions, calls::Calls, chunk, details::Details};
use crate::providers::{
    FailureKind, Fault, Finish, ModelEvent, Usage, fault,
    streamed::{Format, id_of},
};

const DONE: &str = "[DONE]";

/// An answer under way.
///
/// It is complete with `[DONE]`, or when the stream ends after a finish reason; servers leave out either. The finish is
/// given out last, because usage and errors come after the reason.
#[derive(Default)]
pub(super) struct Chunks {
    id: Option<String>,
    model: String,
    usage: Option<Usage>,
    calls: Calls,
    details: Details,
    reason: Option<Finish>,
    complete: bool,
    /// What it says that it charged is believed.
    charges: bool,
}

impl Format for Chunks {
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        match data.trim() {
            "" => Ok(()),
            DONE => self.finish(self.reason.unwrap_or(Finish::Stop), out),
            json => self.chunk(serde_json::from_str(json).map_err(|_| FailureKind::BadReply)?, out),
        }
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let reason = self.reason.ok_or(FailureKind::BadReply)?;
        self.finish(reason, out)
    }

    fn response_id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Chunks {
    /// Of that server. Others than OpenRouter may say `cost` as well, of whatever they mean by it.
    pub(super) fn of(server: Completions) -> Self {
        Self { charges: server == Completions::Openrouter, ..Self::default() }
    }

    fn chunk(&mut self, chunk: chunk::Chunk, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if self.id.is_none() {
            self.id = id_of(chunk.id);
        }
        if let Some(model) = chunk.model.filter(|m| !m.is_empty() && *m != self.model) {
            self.model.clone_from(&model);
            out.push(ModelEvent::Model(model));
        }
        let choice = chunk.choices.and_then(|c| c.into_iter().next());
        let (delta, reason) = choice.map_or((None, None), |c| (c.delta, c.finish_reason));
        if let Some(delta) = delta {
            self.delta(delta, out);
        }
        if let Some(usage) = chunk.usage.filter(|u| !u.is_null()).map(|u| chunk::usage(&u, self.charges))
            && self.usage.replace(usage) != Some(usage)
        {
            out.push(ModelEvent::Usage(usage));
        }
        if let Some(error) = chunk.error.filter(|e| !e.is_null()) {
            return Err(fault::of_error(&error));
        }
        self.reason = match reason.as_deref() {
            None | Some("") => self.reason,
            Some("error") => return Err(FailureKind::Overloaded.into()),
            Some("length") => Some(Finish::Length),
            Some("content_filter") => Some(Finish::ContentFilter),
            Some("tool_calls" | "function_call") => Some(Finish::ToolCalls),
            Some(_) => Some(Finish::Stop),
        };
        Ok(())
    }

    fn delta(&mut self, delta: chunk::Delta, out: &mut Vec<ModelEvent>) {
        let mut say = |event: fn(String) -> ModelEvent, text: Option<String>| {
            out.extend(text.filter(|t| !t.is_empty()).map(event));
        };
        let plain = delta.reasoning_content.filter(|r| !r.is_empty());
        if plain.is_some() {
            self.details.plain();
        }
        say(ModelEvent::Reasoning, plain.or(delta.reasoning));
        for words in delta.content.map(chunk::words).unwrap_or_default() {
            match words {
                chunk::Words::Text(text) => say(ModelEvent::Text, Some(text)),
                chunk::Words::Reasoning(text) => say(ModelEvent::Reasoning, Some(text)),
            }
        }
        say(ModelEvent::Text, delta.refusal);
        for piece in delta.reasoning_details.into_iter().flatten() {
            self.details.piece(piece);
        }
        for piece in delta.tool_calls.into_iter().flatten() {
            self.calls.piece(piece, out);
        }
    }

    fn finish(&mut self, reason: Finish, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        self.complete = true;
        let reason = match (reason, self.calls.is_empty()) {
            (Finish::Stop, false) => Finish::ToolCalls, // several servers say `stop` after calls as well
            (Finish::ToolCalls, true) => Finish::Stop,
            (reason, _) => reason,
        };
        if reason == Finish::ToolCalls {
            self.calls.complete(out)?;
        }
        // It belongs to the answer as a whole, so it is a part of its own.
        if let Some(seal) = self.details.seal() {
            out.extend([ModelEvent::Reasoning(String::new()), ModelEvent::PartEnd(Some(seal))]);
        }
        out.push(ModelEvent::Finish(reason));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::providers::{Seal, streamed::read_all};

    /// The events of a stream of these chunks, and how it ended.
    fn read(chunks: &[Value], done: bool) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
        read_all::<Chunks>(chunks.iter().map(Value::to_string).chain(done.then(|| DONE.to_owned())))
    }

    fn delta(delta: &Value) -> Value {
        json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
    }

    fn reason(reason: &str) -> Value {
        json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
    }

    /// Names and arguments of the calls of a stream, put together by their index; ids must be unique.
    fn calls(pieces: &[Value]) -> Vec<(String, String)> {
        let chunks: Vec<Value> =
            pieces.iter().map(|p| delta(&json!({ "tool_calls": p }))).chain([reason("stop")]).collect();
        let (events, ended) = read(&chunks, true);
        assert_eq!((ended, events.last()), (Ok(()), Some(&ModelEvent::Finish(Finish::ToolCalls))));
        let (mut calls, mut ids) = (Vec::<(String, String)>::new(), Vec::new());
        for event in events {
            match event {
                ModelEvent::ToolCallStart { index, id, name } => {
                    assert!(index == calls.len() && !id.is_empty() && !ids.contains(&id));
                    ids.push(id);
                    calls.push((name, String::new()));
                }
                ModelEvent::ToolCallArguments { index, delta } => calls[index].1.push_str(&delta),
                _ => {}
            }
        }
        calls
    }

    fn two(first: &str, second: &str) -> Vec<(String, String)> {
        vec![("a".into(), first.into()), ("b".into(), second.into())]
    }

    #[test]
    fn parallel_calls_are_told_apart_however_a_server_labels_them() {
        let openai = [
            json!([{"index": 0, "id": "x", "type": "function", "function": {"name": "a", "arguments": ""}}]),
            json!([{"index": 1, "id": "y", "function": {"name": "b"}}]),
            json!([{"index": 0, "function": {"arguments": "{\"n\""}}, {"index": 1, "function": {"arguments": "{}"}}]),
            json!([{"index": 0, "function": {"arguments": ":1}"}}]),
        ];
        assert_eq!(calls(&openai), two("{\"n\":1}", "{}"));

        let whole_without_index_or_id = [json!([
            {"function": {"name": "a", "arguments": {"n": 1}}}, {"function": {"name": "b", "arguments": "{}"}},
        ])];
        assert_eq!(calls(&whole_without_index_or_id), two("{\"n\":1}", "{}"));

        let repeated_ids_without_index = [
            json!([{"id": "x", "function": {"name": "a", "arguments": "{"}}]),
            json!([{"id": "x", "function": {"name": "a", "arguments": "}"}}]),
            json!([{"id": "y", "function": {"name": "b", "arguments": "{"}}]),
            json!([{"function": {"arguments": "}"}}]),
        ];
        assert_eq!(calls(&repeated_ids_without_index), two("{}", "{}"));

        let every_call_numbered_0 = [
            json!([{"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}]),
            json!([{"index": 0, "id": "y", "function": {"name": "b", "arguments": "{"}}]),
            json!([{"index": 0, "id": "y", "function": {"name": "b", "arguments": "}"}}]),
        ];
        assert_eq!(calls(&every_call_numbered_0), two("{}", "{}"));

        let one_id_for_all = [
            json!([{"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}]),
            json!([{"index": 1, "id": "x", "function": {"name": "b", "arguments": "{}"}}]),
        ];
        assert_eq!(calls(&one_id_for_all), two("{}", "{}"));

        let name_after_arguments = [
            json!([{"index": 0, "id": "", "function": {"name": "", "arguments": "{"}}]),
            json!([{"index": 0, "function": {"name": "a", "arguments": "}"}}, {"index": 1, "function": {"name": "b"}}]),
        ];
        assert_eq!(calls(&name_after_arguments), two("{}", "{}"));
    }

    #[test]
    fn text_reasoning_and_parts_are_kept_in_order() {
        let (events, ended) = read(
            &[
                json!({"model": "m", "choices": [{"delta": {"content": "", "reasoning_content": "a"}}]}),
                delta(&json!({"content": null, "reasoning": "b"})),
                delta(&json!({"reasoning": "same", "reasoning_content": "same"})),
                delta(&json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "c"}]}]})),
                delta(&json!({"content": [{"type": "text", "text": "d"}]})),
                delta(&json!({"content": "e", "refusal": "f"})),
                json!({"model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
                json!({"object": "ping", "choices": null, "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
                reason("length"),
            ],
            true,
        );
        use ModelEvent::{Model, Reasoning, Text};
        let expected = [
            Model("m".into()),
            Reasoning("a".into()),
            Reasoning("b".into()),
            Reasoning("same".into()),
            Reasoning("c".into()),
            Text("d".into()),
            Text("e".into()),
            Text("f".into()),
            ModelEvent::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
            Reasoning(String::new()),
            ModelEvent::PartEnd(Some(Seal(json!({"field": "reasoning_content"})))),
            ModelEvent::Finish(Finish::Length),
        ];
        assert_eq!((events.as_slice(), ended), (expected.as_slice(), Ok(())));
    }

    #[test]
    fn done_or_a_finish_reason_completes_an_answer_and_nothing_else_does() {
        let hi = || delta(&json!({"content": "hi"}));
        let finish = |chunks: &[Value], done: bool| {
            let (events, ended) = read(chunks, done);
            ended.map(|()| events.last().cloned())
        };
        let stop = Ok(Some(ModelEvent::Finish(Finish::Stop)));
        assert_eq!(finish(&[hi(), reason("stop")], true), stop);
        assert_eq!(finish(&[hi(), reason("stop")], false), stop);
        assert_eq!(finish(&[hi()], true), stop);
        assert_eq!(finish(&[hi(), reason("tool_calls")], true), stop);
        let filtered = Ok(Some(ModelEvent::Finish(Finish::ContentFilter)));
        assert_eq!(finish(&[hi(), reason("content_filter")], true), filtered);
        assert_eq!(read(&[hi()], false), (vec![ModelEvent::Text("hi".into())], Err(FailureKind::BadReply)));
        assert_eq!(read(&[], false), (vec![], Err(FailureKind::BadReply)));
        assert_eq!(read(&[json!("text")], true), (vec![], Err(FailureKind::BadReply)));
        let nameless = delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}));
        assert_eq!(read(&[nameless, reason("tool_calls")], true).1, Err(FailureKind::BadReply));
    }

    #[test]
    fn a_failure_in_mid_stream_keeps_what_came_before() {
        let hi = || delta(&json!({"content": "hi"}));
        for (chunk, kind) in [
            (
                json!({"error": {"code": 502}, "choices": [{"delta": {}, "finish_reason": "error"}]}),
                FailureKind::Overloaded,
            ),
            (json!({"error": {"code": 429, "message": "slow down"}}), FailureKind::RateLimited),
            (json!({"error": {"code": "402"}}), FailureKind::NoCredit),
            (reason("error"), FailureKind::Overloaded),
        ] {
            assert_eq!(read(&[hi(), chunk, reason("stop")], true), (vec![ModelEvent::Text("hi".into())], Err(kind)));
        }
    }

    #[test]
    fn a_cut_off_call_is_not_completed() {
        let cut = delta(&json!({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "a"}}]}));
        let (events, _) = read(&[cut, reason("length")], true);
        assert!(!events.iter().any(|e| matches!(e, ModelEvent::ToolCallArguments { .. })));
        assert_eq!(events.last(), Some(&ModelEvent::Finish(Finish::Length)));
    }
}
