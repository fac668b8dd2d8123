//! A model's answer while it streams, over the network or from the sandbox.

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use super::{
    ChatRequest, Decoder, Failure, FailureKind, Fault, ModelEvent, Seal,
    sandbox::Performance,
    sender::{self, Patience, Voice},
};

/// The most bytes of one answer: a server that never ends must not fill the database.
const MAX_ANSWER: usize = 64 << 20;

/// A streamed answer.
pub struct ModelStream(Source);

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
    /// What comes after the events that were given out last.
    failure: Option<Failure>,
    ended: bool,
}

impl ModelStream {
    pub(super) fn http(response: Response, decoder: Box<dyn Decoder>, voice: Voice, patience: Patience) -> Self {
        Self(Source::Http(Box::new(HttpAnswer {
            response,
            decoder,
            voice,
            patience,
            received: 0,
            failure: None,
            ended: false,
        })))
    }

    /// The sandbox's answer, with a pause of `pace` between two pieces of its text.
    pub fn sandbox(request: &ChatRequest, pace: Duration) -> Self {
        Self(Source::Sandbox(Performance::new(request, pace)))
    }

    /// The next events, at once as many as have arrived; never an empty list. `None` after [`ModelEvent::Finish`], which is
    /// the last event of a complete answer. A failure comes after the events that were read before it, and ends the answer.
    ///
    /// May be dropped while it waits, and called again: nothing is lost.
    pub async fn next(&mut self) -> Result<Option<Vec<ModelEvent>>, Failure> {
        match &mut self.0 {
            Source::Http(answer) => answer.next().await,
            Source::Sandbox(performance) => Ok(performance.next().await),
        }
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
        events.iter_mut().for_each(without_nul);
        read
    }

    async fn read_raw(&mut self, events: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        let wait = if self.received == 0 { self.patience.first_byte } else { self.patience.idle };
        let broken = match timeout(wait, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len();
                if self.received > MAX_ANSWER {
                    return Err(FailureKind::BadReply.into());
                }
                let read = self.decoder.push(&bytes, events);
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

/// PostgreSQL stores no NUL in text, so a model that writes one must not be able to break its run.
fn without_nul(event: &mut ModelEvent) {
    let clean = |text: &mut String| {
        if text.contains('\0') {
            *text = text.replace('\0', "\u{fffd}");
        }
    };
    match event {
        ModelEvent::Model(text) | ModelEvent::Text(text) | ModelEvent::Reasoning(text) => clean(text),
        ModelEvent::ToolCallStart { id, name, .. } => {
            clean(id);
            clean(name);
        }
        ModelEvent::ToolCallArguments { delta, .. } => clean(delta),
        ModelEvent::PartEnd(seal) => {
            // A seal that is not what it was is worth nothing.
            seal.take_if(|Seal(json)| json.to_string().contains("\\u0000"));
        }
        ModelEvent::Usage(_) | ModelEvent::Finish(_) => {}
    }
}
