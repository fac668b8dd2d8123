//! Reasoning that a server wants back with the next request, gathered from its pieces.
//!
//! OpenRouter streams `reasoning_details`: a list of entries, each in pieces that say which entry they belong to. Servers
//! that send `reasoning_content` (DeepSeek, vLLM, llama.cpp) want that same field back.

use serde_json::{Value, json};

use crate::providers::Seal;

/// Fields whose pieces are strung together; any other field is replaced by the newest piece's.
const STRUNG: [&str; 3] = ["text", "summary", "data"];
/// A server cannot make a request grow without end.
const MOST: usize = 256;

#[derive(Default)]
pub(super) struct Details {
    entries: Vec<Value>,
    /// There was `reasoning_content`.
    plain: bool,
    /// There were more entries than are kept: what is there is not what came, and goes nowhere.
    spoilt: bool,
}

impl Details {
    pub(super) fn plain(&mut self) {
        self.plain = true;
    }

    /// Takes one piece of one entry.
    pub(super) fn piece(&mut self, piece: Value) {
        let Value::Object(fields) = &piece else { return };
        let same = |entry: &Value| {
            let alike = |field: &str| entry.get(field) == piece.get(field);
            piece.get("index").is_some_and(|i| !i.is_null()) && alike("index") && alike("type")
        };
        let Some(Value::Object(entry)) = self.entries.iter_mut().rfind(|entry| same(entry)) else {
            if self.entries.len() < MOST {
                self.entries.push(piece);
            } else {
                self.spoilt = true;
            }
            return;
        };
        for (name, value) in fields {
            match (entry.get_mut(name), value) {
                (Some(Value::String(text)), Value::String(more)) if STRUNG.contains(&name.as_str()) => {
                    text.push_str(more);
                }
                (Some(_), Value::Null) => {}
                _ => {
                    entry.insert(name.clone(), value.clone());
                }
            }
        }
    }

    /// What goes back, if anything does.
    pub(super) fn seal(&mut self) -> Option<Seal> {
        if self.spoilt {
            return None;
        }
        if !self.entries.is_empty() {
            return Some(Seal(json!({ "reasoning_details": std::mem::take(&mut self.entries) })));
        }
        self.plain.then(|| Seal(json!({ "field": "reasoning_content" })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_an_entry_are_strung_together_and_entries_stay_apart() {
        let mut details = Details::default();
        for piece in [
            json!({"type": "reasoning.text", "text": "We ", "index": 0, "format": null}),
            json!({"type": "reasoning.text", "text": "need", "index": 0, "format": "anthropic-claude-v1"}),
            json!({"type": "reasoning.text", "signature": "c2ln", "index": 0, "format": null}),
            json!({"type": "reasoning.encrypted", "data": "x", "index": 0}),
            json!({"type": "reasoning.encrypted", "data": "y", "id": "rs_1"}),
            json!({"type": "reasoning.encrypted", "data": "z", "id": "rs_2"}),
            json!("text"),
        ] {
            details.piece(piece);
        }
        let expected = json!({"reasoning_details": [
            {"type": "reasoning.text", "text": "We need", "index": 0, "format": "anthropic-claude-v1", "signature": "c2ln"},
            {"type": "reasoning.encrypted", "data": "x", "index": 0},
            {"type": "reasoning.encrypted", "data": "y", "id": "rs_1"},
            {"type": "reasoning.encrypted", "data": "z", "id": "rs_2"},
        ]});
        assert_eq!(details.seal(), Some(Seal(expected)));
    }

    #[test]
    fn without_reasoning_or_without_its_end_nothing_goes_back() {
        assert_eq!(Details::default().seal(), None);
        let mut endless = Details::default();
        for number in 0..=MOST {
            endless.piece(json!({"type": "reasoning.text", "text": number.to_string()}));
        }
        assert_eq!(endless.seal(), None);
    }
}
