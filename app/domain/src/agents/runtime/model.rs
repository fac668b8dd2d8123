//! Asking the model: its words are stored before anyone sees them, in batches of at most 20 ms, and the whole answer is
//! one step.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::{Driver, Flow, Stop};
use crate::{
    agents::{
        Making, StepContent,
        driver_store::{EventDraft, NewStep, Write},
        history::{self, Asked},
        store::{self},
    },
    crash,
    providers::{ChatRequest, Failure, FailureKind, Finish, Layout, ModelEvent, ModelStream, ToolCall, Usage},
};

/// How long words are gathered before they are stored together.
const GATHER: Duration = Duration::from_millis(20);
/// The most bytes of one answer that are kept, seals included.
const MAX_TEXT: usize = 1_000_000;

/// An answer while it comes in.
struct Answer {
    text: String,
    reasoning: String,
    calls: Vec<ToolCall>,
    layout: Layout,
    /// The bytes of its seals.
    sealed: usize,
    usage: Usage,
    finish: Option<Finish>,
    model: String,
    asked: Instant,
    first_token: Option<Duration>,
}

impl Answer {
    fn new(model: &str) -> Self {
        Self {
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            layout: Layout::default(),
            sealed: 0,
            usage: Usage::default(),
            finish: None,
            model: model.to_owned(),
            asked: Instant::now(),
            first_token: None,
        }
    }

    /// Takes what the model streamed; words become pending events.
    fn take(&mut self, events: Vec<ModelEvent>, pending: &mut Vec<EventDraft>) {
        for event in events {
            let begins = match &event {
                ModelEvent::Text(words) | ModelEvent::Reasoning(words) => !words.is_empty(),
                ModelEvent::Model(_) | ModelEvent::Usage(_) | ModelEvent::PartEnd(_) => false,
                _ => true,
            };
            if begins {
                self.first_token.get_or_insert_with(|| self.asked.elapsed());
            }
            self.layout.take(&event);
            match event {
                ModelEvent::Model(name) => self.model = name,
                ModelEvent::Text(more) => {
                    self.text.push_str(&more);
                    gather(pending, "RunContent", "content", &more);
                }
                ModelEvent::Reasoning(more) => {
                    self.reasoning.push_str(&more);
                    gather(pending, "ReasoningContentDelta", "reasoning_content", &more);
                }
                ModelEvent::ToolCallStart { index, id, name } => {
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

    fn too_long(&self) -> bool {
        let arguments: usize = self.calls.iter().map(|c| c.arguments.len()).sum();
        self.text.len() + self.reasoning.len() + arguments + self.sealed > MAX_TEXT
    }

    fn step(self, finish: Finish) -> StepContent {
        StepContent::Model {
            text: self.text,
            reasoning: self.reasoning,
            tool_calls: self.calls,
            usage: self.usage,
            finish,
            model: self.model,
            first_token_ms: self.first_token.map(|d| d.as_millis() as u32),
            total_ms: self.asked.elapsed().as_millis() as u32,
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

/// Provider, model and tokens of a model step.
pub(super) fn used<'a>(provider: &'a str, content: &'a StepContent) -> Option<(&'a str, &'a str, Usage)> {
    let StepContent::Model { usage, model, .. } = content else { return None };
    Some((provider, model, *usage))
}

impl Driver<'_> {
    /// One answer of the model. Without calls it is the run's answer, and the run completes in the same transaction.
    pub(super) async fn ask_model(&mut self) -> Result<Flow, Stop> {
        let asked = Asked { provider: self.on.provider.id, model: &self.model };
        let request = history::request(&self.agent, asked, &self.earlier, &self.steps);
        let begun = EventDraft::new(
            "ModelRequestStarted",
            json!({ "model": self.model, "model_provider": self.on.provider.name }),
        );
        let mut answer = Answer::new(&self.model);

        let mut renewals = interval_at((Instant::now() + self.renewal()).into(), self.renewal());
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stream = self.open(&request, &mut renewals).await?;
        self.pending.push(begun);
        let cancel = Arc::clone(&self.cancel);
        let mut stored: Option<Instant> = None;
        while answer.finish.is_none() {
            let due = stored.filter(|_| !self.pending.is_empty()).map(|at| at + GATHER);
            tokio::select! {
                biased;
                () = cancel.notified() => return self.broken(answer, Stop::Cancelled).await,
                next = stream.next() => match next {
                    Ok(Some(events)) => answer.take(events, &mut self.pending),
                    Ok(None) => break,
                    Err(failure) => return self.broken(answer, failure.into()).await,
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {}
                _ = renewals.tick() => self.renew().await?,
            }
            if answer.too_long() {
                let failure = Failure {
                    kind: FailureKind::BadReply,
                    provider: self.on.provider.name.clone(),
                    status: None,
                    retry_after: None,
                    said: None,
                };
                return self.broken(answer, failure.into()).await;
            }
            if answer.finish.is_none() && self.pending.len() > 1 && stored.is_none_or(|at| at.elapsed() >= GATHER) {
                self.flush().await?;
                if stored.is_none() {
                    crash::point("model.first_batch");
                }
                stored = Some(Instant::now());
            } else if answer.finish.is_none() && stored.is_some_and(|at| at.elapsed() >= GATHER) {
                self.flush().await?;
                stored = Some(Instant::now());
            }
        }
        let finish = answer.finish.unwrap_or(Finish::Stop);
        self.keep_answer(answer, finish).await
    }

    /// Asks, and stores what is pending while the provider works. It may think, and be asked again, for longer than a lease.
    async fn open(&mut self, request: &ChatRequest, renewals: &mut Interval) -> Result<ModelStream, Stop> {
        let (s, on, cancel) = (self.s, self.on.clone(), Arc::clone(&self.cancel));
        let mut opening = pin!(async {
            tokio::select! {
                stream = on.stream(s, request) => stream.map_err(Stop::from),
                () = cancel.notified() => Err(Stop::Cancelled),
            }
        });
        let mut opened = None;
        {
            // What is pending is stored whole, however soon the provider answers.
            let mut flushing = pin!(self.flush());
            loop {
                tokio::select! {
                    flushed = &mut flushing => break flushed?,
                    stream = &mut opening, if opened.is_none() => opened = Some(stream),
                }
            }
        }
        loop {
            if let Some(stream) = opened {
                return stream;
            }
            tokio::select! {
                stream = &mut opening => opened = Some(stream),
                _ = renewals.tick() => self.renew().await?,
            }
        }
    }

    async fn keep_answer(&mut self, answer: Answer, finish: Finish) -> Result<Flow, Stop> {
        let usage = answer.usage;
        let mut data = usage.metrics();
        data["model"] = json!(answer.model);
        data["time_to_first_token"] = json!(answer.first_token.map(|d| d.as_secs_f64()));
        self.pending.push(EventDraft::new("ModelRequestCompleted", data));
        let calls = !answer.calls.is_empty();
        let text = answer.text.clone();
        let making = answer.layout.matters().then(|| Making {
            provider: self.on.provider.id,
            model: self.model.clone(),
            layout: answer.layout.clone(),
        });
        let content = answer.step(finish);
        if !calls {
            return self.complete(Some((content, making)), text).await;
        }
        let mut tx = self.begin().await?;
        let provider = self.on.provider.name.clone();
        let what = Write {
            step: Some(NewStep {
                position: self.position(),
                content: &content,
                approval: None,
                making: making.as_ref(),
            }),
            used: used(&provider, &content),
            ..Write::default()
        };
        let events = self.put(&mut tx, what).await?;
        crash::point("model.before_step");
        tx.commit().await?;
        crash::point("model.after_step");
        self.publish(events);
        self.remember(content, None, making);
        Ok(Flow::On)
    }

    /// The answer broke off: what came is kept for the reader, and what it cost.
    async fn broken(&mut self, answer: Answer, stop: Stop) -> Result<Flow, Stop> {
        self.flush().await?;
        if !answer.text.is_empty() || answer.usage != Usage::default() {
            let mut tx = self.begin().await?;
            store::set_result(
                &mut tx,
                self.id,
                Some(answer.text.as_str()).filter(|text| !text.is_empty()),
                None,
                Some((&self.on.provider.name, &answer.model)),
                answer.usage,
            )
            .await?;
            tx.commit().await?;
        }
        Err(stop)
    }
}
