//! Many readers at once whose connections break all the time, as they do: every one of them hears of every event once.
//!
//! `STREAM_SEED` chooses where they break.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::plan::{Plan, setting};
use crate::support::{Caller, Reply, TestApp};

/// How many read.
const READERS: usize = 500;
/// What happens while they do.
const EVENTS: i64 = 12;
/// How many bytes a connection lives for, at least and at most: often too few for what comes at once, and as a rule not a
/// whole number of frames.
const BYTES: (usize, usize) = (150, 1_800);
/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser's `EventSource`, as far as it matters here.
struct Reader {
    user: Caller,
    path: Arc<str>,
    plan: Plan,
    last: Option<i64>,
    heard: Vec<(i64, String)>,
    broken: usize,
}

impl Reader {
    /// Reads until the event of this number has come, over as many connections as it takes.
    async fn read_until(mut self, end: i64) -> Self {
        while self.last.is_none_or(|last| last < end) {
            let mut request = self.user.request(Method::GET, &self.path);
            if let Some(last) = self.last {
                request = request.header("last-event-id", last);
            }
            let Ok(mut response) = request.send().await else { continue };
            assert_eq!(response.status().as_u16(), 200);
            let (least, most) = BYTES;
            let mut left = least + self.plan.next(most - least);
            let mut unread = Vec::new();
            while left > 0 && self.last.is_none_or(|last| last < end) {
                let Ok(Some(chunk)) = response.chunk().await else { break };
                let got = chunk.len().min(left);
                left -= got;
                unread.extend_from_slice(&chunk[..got]);
                self.take(&mut unread);
            }
            // What has come of a frame that is not whole is lost with the connection.
            self.broken += 1;
        }
        self
    }

    /// The whole frames of what was read.
    fn take(&mut self, unread: &mut Vec<u8>) {
        while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
            let frame: Vec<u8> = unread.drain(..end + 2).collect();
            let frame = String::from_utf8(frame).expect("text");
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
            if let Some(id) = field("id: ") {
                self.last = Some(id.parse().expect("a number"));
            }
            if field("event: ") == Some("event") {
                let event: Value = serde_json::from_str(field("data: ").expect("data")).expect("JSON");
                self.heard.push((event["seq"].as_i64().unwrap(), event["id"].as_str().unwrap().to_owned()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_readers_with_broken_connections_miss_nothing_and_hear_nothing_twice() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let begin = ada.get("/api/events?limit=200").await.expect(200).body["meta"]["nextCursor"].as_i64().unwrap();
    let end = begin + EVENTS;
    let path: Arc<str> = format!("/api/stream?cursor={begin}").into();
    let seed = setting("STREAM_SEED", 1);
    let readers = (0..READERS).map(|number| {
        let plan = Plan(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let reader = Reader { user: ada.clone(), path: path.clone(), plan, last: None, heard: Vec::new(), broken: 0 };
        tokio::spawn(reader.read_until(end))
    });
    let readers: Vec<_> = readers.collect();
    let here = format!("/api/workspaces/{}", ada.workspace());
    let mut plan = Plan(seed);
    for n in 0..EVENTS {
        sleep(Duration::from_millis(plan.next(300) as u64)).await;
        Reply::of(ada.request(Method::PATCH, &here).json(&json!({ "name": format!("Name {n}") }))).await.expect(200);
    }
    let all = ada.get(&format!("/api/events?after={begin}")).await.expect(200).body["data"].clone();
    let all: Vec<(i64, String)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["seq"].as_i64().unwrap(), event["id"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(all.len() as i64, EVENTS);
    let until = Instant::now() + PATIENCE;
    let readers = tokio::time::timeout_at(until, join_all(readers)).await.expect("every reader comes to the end");
    let mut broken = 0;
    for (number, reader) in readers.into_iter().enumerate() {
        let reader = reader.expect("a reader that did not fail");
        assert_eq!(reader.heard, all, "reader {number} heard something else; STREAM_SEED={seed}");
        broken += reader.broken;
    }
    assert!(broken > 2 * READERS, "only {broken} connections broke, so nothing was shown");
}
