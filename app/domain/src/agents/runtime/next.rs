//! What a run needs next, read off its stored steps and nothing else.

use crate::{
    agents::{RunFailure, Step, StepContent},
    providers::ToolCall,
};

/// The most answers of one run. A model that looks things up for ever costs money for ever, and nobody sees it.
const MOST_ANSWERS: usize = 200;

/// What a run needs next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// An answer of the model.
    Model,
    /// These calls of the last answer.
    Calls(Vec<ToolCall>),
    /// A person.
    Wait,
    /// An end: its model has answered [`MOST_ANSWERS`] times and still calls tools.
    Enough,
    /// Nothing: the last answer is the answer.
    Complete(String),
}

/// Read off the stored steps.
pub(super) fn next(steps: &[Step]) -> Next {
    let Some(at) = steps.iter().rposition(is_answer) else { return Next::Model };
    let StepContent::Model { text, tool_calls, .. } = &steps[at].content else { return Next::Model };
    if tool_calls.is_empty() {
        return Next::Complete(text.clone());
    }
    let answered = |call: &ToolCall| {
        steps[at..].iter().any(|s| matches!(&s.content, StepContent::Tool { call: c, .. } if c.id == call.id))
    };
    let open: Vec<ToolCall> = tool_calls.iter().filter(|c| !answered(c)).cloned().collect();
    if !open.is_empty() {
        Next::Calls(open)
    } else if steps[at..].iter().any(|s| s.waiting) {
        Next::Wait
    } else if steps.iter().filter(|step| is_answer(step)).count() >= MOST_ANSWERS {
        Next::Enough
    } else {
        Next::Model
    }
}

fn is_answer(step: &Step) -> bool {
    matches!(step.content, StepContent::Model { .. })
}

/// Why a run ends that has had enough.
pub(super) fn no_end(provider: &str) -> RunFailure {
    RunFailure {
        kind: "too_many_answers".to_owned(),
        message: format!("{provider} was asked {MOST_ANSWERS} times, called tools each time and came to no end."),
        remedy: "Look at what it has done so far. Then ask for less at once, or tell it to go on.".to_owned(),
        said: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        agents::ToolResult,
        providers::{Finish, Usage},
    };

    fn step(content: StepContent) -> Step {
        let now = Timestamp::now();
        let waiting = matches!(content, StepContent::Tool { result: None, .. });
        Step { position: 0, content, waiting, approval_id: None, created_at: now, ended_at: None, making: None }
    }

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "search_records".into(), arguments: "{}".into() }
    }

    fn model(text: &str, calls: &[&str]) -> Step {
        step(StepContent::Model {
            text: text.into(),
            reasoning: String::new(),
            tool_calls: calls.iter().map(|id| call(id)).collect(),
            usage: Usage::default(),
            finish: Finish::Stop,
            model: "m".into(),
            first_token_ms: None,
            total_ms: 0,
            hops: Vec::new(),
        })
    }

    fn tool(id: &str, done: bool) -> Step {
        let result = done.then(|| ToolResult { content: "{}".into(), is_error: false });
        step(StepContent::Tool { call: call(id), result })
    }

    #[test]
    fn what_comes_next_is_read_off_the_steps() {
        assert_eq!(next(&[]), Next::Model);
        assert_eq!(next(&[model("hi", &[])]), Next::Complete("hi".into()));
        assert_eq!(next(&[model("", &["a", "b"]), tool("a", true)]), Next::Calls(vec![call("b")]));
        assert_eq!(next(&[model("", &["a", "b"]), tool("a", true), tool("b", false)]), Next::Wait);
        assert_eq!(next(&[model("", &["a"]), tool("a", true)]), Next::Model);
        // An id that a provider uses again in a later answer is a new call.
        assert_eq!(next(&[model("", &["a"]), tool("a", true), model("", &["a"])]), Next::Calls(vec![call("a")]));
    }

    #[test]
    fn a_run_ends_that_never_comes_to_an_answer() {
        let mut steps: Vec<Step> = (1..MOST_ANSWERS).flat_map(|_| [model("", &["a"]), tool("a", true)]).collect();
        assert_eq!(next(&steps), Next::Model);
        steps.push(model("", &["a", "b"]));
        assert_eq!(next(&steps), Next::Calls(vec![call("a"), call("b")]), "what it has asked for is still done");
        steps.extend([tool("a", true), tool("b", false)]);
        assert_eq!(next(&steps), Next::Wait);
        steps.pop();
        steps.push(tool("b", true));
        assert_eq!(next(&steps), Next::Enough);
        steps.push(model("Here it is.", &[]));
        assert_eq!(next(&steps), Next::Complete("Here it is.".into()));
    }
}
