//! One turn of a conversation, folded from a run's events. The server folds what is stored, the browser goes on with what
//! arrives: one piece of code, so a reload and a live stream cannot show different things.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunEvent, RunFailure, RunStatus};
use crate::{
    ids::{ApprovalId, RunId},
    providers::Kind,
};

/// A message, and what the agent made of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The run.
    pub run_id: RunId,
    /// The person's message.
    pub input: String,
    /// How many images came with it.
    pub images: i64,
    /// Where the run stands.
    pub status: RunStatus,
    /// What the agent said and did, in order.
    pub items: Vec<TurnItem>,
    /// Why it failed.
    pub error: Option<RunFailure>,
    /// The model that answers.
    pub model: Option<String>,
    /// The provider's name, as `RunStarted` gave it.
    pub provider: Option<String>,
    /// The provider is the sandbox: what it says was scripted, no AI.
    pub scripted: bool,
    /// Input and output tokens of all model calls.
    pub tokens: (u64, u64),
    /// Millionths of a dollar that they cost, as far as that is known.
    pub cost_micros: Option<i64>,
    /// Of the model calls, such that nobody knows what they cost.
    pub unpriced: u32,
    /// The index of the next event: where a stream goes on.
    pub next_index: i32,
}

/// A piece of a turn.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TurnItem {
    /// The agent's words, markdown.
    Text {
        /// The text so far.
        text: String,
    },
    /// The model's reasoning.
    Reasoning {
        /// The text so far.
        text: String,
    },
    /// A call of a tool.
    Tool(ToolCard),
    /// What happened besides: who was asked instead of whom.
    Note {
        /// In words.
        text: String,
    },
}

/// A call of a tool, as a card.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolCard {
    /// The provider's id of the call.
    pub tool_call_id: String,
    /// The tool.
    pub name: String,
    /// The arguments.
    pub arguments: Value,
    /// Where it stands.
    pub state: ToolState,
    /// What it answered.
    pub result: Option<String>,
    /// The approval that it waits, or waited, for.
    pub approval_id: Option<ApprovalId>,
    /// The question, for `ask_human`.
    pub question: Option<String>,
    /// Milliseconds that it took.
    pub ms: Option<u64>,
}

/// Where a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolState {
    /// It runs.
    Running,
    /// It waits for a person.
    Waiting,
    /// It has answered.
    Done,
    /// It failed, was refused or was rejected.
    Error,
}

impl Turn {
    /// A turn of which nothing has happened yet.
    pub fn new(run_id: RunId, input: String) -> Self {
        Self {
            run_id,
            input,
            images: 0,
            status: RunStatus::Pending,
            items: Vec::new(),
            error: None,
            model: None,
            provider: None,
            scripted: false,
            tokens: (0, 0),
            cost_micros: None,
            unpriced: 0,
            next_index: 0,
        }
    }

    /// Takes the next event. One that was taken before changes nothing; after a gap nothing is taken, and the answer is
    /// false: the caller has to read again from `next_index`.
    pub fn apply(&mut self, event: &RunEvent) -> bool {
        if event.index < self.next_index {
            return true;
        }
        if event.index > self.next_index {
            return false;
        }
        self.next_index += 1;
        let text = |key: &str| event.data.get(key).and_then(Value::as_str);
        match event.name.as_str() {
            "RunStarted" => {
                self.status = RunStatus::Running;
                self.model = text("model").map(str::to_owned);
                self.provider = text("model_provider").map(str::to_owned);
                self.scripted = text("model_provider_kind") == Some(Kind::Sandbox.as_str());
            }
            "RunContinued" => self.status = RunStatus::Running,
            "RunContent" => match event.data.get("content") {
                // An answer that was asked for as JSON. No line of that begins with a backtick.
                Some(json) if json.is_object() => self.say(&format!("```json\n{json:#}\n```")),
                _ => self.say(text("content").unwrap_or_default()),
            },
            "ReasoningContentDelta" => self.reason(text("reasoning_content").unwrap_or_default()),
            "ModelRequestCompleted" => {
                let tokens = |key: &str| event.data.get(key).and_then(Value::as_u64).unwrap_or(0);
                self.tokens = (self.tokens.0 + tokens("input_tokens"), self.tokens.1 + tokens("output_tokens"));
                match event.data.get("cost").and_then(Value::as_f64) {
                    Some(dollars) => {
                        self.cost_micros = Some(self.cost_micros.unwrap_or(0) + (dollars * 1e6).round() as i64);
                    }
                    None => self.unpriced += 1,
                }
                if let Some(model) = text("model") {
                    self.model = Some(model.to_owned());
                }
                // What the model says after a tool has answered is a new paragraph, not the same one.
                self.items.push(TurnItem::Text { text: String::new() });
            }
            "ToolCallStarted" => self.call(&event.data["tool"]),
            "ToolCallCompleted" => self.answer(&event.data["tool"], ToolState::Done),
            "ToolCallError" => self.answer(&event.data["tool"], ToolState::Error),
            "RunPaused" => self.status = RunStatus::Paused,
            "RunCompleted" => self.status = RunStatus::Completed,
            "RunCancelled" => self.status = RunStatus::Cancelled,
            "RunError" => {
                self.status = RunStatus::Error;
                self.error = Some(RunFailure {
                    kind: text("error_type").unwrap_or("error").to_owned(),
                    message: text("content").unwrap_or("The run failed.").to_owned(),
                    remedy: text("remedy").unwrap_or_default().to_owned(),
                    said: None,
                });
            }
            // A model call is repeated after a crash: what it had said so far does not count.
            "CustomEvent" if text("type") == Some("partial_voided") => self.void_partial(),
            "CustomEvent" if text("type") == Some("answer_refused") => {
                self.items.push(TurnItem::Note { text: text("content").unwrap_or_default().to_owned() });
            }
            "CustomEvent" if text("type") == Some("provider_fallback") => {
                self.items.push(TurnItem::Note { text: text("content").unwrap_or_default().to_owned() });
                self.model = text("model").map(str::to_owned);
                self.provider = text("model_provider").map(str::to_owned);
            }
            _ => {}
        }
        true
    }

    fn say(&mut self, more: &str) {
        match self.items.last_mut() {
            Some(TurnItem::Text { text }) => text.push_str(more),
            _ => self.items.push(TurnItem::Text { text: more.to_owned() }),
        }
    }

    fn reason(&mut self, more: &str) {
        match self.items.last_mut() {
            Some(TurnItem::Reasoning { text }) => text.push_str(more),
            Some(TurnItem::Text { text }) if text.is_empty() => {
                self.items.pop();
                self.reason(more);
            }
            _ => self.items.push(TurnItem::Reasoning { text: more.to_owned() }),
        }
    }

    /// Drops words and reasoning since the last complete answer, which ends in an empty text or in tool cards.
    fn void_partial(&mut self) {
        while let Some(TurnItem::Text { text } | TurnItem::Reasoning { text }) = self.items.last() {
            let boundary = text.is_empty();
            self.items.pop();
            if boundary {
                break;
            }
        }
        self.items.push(TurnItem::Text { text: String::new() });
    }

    fn call(&mut self, tool: &Value) {
        let text = |key: &str| tool.get(key).and_then(Value::as_str);
        let flag = |key: &str| tool.get(key).and_then(Value::as_bool).unwrap_or(false);
        let waiting = flag("requires_confirmation") || flag("requires_user_input");
        let card = ToolCard {
            tool_call_id: text("tool_call_id").unwrap_or_default().to_owned(),
            name: text("tool_name").unwrap_or_default().to_owned(),
            arguments: tool.get("tool_args").cloned().unwrap_or_default(),
            state: if waiting { ToolState::Waiting } else { ToolState::Running },
            result: None,
            approval_id: text("approval_id").and_then(|id| id.parse().ok()),
            question: flag("requires_user_input")
                .then(|| tool["tool_args"]["question"].as_str().unwrap_or_default().to_owned()),
            ms: None,
        };
        if matches!(self.items.last(), Some(TurnItem::Text { text }) if text.is_empty()) {
            self.items.pop();
        }
        self.items.push(TurnItem::Tool(card));
    }

    fn answer(&mut self, tool: &Value, state: ToolState) {
        let id = tool.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
        let card = self.items.iter_mut().rev().find_map(|item| match item {
            TurnItem::Tool(card) if card.tool_call_id == id => Some(card),
            _ => None,
        });
        if let Some(card) = card {
            card.state = state;
            card.result = tool.get("result").and_then(Value::as_str).map(str::to_owned);
            card.ms = tool.get("ms").and_then(Value::as_u64);
        }
    }

    /// The agent's words without empty pieces.
    pub fn visible(&self) -> impl Iterator<Item = &TurnItem> {
        self.items.iter().filter(|item| match item {
            TurnItem::Text { text } | TurnItem::Reasoning { text } => !text.trim().is_empty(),
            TurnItem::Tool(_) | TurnItem::Note { .. } => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Timestamp;

    fn events(list: &[(&str, Value)]) -> Vec<RunEvent> {
        list.iter()
            .enumerate()
            .map(|(index, (name, data))| RunEvent {
                index: index as i32,
                name: (*name).to_owned(),
                data: data.clone(),
                created_at: Timestamp(time::OffsetDateTime::UNIX_EPOCH),
            })
            .collect()
    }

    fn turn(list: &[(&str, Value)]) -> Turn {
        let mut turn = Turn::new(RunId(uuid::Uuid::nil()), "hello".into());
        for event in events(list) {
            assert!(turn.apply(&event));
        }
        turn
    }

    #[test]
    fn repeated_events_change_nothing_and_gaps_are_noticed() {
        let list = events(&[
            ("RunStarted", json!({})),
            ("RunContent", json!({"content": "a"})),
            ("RunContent", json!({"content": "b"})),
        ]);
        let mut turn = Turn::new(RunId(uuid::Uuid::nil()), String::new());
        assert!(!turn.apply(&list[1]));
        for event in [&list[0], &list[1], &list[1], &list[0], &list[2]] {
            assert!(turn.apply(event));
        }
        assert_eq!(turn.items, [TurnItem::Text { text: "ab".into() }]);
    }

    #[test]
    fn what_is_known_of_the_cost_is_told_apart_from_what_is_not() {
        let completed = |data: Value| ("ModelRequestCompleted", data);
        let turn = turn(&[completed(json!({ "cost": 0.5 })), completed(json!({})), completed(json!({ "cost": 0.25 }))]);
        assert_eq!((turn.cost_micros, turn.unpriced), (Some(750_000), 1));
    }

    #[test]
    fn json_that_was_asked_for_shows_as_code_and_what_was_refused_before_is_noted() {
        let turn = turn(&[
            ("CustomEvent", json!({"type": "answer_refused", "content": "Again."})),
            ("RunContent", json!({"content": {"n": "```"}, "content_type": "dict"})),
        ]);
        let code = "```json\n{\n  \"n\": \"```\"\n}\n```";
        assert_eq!(turn.items, [TurnItem::Note { text: "Again.".into() }, TurnItem::Text { text: code.into() }]);
    }

    #[test]
    fn a_voided_partial_answer_disappears_and_nothing_before_it() {
        let tool = json!({"tool": {"tool_call_id": "1", "tool_name": "search_records", "tool_args": {}}});
        let turn = turn(&[
            ("RunStarted", json!({})),
            ("RunContent", json!({"content": "Looking."})),
            ("ModelRequestCompleted", json!({})),
            ("ToolCallStarted", tool.clone()),
            ("ToolCallCompleted", tool),
            ("RunContent", json!({"content": "half an ans"})),
            ("CustomEvent", json!({"type": "partial_voided"})),
            ("RunContent", json!({"content": "A whole answer."})),
        ]);
        let words: Vec<_> = turn
            .visible()
            .filter_map(|i| if let TurnItem::Text { text } = i { Some(text.as_str()) } else { None })
            .collect();
        assert_eq!(words, ["Looking.", "A whole answer."]);
    }
}
