//! Reads the chunks of streamed content.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::providers::{
    FailureKind, Fault, Finish, ModelEvent, Seal, Usage,
    completions::made_up,
    fault,
    streamed::{Format, id_of},
};

/// An answer under way. Nothing says that it is complete: it is when the stream ends after a finish reason. Usage stands in
/// every chunk, and only the last one's is right.
#[derive(Default)]
pub(super) struct Chunks {
    id: Option<String>,
    model: String,
    usage: Option<Usage>,
    calls: usize,
    /// Words have come since the last part ended.
    open: bool,
    reason: Option<Finish>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    candidates: Option<Vec<Candidate>>,
    usage_metadata: Option<Counts>,
    model_version: Option<String>,
    response_id: Option<Value>,
    prompt_feedback: Option<Feedback>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<Call>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<String>,
    name: String,
    args: Option<Value>,
}

/// The question itself was declined.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
    block_reason_message: Option<String>,
}

/// Tokens as Google counts them: the prompt includes the cached ones, but not what tools of Google's own added; the
/// candidates are without the thoughts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    #[serde(rename = "promptTokenCount")]
    prompt: u64,
    #[serde(rename = "toolUsePromptTokenCount")]
    tool_use: u64,
    #[serde(rename = "cachedContentTokenCount")]
    cached: u64,
    #[serde(rename = "candidatesTokenCount")]
    candidates: u64,
    #[serde(rename = "thoughtsTokenCount")]
    thoughts: u64,
}

impl Counts {
    fn usage(&self) -> Usage {
        Usage {
            input: self.prompt.saturating_add(self.tool_use),
            output: self.candidates.saturating_add(self.thoughts),
            reasoning: self.thoughts,
            cache_read: self.cached,
            ..Usage::default()
        }
    }
}

impl Format for Chunks {
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if data.trim().is_empty() {
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| FailureKind::BadReply)?;
        if self.id.is_none() {
            self.id = id_of(chunk.response_id);
        }
        if let Some(model) = chunk.model_version.filter(|m| *m != self.model) {
            self.model.clone_from(&model);
            out.push(ModelEvent::Model(model));
        }
        let candidate = chunk.candidates.and_then(|all| all.into_iter().next());
        let (content, reason, message) =
            candidate.map_or((None, None, None), |c| (c.content, c.finish_reason, c.finish_message));
        for part in content.and_then(|content| content.parts).into_iter().flatten() {
            self.part(part, out);
        }
        if let Some(usage) = chunk.usage_metadata.map(|counts| counts.usage())
            && self.usage.replace(usage) != Some(usage)
        {
            out.push(ModelEvent::Usage(usage));
        }
        if let Some(error) = chunk.error.filter(|e| !e.is_null()) {
            return Err(fault::of_error(&error));
        }
        if let Some(Feedback { block_reason: Some(reason), block_reason_message }) = chunk.prompt_feedback {
            let said = Some(block_reason_message.unwrap_or(reason));
            return Err(Fault { said, ..FailureKind::Refused.into() });
        }
        if let Some(reason) = reason {
            self.reason = Some(finish(&reason).ok_or_else(|| {
                // The model wrote a call that is none.
                Fault { said: Some(message.unwrap_or(reason)), ..FailureKind::BadReply.into() }
            })?);
        }
        Ok(())
    }

    /// Only its end completes a stream.
    fn is_complete(&self) -> bool {
        false
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let reason = match self.reason.ok_or(FailureKind::BadReply)? {
            Finish::Stop if self.calls > 0 => Finish::ToolCalls,
            reason => reason,
        };
        out.push(ModelEvent::Finish(reason));
        Ok(())
    }

    fn response_id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// What a finish reason means; none for those that say that the answer is broken.
fn finish(reason: &str) -> Option<Finish> {
    match reason {
        "MAX_TOKENS" => Some(Finish::Length),
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
            Some(Finish::ContentFilter)
        }
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" | "MISSING_THOUGHT_SIGNATURE" => None,
        _ => Some(Finish::Stop),
    }
}

impl Chunks {
    /// A part that has a signature is one by itself, and may not be joined with those around it.
    fn part(&mut self, part: Part, out: &mut Vec<ModelEvent>) {
        let seal = part.thought_signature.filter(|s| !s.is_empty()).map(|s| Seal(json!({ "thoughtSignature": s })));
        if let Some(Call { id, name, args }) = part.function_call {
            let (index, id) = (self.calls, id.filter(|id| !id.is_empty()).unwrap_or_else(made_up));
            self.calls += 1;
            let delta = args.filter(Value::is_object).unwrap_or_else(|| json!({})).to_string();
            out.push(ModelEvent::ToolCallStart { index, id, name });
            out.extend([ModelEvent::ToolCallArguments { index, delta }, ModelEvent::PartEnd(seal)]);
            self.open = false;
            return;
        }
        let Some(text) = part.text.filter(|text| !text.is_empty() || seal.is_some()) else { return };
        if seal.is_some() && self.open {
            out.push(ModelEvent::PartEnd(None));
        }
        out.push(if part.thought { ModelEvent::Reasoning(text) } else { ModelEvent::Text(text) });
        self.open = seal.is_none();
        if seal.is_some() {
            out.push(ModelEvent::PartEnd(seal));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{Decoder, streamed::Streamed};

    fn read(chunks: &[Value]) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
        let stream = chunks.iter().map(|c| format!("data: {c}\r\n\r\n")).collect::<Vec<_>>().concat();
        let (mut decoder, mut out) = (Streamed::<Chunks>::default(), Vec::new());
        let ended = decoder.push(stream.as_bytes(), &mut out).and_then(|()| decoder.end(&mut out));
        (out, ended.map_err(|fault| fault.kind))
    }

    fn parts(parts: &Value) -> Value {
        json!({"candidates": [{"content": {"role": "model", "parts": parts}}], "modelVersion": "gemini-x"})
    }

    fn reason(reason: &str) -> Value {
        json!({"candidates": [{"finishReason": reason, "index": 0}]})
    }

    #[test]
    fn signatures_stay_on_their_parts_and_calls_without_ids_get_one() {
        let counts = json!({"promptTokenCount": 100, "cachedContentTokenCount": 64, "toolUsePromptTokenCount": 5,
            "candidatesTokenCount": 10, "thoughtsTokenCount": 30, "totalTokenCount": 145});
        let (events, ended) = read(&[
            parts(&json!([{"text": "Hm", "thought": true}])),
            parts(&json!([{"text": "Let "}, {"text": "me"}])),
            parts(&json!([{"text": "", "thoughtSignature": "YQ=="}])),
            parts(&json!([
                {"functionCall": {"id": "x", "name": "one", "args": {"n": 1}}, "thoughtSignature": "Yg=="},
                {"functionCall": {"name": "two"}},
            ])),
            parts(&json!([{"text": ""}, {"executableCode": {"code": "…"}}])),
            json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": counts}),
        ]);
        use ModelEvent::{PartEnd, Reasoning, Text, ToolCallArguments, ToolCallStart};
        let seal = |text: &str| PartEnd(Some(Seal(json!({"thoughtSignature": text}))));
        let Some(ToolCallStart { index: 1, id: made, name }) = events.get(10) else {
            assert!(ended.is_err(), "the second call is missing: {events:?}");
            return;
        };
        assert!(made.starts_with("call_") && name == "two");
        let expected = [
            ModelEvent::Model("gemini-x".into()),
            Reasoning("Hm".into()),
            Text("Let ".into()),
            Text("me".into()),
            PartEnd(None),
            Text(String::new()),
            seal("YQ=="),
            ToolCallStart { index: 0, id: "x".into(), name: "one".into() },
            ToolCallArguments { index: 0, delta: "{\"n\":1}".into() },
            seal("Yg=="),
            ToolCallStart { index: 1, id: made.clone(), name: "two".into() },
            ToolCallArguments { index: 1, delta: "{}".into() },
            PartEnd(None),
            ModelEvent::Usage(Usage { input: 105, output: 40, reasoning: 30, cache_read: 64, ..Usage::default() }),
            ModelEvent::Finish(Finish::ToolCalls),
        ];
        assert_eq!((events.as_slice(), ended), (expected.as_slice(), Ok(())));
    }

    #[test]
    fn every_finish_reason_has_its_meaning() {
        for (word, finish) in [
            ("STOP", Ok(Finish::Stop)),
            ("MAX_TOKENS", Ok(Finish::Length)),
            ("SAFETY", Ok(Finish::ContentFilter)),
            ("PROHIBITED_CONTENT", Ok(Finish::ContentFilter)),
            ("MALFORMED_FUNCTION_CALL", Err(FailureKind::BadReply)),
            ("SOMETHING_NEW", Ok(Finish::Stop)),
        ] {
            let (events, ended) = read(&[reason(word)]);
            let expected = finish.map(ModelEvent::Finish);
            assert_eq!(ended.map(|()| events.last().cloned()), expected.map(Some), "{word}");
        }
    }

    #[test]
    fn a_declined_question_an_error_and_a_cut_are_failures() {
        let blocked = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}});
        assert_eq!(read(&[blocked]).1, Err(FailureKind::Refused));
        let error = json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}});
        assert_eq!(read(&[parts(&json!([{"text": "hi"}])), error]).1, Err(FailureKind::Overloaded));
        assert_eq!(read(&[parts(&json!([{"text": "hi"}]))]).1, Err(FailureKind::BadReply));
        assert_eq!(read(&[json!([])]).1, Err(FailureKind::BadReply));
    }
}
