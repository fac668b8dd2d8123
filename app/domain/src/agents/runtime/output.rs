//! Answers that shall have a form: held back until they are whole, looked at, and sent back to the model if they do not have it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Driver, Flow, Stop, answer::Answer, calls::INVALID_ARGUMENTS};
use crate::{
    agents::{RunFailure, Step, StepContent, driver_store::EventDraft, output::Output},
    providers::Finish,
};

impl Driver<'_> {
    /// All that the model is taught, as far as trust in what it proposes depends on it.
    pub(super) fn taught(&self) -> Cow<'_, str> {
        match &self.output {
            Some(output) => Cow::Owned(format!("{}\n{}", self.agent.instructions, output.told().schema)),
            None => Cow::Borrowed(&self.agent.instructions),
        }
    }

    /// Shows an answer that was held back, now that it is whole. What does not have the form is not shown: another one takes its place.
    pub(super) fn show(&mut self, answer: &Answer) {
        let Some(output) = &self.output else { return };
        if !answer.calls.is_empty() {
            return self.show_words(&answer.text);
        }
        if let Ok(value) = output.answer(&answer.text) {
            self.pending.push(EventDraft::new("RunContent", json!({ "content": value, "content_type": "dict" })));
        }
    }

    /// Shows the words of such an answer that are not the run's, or that broke off.
    pub(super) fn show_words(&mut self, text: &str) {
        if self.output.is_some() && !text.is_empty() {
            self.pending.push(EventDraft::new("RunContent", json!({ "content": text, "content_type": "str" })));
        }
    }

    /// What a run's answer is, and AgentOS's word for that: JSON where a form was asked for.
    pub(super) fn content(&self, text: String) -> (Value, &'static str) {
        match self.output.as_ref().map(|output| output.answer(&text)) {
            Some(Ok(value)) => (value, "dict"),
            _ => (Value::String(text), "str"),
        }
    }

    /// Whether an answer without calls may be the run's.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.output.as_ref().is_none_or(|output| output.answer(text).is_ok())
    }

    /// The last answer is stored, and has no calls. It is the run's, if it has the form that was asked for; else the model is told what
    /// is wrong with it, so often.
    pub(super) async fn conclude(&mut self, text: String) -> Result<Flow, Stop> {
        let wrong = self.output.as_ref().and_then(|output| {
            let why = output.answer(&text).err()?;
            Some((why, misfits(output, &self.steps)))
        });
        let Some((why, times)) = wrong else { return self.complete(None, text).await };
        if let Some(failure) = hopeless(&self.on().provider.name, ending(&self.steps), &why, times) {
            return Err(Stop::Failed(failure));
        }
        let note = "The answer did not have the form that was asked for. The model was told so, and answers again.";
        self.pending.push(EventDraft::new("CustomEvent", json!({ "type": "answer_refused", "content": note })));
        self.ask_model().await
    }
}

/// How many of a run's answers do not have the form.
fn misfits(output: &Output, steps: &[Step]) -> usize {
    let is_misfit = |step: &&Step| match &step.content {
        StepContent::Model { text, tool_calls, .. } => tool_calls.is_empty() && output.answer(text).is_err(),
        StepContent::Tool { .. } => false,
    };
    steps.iter().filter(is_misfit).count()
}

/// Why the last answer ended.
fn ending(steps: &[Step]) -> Option<Finish> {
    steps.iter().rev().find_map(|step| match step.content {
        StepContent::Model { finish, .. } => Some(finish),
        StepContent::Tool { .. } => None,
    })
}

/// Why the model is not asked once more, if it is not.
fn hopeless(provider: &str, ending: Option<Finish>, why: &str, times: usize) -> Option<RunFailure> {
    let (message, remedy) = match ending {
        Some(Finish::Length) => (
            format!("The answer of {provider} was cut off at the output limit, before it was whole JSON."),
            "Ask for less, or choose a model that writes more in Settings → AI providers.",
        ),
        Some(Finish::ContentFilter) => (
            format!("{provider} declined, so there is no answer of the form that was asked for."),
            "Put it in other words, or choose another model in Settings → AI providers.",
        ),
        _ if times > INVALID_ARGUMENTS => (
            format!("{provider} kept answering in another form than the one that was asked for. {why}"),
            "Ask for a simpler form, or choose a model that supports structured output in Settings → AI providers.",
        ),
        _ => return None,
    };
    Some(RunFailure { kind: "invalid_output".to_owned(), message, remedy: remedy.to_owned(), said: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_in_another_form_is_asked_again_so_often_and_who_declined_or_was_cut_off_is_not() {
        let ends = |ending, times| hopeless("P", ending, "Why.", times).map(|failure| failure.message);
        assert_eq!(ends(Some(Finish::Stop), INVALID_ARGUMENTS), None);
        assert!(ends(Some(Finish::Stop), INVALID_ARGUMENTS + 1).is_some_and(|message| message.ends_with("Why.")));
        assert!(ends(Some(Finish::Length), 1).is_some_and(|message| message.contains("cut off")));
        assert!(ends(Some(Finish::ContentFilter), 1).is_some_and(|message| message.contains("declined")));
    }
}
