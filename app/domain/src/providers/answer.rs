//! A model's answer while it streams, over the network or from the sandbox.

use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout};

use super::{
    ChatRequest, Decoder, Failure, FailureKind, Fault, ModelEvent, Seal,
    sandbox::Performance,
    sender::{self, Patience, Voice},
    telemetry::CallSpan,
    turnstile::Pass,
};

/// The most bytes of one answer: a server that never ends must not fill the database.
const MAX_ANSWER: usize = 64 << 20;

/// The most tokens, or micro-dollars, that are believed of one answer.
const MAX_COUNT: u64 = 1 << 40;

/// The most characters of a model's name, which stands in lists of runs and of what they cost.
const MAX_NAME: usize = 200;

/// A streamed answer.
pub struct ModelStream {
    source: Source,
    watch: Option<CallSpan>,
    #[expect(dead_code, reason = "whoever waits for the same key is let in when it is dropped")]
    pass: Option<Pass>,
}

enum Source {
    Http(Box<HttpAnswer>),
    Sandbox(Performance),
}

struct HttpAnswer {
    response: Response,
    decoder: Box<dyn Decoder>,
    voice: Voice,
    patience: Patience,
    received: usize,
    /// When it said something last.
    said: Instant,
    /// What comes after the events that were given out last.
    failure: Option<Failure>,
    ended: bool,
}

impl ModelStream {
    pub(super) fn http(response: Response, decoder: Box<dyn Decoder>, voice: Voice, patience: Patience) -> Self {
        let (received, said) = (0, Instant::now());
        let answer = HttpAnswer { response, decoder, voice, patience, received, said, failure: None, ended: false };
        Self { source: Source::Http(Box::new(answer)), watch: None, pass: None }
    }

    /// The sandbox's answer, with a pause of `pace` between two pieces of its text.
    pub fn sandbox(request: &ChatRequest, pace: Duration) -> Self {
        Self { source: Source::Sandbox(Performance::new(request, pace)), watch: None, pass: None }
    }

    /// The same, which others of its key wait for until it is dropped.
    pub(super) fn let_in_by(self, pass: Option<Pass>) -> Self {
        Self { pass, ..self }
    }

    /// The same, of which a span keeps account.
    pub(super) fn watched_by(self, span: CallSpan) -> Self {
        Self { watch: Some(span), ..self }
    }

    /// The next events, at once as many as have arrived; never an empty list. `None` after [`ModelEvent::Finish`], which is
    /// the last event of a complete answer. A failure comes after the events that were read before it, and ends the answer.
    ///
    /// May be dropped while it waits, and called again: nothing is lost.
    pub async fn next(&mut self) -> Result<Option<Vec<ModelEvent>>, Failure> {
        let next = match &mut self.source {
            Source::Http(answer) => answer.next().await,
            Source::Sandbox(performance) => Ok(performance.next().await),
        };
        if let Some(span) = &mut self.watch {
            if let Source::Http(answer) = &self.source {
                span.identify(answer.decoder.response_id());
            }
            span.saw(&next);
        }
        next
    }
}

impl HttpAnswer {
    async fn next(&mut self) -> Result<Option<Vec<ModelEvent>>, Failure> {
        let mut events = Vec::new();
        while events.is_empty() && !self.ended {
            if let Err(fault) = self.read(&mut events).await {
                self.ended = true;
                self.failure = Some(self.voice.failure(fault));
            }
        }
        if events.is_empty() { self.failure.take().map_or(Ok(None), Err) } else { Ok(Some(events)) }
    }

    /// Reads one piece of the body.
    async fn read(&mut self, events: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let read = self.read_raw(events).await;
        events.iter_mut().for_each(storable);
        read
    }

    async fn read_raw(&mut self, events: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let silence = if self.received == 0 { self.patience.first_byte } else { self.patience.idle };
        let wait = silence.min(self.patience.progress.saturating_sub(self.said.elapsed()));
        let broken = match timeout(wait, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len();
                if self.received > MAX_ANSWER {
                    return Err(FailureKind::BadReply.into());
                }
                let read = self.decoder.push(&bytes, events);
                if !events.is_empty() {
                    self.said = Instant::now();
                }
                self.ended = matches!(events.last(), Some(ModelEvent::Finish(_)));
                return read;
            }
            Ok(Ok(None)) => FailureKind::BadReply,
            Ok(Err(cause)) => sender::kind_of(cause),
            Err(_) => FailureKind::Stalled,
        };
        // However the stream ended: an answer that had said why it finished is complete.
        self.ended = true;
        self.decoder
            .end(events)
            .map_err(|fault| if fault.kind == FailureKind::BadReply { broken.into() } else { fault })
    }
}

/// What PostgreSQL cannot store, a NUL in a text or a count beyond measure, must not be able to break a run; nor a name without an end
/// a list.
fn storable(event: &mut ModelEvent) {
    let clean = |text: &mut String| {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    };
    match event {
        ModelEvent::Text(text) | ModelEvent::Reasoning(text) => clean(text),
        ModelEvent::Model(name) => {
            clean(name);
            if let Some((end, _)) = name.char_indices().nth(MAX_NAME) {
                name.truncate(end);
            }
        }
        ModelEvent::ToolCallStart { id, name, .. } => {
            clean(id);
            clean(name);
        }
        ModelEvent::ToolCallArguments { delta, .. } => clean(delta),
        ModelEvent::PartEnd(seal) => {
            // A seal that is not what it was is worth nothing.
            seal.take_if(|Seal(json)| json.to_string().contains("\\u0000"));
        }
        ModelEvent::Usage(usage) => *usage = usage.within(MAX_COUNT),
        ModelEvent::Finish(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_can_be_stored_and_listed() {
        let stored = |mut event: ModelEvent| {
            storable(&mut event);
            event
        };
        assert_eq!(stored(ModelEvent::Text("a\0b".into())), ModelEvent::Text("a\u{fffd}b".into()));
        assert_eq!(stored(ModelEvent::Model("ä".repeat(MAX_NAME))), ModelEvent::Model("ä".repeat(MAX_NAME)));
        assert_eq!(stored(ModelEvent::Model("ä".repeat(9_000))), ModelEvent::Model("ä".repeat(MAX_NAME)));
    }
}
