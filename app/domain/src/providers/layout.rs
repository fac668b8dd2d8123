//! How an answer is put together: its parts in the model's order, and the seal of each.
//!
//! Several providers demand their reasoning back, part by part and unchanged, together with the results of the tools that
//! it called. The words of an answer are stored once, as text, reasoning and calls; a layout says how long each part of
//! them is, so that there is no second copy that could disagree.

use serde::{Deserialize, Serialize};

use super::{Content, ModelEvent, Part, Seal, ToolCall};

/// The parts of one answer.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layout {
    pieces: Vec<Piece>,
}

/// One part: which of the answer's words are its own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Piece {
    of: Of,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<Seal>,
    /// More words belong to it while the answer comes in.
    #[serde(skip)]
    open: bool,
}

/// The next so many bytes of the text or of the reasoning, or a call by its index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    Text(usize),
    Reasoning(usize),
    Call(usize),
}

impl Layout {
    /// Takes the next event of a stream.
    pub fn take(&mut self, event: &ModelEvent) {
        let last = self.pieces.last_mut().filter(|piece| piece.open);
        match (event, last) {
            (ModelEvent::Text(more), Some(Piece { of: Of::Text(length), .. }))
            | (ModelEvent::Reasoning(more), Some(Piece { of: Of::Reasoning(length), .. })) => *length += more.len(),
            (ModelEvent::Text(text), _) => self.begin(Of::Text(text.len())),
            (ModelEvent::Reasoning(text), _) => self.begin(Of::Reasoning(text.len())),
            (ModelEvent::ToolCallStart { index, .. }, _) => self.begin(Of::Call(*index)),
            (ModelEvent::PartEnd(seal), Some(piece)) => {
                piece.open = false;
                piece.seal.clone_from(seal);
            }
            _ => {}
        }
    }

    fn begin(&mut self, of: Of) {
        if let Some(last) = self.pieces.last_mut() {
            last.open = false;
        }
        self.pieces.push(Piece { of, seal: None, open: true });
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether it says more than that the answer is its text and then its calls.
    pub fn matters(&self) -> bool {
        self.pieces.iter().any(|piece| piece.seal.is_some() || matches!(piece.of, Of::Reasoning(_)))
    }

    /// The parts of an answer of these words. Where the layout does not fit them, nothing is made up: words that it does
    /// not account for come at the end.
    pub fn parts(&self, text: &str, reasoning: &str, calls: &[ToolCall]) -> Vec<Part> {
        let (mut text, mut reasoning) = (text, reasoning);
        let mut left: Vec<Option<&ToolCall>> = calls.iter().map(Some).collect();
        let mut parts = Vec::with_capacity(self.pieces.len());
        for Piece { of, seal, .. } in &self.pieces {
            let content = match *of {
                Of::Text(length) => Content::Text(cut(&mut text, length)),
                Of::Reasoning(length) => Content::Reasoning(cut(&mut reasoning, length)),
                Of::Call(index) => match left.get_mut(index).and_then(Option::take) {
                    Some(call) => Content::Call(call.clone()),
                    None => continue,
                },
            };
            parts.push(Part { content, seal: seal.clone() });
        }
        if !text.is_empty() {
            parts.push(Content::Text(text.to_owned()).into());
        }
        parts.extend(left.into_iter().flatten().map(|call| Content::Call(call.clone()).into()));
        parts
    }
}

/// Takes the first bytes of a text, as many as there are, never half a character.
fn cut(text: &mut &str, length: usize) -> String {
    let (head, rest) = text.split_at(text.floor_char_boundary(length));
    *text = rest;
    head.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "search".into(), arguments: "{}".into() }
    }

    fn start(index: usize) -> ModelEvent {
        ModelEvent::ToolCallStart { index, id: String::new(), name: String::new() }
    }

    fn sealed(content: Content, seal: &str) -> Part {
        Part { content, seal: Some(Seal(json!(seal))) }
    }

    fn end(seal: &str) -> ModelEvent {
        PartEnd(Some(Seal(json!(seal))))
    }

    use ModelEvent::{PartEnd, Reasoning, Text};

    fn woven() -> Layout {
        let mut layout = Layout::default();
        for event in [
            Reasoning("Hm".into()),
            Reasoning(", ä".into()),
            end("1"),
            Reasoning(String::new()),
            end("2"),
            Text("Let me".into()),
            Text(" look".into()),
            PartEnd(None),
            Text(".".into()),
            end("3"),
            start(0),
            end("4"),
            start(1),
            Text("!".into()),
        ] {
            layout.take(&event);
        }
        layout
    }

    #[test]
    fn parts_come_back_in_order_with_their_seals_also_after_they_were_stored() -> Result<(), serde_json::Error> {
        let expected = [
            sealed(Content::Reasoning("Hm, ä".into()), "1"),
            sealed(Content::Reasoning(String::new()), "2"),
            Content::Text("Let me look".into()).into(),
            sealed(Content::Text(".".into()), "3"),
            sealed(Content::Call(call("a")), "4"),
            Content::Call(call("b")).into(),
            Content::Text("!".into()).into(),
        ];
        let stored: Layout = serde_json::from_value(serde_json::to_value(woven())?)?;
        for layout in [woven(), stored] {
            assert_eq!(layout.parts("Let me look.!", "Hm, ä", &[call("a"), call("b")]), expected);
            assert!(layout.matters());
        }
        Ok(())
    }

    #[test]
    fn a_layout_that_does_not_fit_loses_no_words_and_no_calls() {
        let parts = woven().parts("Let m", "ä", &[call("a"), call("b"), call("c")]);
        let text: String = parts.iter().map(|p| if let Content::Text(t) = &p.content { t } else { "" }).collect();
        let calls = parts.iter().filter(|p| matches!(p.content, Content::Call(_))).count();
        assert_eq!((text.as_str(), calls), ("Let m", 3));
        assert_eq!(Layout::default().parts("a", "", &[call("a")]).len(), 2);
    }

    #[test]
    fn text_and_calls_alone_need_no_layout() {
        let mut layout = Layout::default();
        for event in [Text("a".into()), PartEnd(None), start(0), end("late"), PartEnd(None)] {
            layout.take(&event);
        }
        assert!(layout.matters());
        let mut plain = Layout::default();
        plain.take(&Text("a".into()));
        plain.take(&start(0));
        assert!(!plain.matters());
    }
}
