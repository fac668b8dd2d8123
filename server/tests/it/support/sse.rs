//! Reading a stream of server-sent events.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

/// Nothing in these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
pub(crate) struct Sse {
    pub(crate) response: Response,
    unread: String,
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) data: Value,
    pub(crate) id: Option<i64>,
}

impl Sse {
    pub(crate) fn of(response: Response) -> Self {
        Self { response, unread: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.unread.split_once("\n\n") {
                let (frame, rest) = (Frame::parse(frame), rest.to_owned());
                self.unread = rest;
                match frame {
                    Some(frame) => return Some(frame),
                    None => continue,
                }
            }
            let chunk =
                timeout(PATIENCE, self.response.chunk()).await.expect("something on the stream").ok().flatten()?;
            self.unread.push_str(str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The next event of that name.
    pub(crate) async fn next_of(&mut self, name: &str) -> Frame {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if frame.event == name {
                return frame;
            }
        }
    }

    /// Everything until the stream ends.
    pub(crate) async fn rest(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

impl Frame {
    /// `None` for a comment.
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        Some(Self {
            event: field("event: ")?.to_owned(),
            data: serde_json::from_str(field("data: ")?).expect("JSON in data"),
            id: field("id: ").and_then(|id| id.parse().ok()),
        })
    }
}
