//! An answer while it comes in: what has been said so far, what it has cost, and how much of it is kept.

use std::{
    collections::HashSet,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    agents::{Hop, StepContent, driver_store::EventDraft},
    providers::{Failure, Finish, Layout, ModelEvent, ToolCall, Usage, made_up},
};

/// The most bytes of one answer that are kept, seals included.
const MAX_TEXT: usize = 1_000_000;
/// The most calls of one answer; each costs a transaction, or a person's decision.
const MAX_CALLS: usize = 128;
/// The most parts of one answer.
const MAX_PARTS: usize = 10_000;

/// An answer while it comes in.
pub(super) struct Answer {
    pub(super) text: String,
    reasoning: String,
    pub(super) calls: Vec<ToolCall>,
    pub(super) layout: Layout,
    /// The bytes of its seals.
    sealed: usize,
    pub(super) usage: Usage,
    pub(super) finish: Option<Finish>,
    /// The model that answers, where the provider names it.
    pub(super) served: Option<String>,
    asked: Instant,
    /// The request has left, or may have.
    pub(super) sent: AtomicBool,
    /// The provider has taken it, and answers.
    pub(super) accepted: bool,
    /// The model thinks, even if it keeps its thoughts to itself.
    thinks: bool,
    pub(super) first_token: Option<Duration>,
    /// Ids that calls have already.
    taken: HashSet<String>,
    /// Its words are not shown until it is whole.
    pub(super) is_held: bool,
}

impl Answer {
    /// `taken`: the ids of the conversation's calls so far. A call of this answer that has one of them gets another one: whoever
    /// decides on a call, or answers it, names its id.
    pub(super) fn new(taken: HashSet<String>) -> Self {
        Self {
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            layout: Layout::default(),
            sealed: 0,
            usage: Usage::default(),
            finish: None,
            served: None,
            asked: Instant::now(),
            sent: AtomicBool::new(false),
            accepted: false,
            thinks: false,
            first_token: None,
            taken,
            is_held: false,
        }
    }

    /// Takes what the model streamed; words become pending events.
    pub(super) fn take(&mut self, events: Vec<ModelEvent>, pending: &mut Vec<EventDraft>) {
        for event in events {
            let begins = match &event {
                ModelEvent::Text(words) | ModelEvent::Reasoning(words) => !words.is_empty(),
                ModelEvent::Model(_) | ModelEvent::Usage(_) | ModelEvent::PartEnd(_) => false,
                _ => true,
            };
            if begins {
                self.first_token.get_or_insert_with(|| self.asked.elapsed());
            }
            self.thinks |= matches!(&event, ModelEvent::Reasoning(_) | ModelEvent::PartEnd(Some(_)));
            self.layout.take(&event);
            match event {
                ModelEvent::Model(name) => self.served = Some(name),
                ModelEvent::Text(more) => {
                    self.text.push_str(&more);
                    if !self.is_held {
                        gather(pending, "RunContent", "content", &more);
                    }
                }
                ModelEvent::Reasoning(more) => {
                    self.reasoning.push_str(&more);
                    gather(pending, "ReasoningContentDelta", "reasoning_content", &more);
                }
                ModelEvent::ToolCallStart { index, id, name } => {
                    let id = if self.taken.insert(id.clone()) { id } else { made_up() };
                    let call = self.call(index);
                    call.id = id;
                    call.name = name;
                }
                ModelEvent::ToolCallArguments { index, delta } => self.call(index).arguments.push_str(&delta),
                ModelEvent::PartEnd(seal) => self.sealed += seal.map_or(0, |seal| seal.0.to_string().len()),
                ModelEvent::Usage(usage) => self.usage = usage,
                ModelEvent::Finish(finish) => self.finish = Some(finish),
            }
        }
    }

    fn call(&mut self, index: usize) -> &mut ToolCall {
        // Indexes come from the adapter, which numbers calls without gaps.
        while self.calls.len() <= index {
            self.calls.push(ToolCall { id: String::new(), name: String::new(), arguments: String::new() });
        }
        &mut self.calls[index]
    }

    /// The bytes of what the model wrote.
    pub(super) fn written(&self) -> usize {
        let calls: usize = self.calls.iter().map(|c| c.id.len() + c.name.len() + c.arguments.len()).sum();
        self.text.len() + self.reasoning.len() + calls
    }

    pub(super) fn too_long(&self) -> bool {
        self.written() + self.sealed > MAX_TEXT || self.calls.len() > MAX_CALLS || self.layout.len() > MAX_PARTS
    }

    /// Nothing of it has come, not even a thought without words: those are paid for, and may have taken minutes.
    pub(super) fn is_silent(&self) -> bool {
        self.first_token.is_none() && !self.thinks && !self.speaks()
    }

    /// There are words of it to be seen.
    pub(super) fn speaks(&self) -> bool {
        !self.text.is_empty() || !self.reasoning.is_empty()
    }

    /// Whether it has surely cost nothing to fail so: the provider refused the request, or never had it. One that has taken it, or
    /// has it and says nothing, may well work on it.
    pub(super) fn was_free(&self, failure: &Failure) -> bool {
        self.usage == Usage::default() && !self.accepted && failure.is_before_any_work()
    }

    pub(super) fn first_token_ms(&self) -> Option<u32> {
        self.first_token.map(|d| d.as_millis() as u32)
    }

    /// The step that it is, with what it cost.
    pub(super) fn step(self, finish: Finish, asked: &str, usage: Usage, hops: Vec<Hop>) -> StepContent {
        StepContent::Model {
            first_token_ms: self.first_token_ms(),
            total_ms: self.asked.elapsed().as_millis() as u32,
            text: self.text,
            reasoning: self.reasoning,
            tool_calls: self.calls,
            usage,
            finish,
            model: self.served.unwrap_or_else(|| asked.to_owned()),
            hops,
        }
    }
}

/// Adds words to the pending event of that name, or begins one.
fn gather(pending: &mut Vec<EventDraft>, name: &'static str, key: &'static str, more: &str) {
    if more.is_empty() {
        return;
    }
    if let Some(last) = pending.last_mut().filter(|e| e.name == name)
        && let Some(serde_json::Value::String(text)) = last.data.get_mut(key)
    {
        text.push_str(more);
        return;
    }
    let data = if name == "RunContent" { json!({ key: more, "content_type": "str" }) } else { json!({ key: more }) };
    pending.push(EventDraft::new(name, data));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{FailureKind, Seal};

    #[test]
    fn a_thought_without_words_ends_the_silence_and_what_is_said_of_it_does_not() {
        let silent = |events: Vec<ModelEvent>| {
            let mut answer = Answer::new(HashSet::new());
            answer.take(events, &mut Vec::new());
            answer.is_silent()
        };
        let usage = ModelEvent::Usage(Usage { input: 1, ..Usage::default() });
        assert!(silent(vec![ModelEvent::Model("m".into()), usage, ModelEvent::Text(String::new())]));
        assert!(silent(vec![ModelEvent::Text(String::new()), ModelEvent::PartEnd(None)]));
        assert!(!silent(vec![ModelEvent::Reasoning(String::new())]));
        assert!(!silent(vec![ModelEvent::Text(String::new()), ModelEvent::PartEnd(Some(Seal(json!("s"))))]));
    }

    #[test]
    fn only_what_was_refused_or_never_arrived_was_free() {
        let failed = |kind, status, accepted| {
            let answer = Answer { accepted, ..Answer::new(HashSet::new()) };
            answer.was_free(&Failure { kind, provider: "P".into(), status, retry_after: None, said: None })
        };
        for (kind, status) in [
            (FailureKind::InvalidKey, Some(401)),
            (FailureKind::Overloaded, Some(529)),
            (FailureKind::Refused, Some(400)),
            (FailureKind::Unreachable, None),
            (FailureKind::NotAllowed, None),
            (FailureKind::Refused, None),
            (FailureKind::NoCredit, None),
        ] {
            assert!(failed(kind, status, false), "{kind:?}");
            assert!(!failed(kind, None, true), "{kind:?}");
        }
        for kind in [FailureKind::Stalled, FailureKind::BadReply, FailureKind::Overloaded] {
            assert!(!failed(kind, None, false), "{kind:?}");
        }
        let read = Usage { input: 9, ..Usage::default() };
        let billed = Answer { usage: read, ..Answer::new(HashSet::new()) };
        let failure = Failure {
            kind: FailureKind::Unreachable,
            provider: "P".into(),
            status: None,
            retry_after: None,
            said: None,
        };
        assert!(!billed.was_free(&failure));
    }

    #[test]
    fn a_call_never_has_the_id_of_another_one_of_its_conversation() {
        let mut answer = Answer::new(HashSet::from(["call_0".to_owned()]));
        let start = |index, id: &str| ModelEvent::ToolCallStart { index, id: id.into(), name: "search".into() };
        answer.take(vec![start(0, "call_0"), start(1, "call_1"), start(2, "call_1")], &mut Vec::new());
        let ids: HashSet<&str> = answer.calls.iter().map(|call| call.id.as_str()).collect();
        assert!(ids.len() == 3 && ids.contains("call_1") && !ids.contains("call_0"), "{ids:?}");
    }
}
