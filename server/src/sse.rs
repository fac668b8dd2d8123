//! Server-sent events: how frames are written and how a stream is answered.

use std::{convert::Infallible, fmt::Display, io::Write, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::Serialize;

/// How long nothing is sent before a comment shows that the connection stands.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// The comment.
pub(crate) const BEAT: Bytes = Bytes::from_static(b": still here\n\n");

/// Answers with a stream of frames. Nothing between here and the browser is to keep them back.
pub(crate) fn reply(frames: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(frames.map(Ok::<_, Infallible>))).into_response()
}

/// Tells an `EventSource` not to come again.
pub(crate) fn nothing_more() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Frames of one write.
#[derive(Default)]
pub(crate) struct Frames(Vec<u8>);

impl Frames {
    /// Adds a frame. JSON has no line breaks of its own, so one `data:` line is enough.
    pub(crate) fn push(
        &mut self,
        event: &str,
        data: &impl Serialize,
        id: Option<impl Display>,
    ) -> serde_json::Result<()> {
        let start = self.0.len();
        self.0.extend_from_slice(b"event: ");
        self.0.extend_from_slice(event.as_bytes());
        self.0.extend_from_slice(b"\ndata: ");
        if let Err(error) = serde_json::to_writer(&mut self.0, data) {
            self.0.truncate(start);
            return Err(error);
        }
        if let Some(id) = id {
            write!(self.0, "\nid: {id}").map_err(serde_json::Error::io)?;
        }
        self.0.extend_from_slice(b"\n\n");
        Ok(())
    }

    /// What is to be written.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_line_of_data_whatever_is_in_it() -> serde_json::Result<()> {
        let mut frames = Frames::default();
        frames.push("RunContent", &serde_json::json!({ "content": "a\nb\r\n" }), Some(7))?;
        frames.push("hello", &1, None::<i64>)?;
        assert_eq!(
            frames.into_bytes(),
            "event: RunContent\ndata: {\"content\":\"a\\nb\\r\\n\"}\nid: 7\n\nevent: hello\ndata: 1\n\n"
        );
        Ok(())
    }
}
