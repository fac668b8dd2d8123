//! The Sandbox: a script that plays a model's part. No AI, no network, no key, and the same answer to the same words.
//!
//! It lets a newcomer see the whole way of a proposal before there is a real key. `intent.rs` understands a handful of
//! sentences, `script.rs` says what comes next, from nothing but the conversation, and `results.rs` reads what tools
//! answered.

mod intent;
mod results;
mod script;

use std::{collections::VecDeque, mem, time::Duration};

use super::{ChatRequest, Finish, ModelEvent, ToolCall, Usage};

pub use super::SANDBOX_MODEL as MODEL;

/// An answer that is given out in pieces, so that a page shows it streaming.
pub(super) struct Performance {
    batches: VecDeque<Vec<ModelEvent>>,
    pace: Duration,
    begun: bool,
}

impl Performance {
    /// The answer to a request: word by word, `pace` apart; all at once when that is zero.
    pub(super) fn new(request: &ChatRequest, pace: Duration) -> Self {
        let turn = script::turn(request);
        let mut batches = VecDeque::new();
        let mut batch = vec![ModelEvent::Model(MODEL.into())];
        for word in turn.text.split_inclusive(char::is_whitespace) {
            batch.push(ModelEvent::Text(word.into()));
            if !pace.is_zero() {
                batches.push_back(mem::take(&mut batch));
            }
        }
        let finish = if turn.calls.is_empty() { Finish::Stop } else { Finish::ToolCalls };
        for (index, ToolCall { id, name, arguments }) in turn.calls.into_iter().enumerate() {
            batch.push(ModelEvent::ToolCallStart { index, id, name });
            batch.push(ModelEvent::ToolCallArguments { index, delta: arguments });
        }
        // A script reads and writes no tokens.
        batch.extend([ModelEvent::Usage(Usage::default()), ModelEvent::Finish(finish)]);
        batches.push_back(batch);
        Self { batches, pace, begun: false }
    }

    pub(super) async fn next(&mut self) -> Option<Vec<ModelEvent>> {
        if self.begun && self.batches.len() > 1 {
            tokio::time::sleep(self.pace).await;
        }
        self.begun = true;
        self.batches.pop_front()
    }
}

#[cfg(test)]
mod tests;
