//! Asking the model: its words are stored before anyone sees them, in batches of at most 20 ms, and the whole answer is
//! one step.

use std::{
    borrow::Cow,
    mem,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout};

use super::{Driver, Flow, Stop, answer::Answer, ends::Last};
use crate::{
    agents::{
        Hop, Making,
        driver_store::{EventDraft, NewStep, Write},
        history::{self, Asked},
    },
    crash,
    ids::UserId,
    providers::{
        ChatRequest, Failure, FailureKind, Finish, Message, ModelStream, Pass, Usage, is_same_model,
        route::Choice,
        telemetry::{self, CallSpan},
    },
    usage::ledger::{Call, Ended, Entry, Outcome},
};

/// How long words are gathered before they are stored together.
const GATHER: Duration = Duration::from_millis(20);
/// Why there is no complete answer.
enum Interrupted {
    /// The provider failed.
    ByProvider(Failure),
    /// The run stops.
    By(Stop),
}

impl From<Stop> for Interrupted {
    fn from(stop: Stop) -> Self {
        Self::By(stop)
    }
}

impl Driver<'_> {
    /// One answer, of whoever gives one. Without calls it is the run's answer, and the run completes in the same transaction.
    pub(super) async fn ask_model(&mut self) -> Result<Flow, Stop> {
        let asking = self.asking()?;
        let mut hops = Vec::new();
        loop {
            let mut request = self.request();
            let (on, model) = (self.on().provider.clone(), self.choice().model.clone());
            let mut call = Call::begin(asking, &on, &model, hops.len());
            if self.limited
                && let Err(refused) = call.hold(self.s, &self.actor, &self.route.terms, &on, &mut request).await?
            {
                return Err(refused.into());
            }
            let mut answer = Answer::new(history::call_ids(&self.earlier, &self.steps));
            answer.is_held = self.output.is_some();
            match self.ask(&call, &request, &mut answer).await {
                Ok(finish) => return self.keep_answer(&call, answer, finish, hops).await,
                Err(Interrupted::ByProvider(failure)) if answer.is_silent() => {
                    self.ask_elsewhere(&call, &answer, failure, &mut hops).await?;
                }
                Err(Interrupted::ByProvider(failure)) => {
                    let entry = self.entry(&call, &answer, Outcome::Broken, Some(failure.kind));
                    return self.broken(answer, &entry, failure.into()).await;
                }
                Err(Interrupted::By(stop)) => {
                    // While it waited for its turn, nobody was asked.
                    let sent = answer.sent.load(Ordering::Relaxed);
                    let outcome = if sent { Outcome::Broken } else { Outcome::Failed };
                    let entry = self.entry(&call, &answer, outcome, None);
                    return self.broken(answer, &entry, stop).await;
                }
            }
        }
    }

    /// What the one whose turn it is is asked. What others have sealed is not for it.
    fn request(&self) -> ChatRequest {
        let choice = self.choice();
        let asked = Asked { provider: choice.on.provider.id, model: &choice.model, since: choice.on.seals_since };
        let (told, output) = (self.told().into_owned(), self.output.as_ref());
        history::request(&self.agent, asked, &choice.or_models, told, &self.steps, output)
    }

    /// What was said before this run, as the one whose turn it is may read it.
    fn told(&self) -> Cow<'_, [Message]> {
        if self.at == 0 { Cow::Borrowed(&self.earlier) } else { Cow::Owned(history::unsealed(&self.earlier)) }
    }

    fn entry(&self, call: &Call, answer: &Answer, outcome: Outcome, failure: Option<FailureKind>) -> Entry {
        let ended = Ended {
            outcome,
            failure,
            served: answer.served.as_deref(),
            usage: answer.usage,
            written: answer.written(),
            first_token_ms: answer.first_token_ms(),
        };
        call.ended(&self.route.terms, &self.on().provider, &ended)
    }

    /// Reads an answer to its end; its words are stored as they come.
    async fn ask(&mut self, call: &Call, request: &ChatRequest, answer: &mut Answer) -> Result<Finish, Interrupted> {
        let mut renewals = interval_at((Instant::now() + self.renewal()).into(), self.renewal());
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let opened = self.open(call, request, &mut renewals, answer).await?;
        let mut stream = opened.map_err(Interrupted::ByProvider)?;
        answer.accepted = true;
        let cancel = Arc::clone(&self.cancel);
        let (mut stored, mut spoken) = (Instant::now(), false);
        while answer.finish.is_none() {
            let due = (!self.pending.is_empty()).then(|| stored + GATHER);
            tokio::select! {
                biased;
                () = cancel.notified() => return Err(Stop::Cancelled.into()),
                next = stream.next() => match next.map_err(Interrupted::ByProvider)? {
                    Some(events) => answer.take(events, &mut self.pending),
                    None => break,
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {}
                _ = renewals.tick() => self.renew().await?,
            }
            if answer.too_long() {
                return Err(Interrupted::ByProvider(self.failure(FailureKind::BadReply)));
            }
            // The first words are shown at once.
            let first = !spoken && answer.speaks();
            if answer.finish.is_none() && !self.pending.is_empty() && (first || stored.elapsed() >= GATHER) {
                self.flush().await?;
                if first {
                    crash::point("model.first_batch");
                }
                spoken |= first;
                stored = Instant::now();
            }
        }
        let finish = answer.finish.unwrap_or(Finish::Stop);
        let cut_off = match finish {
            Finish::Length => Some(FailureKind::BadReply),
            Finish::ContentFilter => Some(FailureKind::Refused),
            Finish::Stop | Finish::ToolCalls => None,
        };
        // The last of its calls may not be whole, and looks as if it were.
        match cut_off.filter(|_| !answer.calls.is_empty()) {
            Some(kind) => Err(Interrupted::ByProvider(self.failure(kind))),
            None => Ok(finish),
        }
    }

    fn failure(&self, kind: FailureKind) -> Failure {
        Failure { kind, provider: self.on().provider.name.clone(), status: None, retry_after: None, said: None }
    }

    /// What is told of a call that begins: enough to write it down, should its server die.
    fn begun(&self, call: &Call) -> EventDraft {
        let on = &self.on().provider;
        let data = json!({
            "model": self.choice().model,
            "model_provider": on.name,
            "model_provider_kind": on.provider.as_str(),
            "model_provider_id": on.id,
            "model_request_id": call.id(),
        });
        EventDraft::new("ModelRequestStarted", data)
    }

    /// Waits until the key allows a call. Where that takes a while, what is pending is stored, and the lease renewed.
    async fn wait_in_line(
        &mut self,
        choice: &Choice,
        user: UserId,
        renewals: &mut Interval,
    ) -> Result<Option<Pass>, Stop> {
        let (s, cancel) = (self.s, Arc::clone(&self.cancel));
        let mut turn = pin!(async {
            tokio::select! {
                pass = choice.on.turn(s, user) => Ok(pass),
                () = cancel.notified() => Err(Stop::Cancelled),
            }
        });
        if let Some(pass) = turn.as_mut().now_or_never() {
            return pass;
        }
        self.flush().await?;
        loop {
            tokio::select! {
                pass = &mut turn => return pass,
                _ = renewals.tick() => self.renew().await?,
            }
        }
    }

    /// Asks, and stores what is pending while the provider works. It may think, and be asked again, for longer than a lease.
    async fn open(
        &mut self,
        call: &Call,
        request: &ChatRequest,
        renewals: &mut Interval,
        answer: &Answer,
    ) -> Result<Result<ModelStream, Failure>, Stop> {
        let user = self.asking()?.user;
        let (s, choice, cancel) = (self.s, self.choice().clone(), Arc::clone(&self.cancel));
        let span = CallSpan::begin(&telemetry::Call {
            provider: choice.on.provider.provider,
            model: &choice.model,
            work: self.work(),
            within: Some(&self.span),
            content: self.route.openness.content_in_traces.then_some(request),
        });
        let pass = self.wait_in_line(&choice, user, renewals).await?;
        let quiet = self.pending.is_empty();
        self.pending.push(self.begun(call));
        answer.sent.store(true, Ordering::Relaxed);
        let mut opening = pin!(async {
            tokio::select! {
                stream = span.around(choice.on.stream(s, user, pass, request)) => Ok(stream),
                () = cancel.notified() => Err(Stop::Cancelled),
            }
        });
        // Whoever answers at once is told of together with the first words.
        let mut opened = if quiet { timeout(GATHER, opening.as_mut()).await.ok() } else { None };
        if !quiet || opened.is_none() {
            // What is pending is stored whole, however soon the provider answers, and before it has thought for long.
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

    /// No answer came: the next one is asked, if there is one that may know better.
    async fn ask_elsewhere(
        &mut self,
        call: &Call,
        answer: &Answer,
        failure: Failure,
        hops: &mut Vec<Hop>,
    ) -> Result<(), Stop> {
        let outcome = if answer.was_free(&failure) { Outcome::Failed } else { Outcome::Broken };
        let entry = self.entry(call, answer, outcome, Some(failure.kind));
        let next = (failure.kind.is_of_the_provider() && self.at + 1 < self.choices.len()).then_some(self.at + 1);
        if let Some(choice) = next.map(|next| &self.choices[next]) {
            let (provider, model) = (&choice.on.provider.name, &choice.model);
            let note = json!({
                "type": "provider_fallback",
                "content": format!("{failure} {model} of {provider} is asked instead."),
                "error_type": failure.kind,
                "model": model,
                "model_provider": provider,
            });
            self.pending.push(EventDraft::new("CustomEvent", note));
        }
        let mut tx = self.begin().await?;
        let events = self.put(&mut tx, Write { call: Some(&entry), ..Write::default() }).await?;
        tx.commit().await?;
        self.publish(events);
        let Some(next) = next else {
            let before: Vec<String> = mem::take(hops).into_iter().map(|hop| hop.message).collect();
            return Err(match Stop::from(failure) {
                Stop::Failed(mut failure) if !before.is_empty() => {
                    failure.message = format!("{} {}", before.join(" "), failure.message);
                    Stop::Failed(failure)
                }
                stop => stop,
            });
        };
        hops.push(Hop {
            provider: self.on().provider.name.clone(),
            model: self.choice().model.clone(),
            failure: failure.kind.as_str().to_owned(),
            message: failure.to_string(),
        });
        self.at = next;
        Ok(())
    }

    async fn keep_answer(&mut self, call: &Call, answer: Answer, finish: Finish, hops: Vec<Hop>) -> Result<Flow, Stop> {
        let entry = self.entry(call, &answer, Outcome::Answered, None);
        let usage = Usage { cost_micros: entry.cost_micros.map(i64::unsigned_abs), ..answer.usage };
        let asked = self.choice().model.clone();
        let mut data = usage.metrics();
        data["model"] = json!(answer.served.as_ref().unwrap_or(&asked));
        data["time_to_first_token"] = json!(answer.first_token.map(|d| d.as_secs_f64()));
        self.show(&answer);
        self.pending.push(EventDraft::new("ModelRequestCompleted", data));
        let is_last = answer.calls.is_empty() && self.fits(&answer.text);
        let text = answer.text.clone();
        // What does not have the form that was asked for is kept, should nothing better come.
        let kept = answer.calls.is_empty().then_some(text.as_str()).filter(|text| !text.is_empty());
        let making = self.making(&answer);
        let content = answer.step(finish, &asked, usage, hops);
        if is_last {
            return self.complete(Some(Last { content, making, call: entry }), text).await;
        }
        let mut tx = self.begin().await?;
        let what = Write {
            step: Some(NewStep {
                position: self.position(),
                content: &content,
                approval: None,
                making: making.as_ref(),
            }),
            output: kept,
            call: Some(&entry),
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

    /// How an answer was made, where its provider wants more of it back than is shown. What a model has sealed to which the provider
    /// fell through by itself is not for the one that is asked next time.
    fn making(&self, answer: &Answer) -> Option<Making> {
        let Choice { on, model, or_models } = self.choice();
        let theirs = or_models.is_empty() || answer.served.as_deref().is_none_or(|served| is_same_model(model, served));
        (theirs && answer.layout.matters()).then(|| Making {
            provider: on.provider.id,
            model: model.clone(),
            before: history::fingerprint(&self.agent, &self.told()),
            layout: answer.layout.clone(),
        })
    }

    /// The answer broke off: what came is kept for the reader, and what it cost.
    async fn broken(&mut self, answer: Answer, entry: &Entry, stop: Stop) -> Result<Flow, Stop> {
        self.show_words(&answer.text);
        let what = Write {
            output: Some(answer.text.as_str()).filter(|text| !text.is_empty()),
            call: Some(entry),
            ..Write::default()
        };
        let mut tx = self.begin().await?;
        let events = self.put(&mut tx, what).await?;
        tx.commit().await?;
        self.publish(events);
        Err(stop)
    }
}
