//! Every provider streams server-sent events; what stands in their data is its own.

use super::{Decoder, FailureKind, Fault, ModelEvent, sse};

/// Reads the data of one format's events.
pub(super) trait Format: Send {
    /// Reads the data of the next event.
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<(), Fault>;

    /// Whether the answer is complete; then what follows is not read.
    fn is_complete(&self) -> bool;

    /// The stream has ended without saying so: completes an answer that had said why it finished.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault>;

    /// What the provider calls the answer, once it has said so.
    fn response_id(&self) -> Option<&str>;
}

/// An id as providers send it. One that is no text is none: nothing depends on it.
pub(super) fn id_of(sent: Option<serde_json::Value>) -> Option<String> {
    match sent {
        Some(serde_json::Value::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    }
}

/// Cuts a stream of bytes into events for a format.
#[derive(Default)]
pub(super) struct Streamed<F> {
    sse: sse::Reader,
    format: F,
}

impl<F> Streamed<F> {
    /// For a format that has to know more than its events say.
    pub(super) fn of(format: F) -> Self {
        Self { sse: sse::Reader::default(), format }
    }
}

impl<F: Format> Decoder for Streamed<F> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if self.format.is_complete() {
            return Ok(());
        }
        self.sse.push(bytes);
        while !self.format.is_complete()
            && let Some(event) = self.sse.next_event().map_err(|_| FailureKind::BadReply)?
        {
            self.format.read(&event.data, out)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<ModelEvent>) -> Result<(), Fault> {
        if let Some(cut_off) = self.sse.finish().filter(|_| !self.format.is_complete()) {
            self.format.read(&cut_off.data, out)?;
        }
        if self.format.is_complete() { Ok(()) } else { self.format.end(out) }
    }

    fn response_id(&self) -> Option<&str> {
        self.format.response_id()
    }
}

/// Reads a stream of these events from its beginning to its end.
#[cfg(test)]
pub(super) fn read_all<F: Format + Default>(
    events: impl IntoIterator<Item = String>,
) -> (Vec<ModelEvent>, Result<(), FailureKind>) {
    let stream: Vec<_> = events.into_iter().map(|data| ["event: x\ndata: ", &data, "\n\n"].concat()).collect();
    let (mut decoder, mut out) = (Streamed::<F>::default(), Vec::new());
    let ended = decoder.push(stream.concat().as_bytes(), &mut out).and_then(|()| decoder.end(&mut out));
    (out, ended.map_err(|fault| fault.kind))
}
