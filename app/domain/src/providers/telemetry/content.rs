//! What was said, as attributes of a span: JSON in the form of the conventions. Only where a workspace wants it there. Pictures and
//! what providers sealed are left out, and of long conversations the beginning.

use serde_json::{Value, json};

use super::super::{ChatRequest, Content, Message, ModelEvent, ToolCall};

/// The most characters of one part.
const PART: usize = 16_000;
/// The most bytes of all messages together: collectors refuse more than some megabytes at once.
const ALL: usize = 128 * 1024;

/// What a model is asked, oldest first.
pub(super) fn input(request: &ChatRequest) -> String {
    let system = json!({ "role": "system", "parts": [text(&request.system)] });
    let (mut kept, mut size) = (Vec::new(), system.to_string().len());
    for message in request.messages.iter().rev().map(message) {
        size += message.to_string().len();
        if size > ALL {
            break;
        }
        kept.push(message);
    }
    let left_out = request.messages.len() - kept.len();
    if left_out > 0 {
        let note = format!("({left_out} earlier messages are left out.)");
        kept.push(json!({ "role": "system", "parts": [text(&note)] }));
    }
    if !request.system.is_empty() {
        kept.push(system);
    }
    kept.reverse();
    Value::Array(kept).to_string()
}

fn message(message: &Message) -> Value {
    match message {
        Message::User { text: words, images } => {
            let mut parts = vec![text(words)];
            parts.extend(images.iter().map(|image| json!({ "type": "blob", "mime_type": image.media_type.as_str() })));
            json!({ "role": "user", "parts": parts })
        }
        Message::Assistant { parts } => {
            let part = |content: &Content| match content {
                Content::Text(words) => text(words),
                Content::Reasoning(words) => json!({ "type": "reasoning", "content": cut(words) }),
                Content::Call(call) => called(call),
            };
            let parts: Vec<Value> = parts.iter().map(|one| part(&one.content)).collect();
            json!({ "role": "assistant", "parts": parts })
        }
        Message::Tool { tool_call_id, content, .. } => {
            let answer = json!({ "type": "tool_call_response", "id": tool_call_id, "response": cut(content) });
            json!({ "role": "tool", "parts": [answer] })
        }
    }
}

fn text(words: &str) -> Value {
    json!({ "type": "text", "content": cut(words) })
}

fn called(call: &ToolCall) -> Value {
    json!({ "type": "tool_call", "id": call.id, "name": call.name, "arguments": cut(&call.arguments) })
}

fn cut(words: &str) -> String {
    match words.char_indices().nth(PART) {
        Some((end, _)) => format!("{}… (cut)", &words[..end]),
        None => words.to_owned(),
    }
}

/// What a model has answered so far.
#[derive(Default, Debug)]
pub(super) struct Said {
    text: String,
    reasoning: String,
    calls: Vec<ToolCall>,
}

impl Said {
    pub(super) fn take(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Text(more) => grow(&mut self.text, more),
            ModelEvent::Reasoning(more) => grow(&mut self.reasoning, more),
            ModelEvent::ToolCallStart { id, name, .. } => {
                self.calls.push(ToolCall { id: id.clone(), name: name.clone(), arguments: String::new() });
            }
            ModelEvent::ToolCallArguments { index, delta } => {
                if let Some(call) = self.calls.get_mut(*index) {
                    grow(&mut call.arguments, delta);
                }
            }
            _ => {}
        }
    }

    /// As the one message that it is; `reason` where it is complete.
    pub(super) fn output(&self, reason: Option<&'static str>) -> String {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() {
            parts.push(json!({ "type": "reasoning", "content": cut(&self.reasoning) }));
        }
        if !self.text.is_empty() {
            parts.push(text(&self.text));
        }
        parts.extend(self.calls.iter().map(called));
        json!([{ "role": "assistant", "parts": parts, "finish_reason": reason }]).to_string()
    }
}

/// More than is shown is not kept.
fn grow(words: &mut String, more: &str) {
    if words.len() <= PART * 4 {
        words.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<Value> {
        serde_json::from_str(text).unwrap_or_default()
    }

    #[test]
    fn of_a_long_conversation_the_end_is_told_and_that_something_is_missing() {
        let words = "x".repeat(PART + 9);
        let messages = vec![Message::user(words); 20];
        let request = ChatRequest { system: "Be kind.".into(), messages, ..ChatRequest::default() };
        let told = input(&request);
        assert!(told.len() <= ALL + 1_000, "{}", told.len());
        let told = parsed(&told);
        assert_eq!(told[0]["parts"][0]["content"], "Be kind.");
        assert!(told[1]["parts"][0]["content"].as_str().is_some_and(|note| note.contains("are left out")));
        let last = told.last().and_then(|m| m["parts"][0]["content"].as_str()).unwrap_or_default();
        assert!(last.ends_with("… (cut)") && last.chars().count() == PART + 7);
    }

    #[test]
    fn an_answer_is_one_message_with_its_calls() {
        let mut said = Said::default();
        for event in [
            ModelEvent::Reasoning("Hm.".into()),
            ModelEvent::Text("Let ".into()),
            ModelEvent::Text("me look.".into()),
            ModelEvent::ToolCallStart { index: 0, id: "c1".into(), name: "search".into() },
            ModelEvent::ToolCallArguments { index: 0, delta: "{}".into() },
        ] {
            said.take(&event);
        }
        let told = parsed(&said.output(Some("tool_calls")));
        let expected = json!([{ "role": "assistant", "finish_reason": "tool_calls", "parts": [
            { "type": "reasoning", "content": "Hm." },
            { "type": "text", "content": "Let me look." },
            { "type": "tool_call", "id": "c1", "name": "search", "arguments": "{}" },
        ]}]);
        assert_eq!(Value::Array(told), expected);
    }
}
