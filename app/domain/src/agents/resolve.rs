//! Bringing an outcome back to the run that waits for it: the step ends, and when none waits any more the run becomes
//! claimable, all inside the transaction that made the outcome.

use serde_json::{Value, json};

use super::{RunStatus, StepContent, ToolResult, driver_store, store};
use crate::{
    Error, Result,
    db::TenantTx,
    ids::{ApprovalId, RunId},
};

/// What became of something that a run waited for.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It was approved, and it happened.
    Done(Value),
    /// A person said no.
    Rejected {
        /// The person's name.
        by: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// It was approved, and it did not happen.
    Failed(String),
    /// It was approved, and nobody knows whether it happened.
    Unknown(String),
    /// Its target had changed; nothing happened.
    Superseded {
        /// It had been approved before.
        approved: bool,
    },
    /// Nobody decided in time; nothing happened.
    TimedOut,
    /// A person wants to know something first; nothing happened.
    Asked {
        /// The person's name.
        by: Option<String>,
        /// What he or she wants to know.
        question: String,
    },
    /// A person changed the arguments and approved; that happened.
    DoneOtherwise {
        /// What came of it.
        result: Value,
        /// What ran.
        arguments: Value,
    },
    /// A person answered a question.
    Answered(String),
}

impl Outcome {
    /// What the model is told.
    fn result(&self) -> ToolResult {
        let (value, is_error) = match self {
            Self::Done(result) => (json!({ "status": "done", "result": result }), false),
            Self::Rejected { by, reason } => (json!({ "status": "rejected", "by": by, "reason": reason }), true),
            Self::Failed(why) => (json!({ "status": "failed", "error": why }), true),
            Self::Unknown(why) => (json!({ "status": "unknown", "error": why }), true),
            Self::Superseded { approved } => (
                json!({
                    "status": "superseded", "approved": approved,
                    "error": "The record has changed meanwhile; nothing was done.",
                }),
                true,
            ),
            Self::TimedOut => {
                (json!({ "status": "timed_out", "error": "Nobody decided in time; nothing was done." }), true)
            }
            Self::Asked { by, question } => (
                json!({
                    "status": "question", "by": by, "question": question,
                    "note": "Nothing was done. Answer the question, and propose again if it is still right.",
                }),
                true,
            ),
            Self::DoneOtherwise { result, arguments } => (
                json!({
                    "status": "done", "result": result, "arguments": arguments,
                    "note": "A person changed the arguments before approving; these ran.",
                }),
                false,
            ),
            Self::Answered(answer) => (json!({ "status": "answered", "answer": answer }), false),
        };
        ToolResult { content: value.to_string(), is_error }
    }
}

/// Ends the waiting step of a call. A run that has ended meanwhile is left as it is.
pub async fn resolve_step(tx: &mut TenantTx, run: RunId, tool_call_id: &str, outcome: &Outcome) -> Result<()> {
    let locked = store::lock(tx, run).await?.ok_or_else(|| Error::internal("an item of a run that is gone"))?;
    if locked.status.is_final() {
        return Ok(());
    }
    let steps = store::steps(tx, &[run.0]).await?;
    let step = steps.into_iter().map(|(_, step)| step).find(|step| {
        step.waiting && matches!(&step.content, StepContent::Tool { call, .. } if call.id == tool_call_id)
    });
    let Some(step) = step else { return Ok(()) };
    let StepContent::Tool { call, .. } = step.content else { return Ok(()) };
    let content = StepContent::Tool { call, result: Some(outcome.result()) };
    driver_store::finish_step(tx, run, step.position, &content).await?;
    // A driver that has not paused yet notices by itself that nothing waits.
    if locked.status == RunStatus::Paused && store::waiting(tx, run).await? == 0 {
        store::set_status(tx, run, RunStatus::Pending).await?;
    }
    Ok(())
}

/// Lets the waiting step of a call wait for another approval.
pub async fn wait_for(tx: &mut TenantTx, run: RunId, tool_call_id: &str, approval: ApprovalId) -> Result<()> {
    store::lock(tx, run).await?.ok_or_else(|| Error::internal("an item of a run that is gone"))?;
    driver_store::wait_for(tx, run, tool_call_id, approval).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_call_was_approved_does_not_depend_on_what_came_of_it() {
        let who = || Some("Ada".to_owned());
        let arguments = json!({});
        for (outcome, approved) in [
            (Outcome::Done(Value::Null), true),
            (Outcome::DoneOtherwise { result: Value::Null, arguments }, true),
            (Outcome::Failed("why".into()), true),
            (Outcome::Unknown("why".into()), true),
            (Outcome::Superseded { approved: true }, true),
            (Outcome::Superseded { approved: false }, false),
            (Outcome::Rejected { by: who(), reason: None }, false),
            (Outcome::TimedOut, false),
            (Outcome::Asked { by: who(), question: "Why?".into() }, false),
        ] {
            assert_eq!(outcome.result().was_approved(), approved, "{outcome:?}");
        }
    }
}
