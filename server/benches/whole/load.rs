//! Callers that ask again as soon as they were answered (closed loop), and one run as they see it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;

use crate::support::process::World;

/// The event of the first words.
const CONTENT: &[u8] = b"event: RunContent\n";
/// The event of a run that ended well.
const COMPLETED: &[u8] = b"event: RunCompleted\n";

/// When what came of one run, from the moment it was asked for.
pub(crate) struct Seen {
    pub(crate) first_byte: Duration,
    pub(crate) first_content: Duration,
    pub(crate) whole: Duration,
}

/// Does `ask` `count` times, `at_once` at a time; answers what each saw (`None`: it went wrong) and how long all took.
pub(crate) async fn repeat<T>(
    at_once: usize,
    count: usize,
    ask: impl AsyncFn(usize) -> Option<T>,
) -> (Vec<Option<T>>, Duration) {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let callers = (0..at_once).map(async |_| {
        let mut seen = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return seen;
            }
            seen.push(ask(n).await);
        }
    });
    let seen = join_all(callers).await.into_iter().flatten().collect();
    (seen, began.elapsed())
}

/// One run, in a conversation of its own.
pub(crate) async fn run(world: &World, client: &reqwest::Client, n: usize) -> Option<Seen> {
    let message = format!("hello {n}");
    let url = world.url(&format!("/agents/{}/runs", world.agent));
    let began = Instant::now();
    let form = [("message", message.as_str()), ("stream", "true")];
    let sending = client.post(url).header("cookie", &world.cookie).form(&form).send();
    let mut reply = sending.await.ok()?.error_for_status().ok()?;
    let mut text = Vec::new();
    let (mut first_byte, mut first_content) = (None, None);
    while let Some(bytes) = reply.chunk().await.ok()? {
        first_byte.get_or_insert_with(|| began.elapsed());
        text.extend_from_slice(&bytes);
        if first_content.is_none() && has(&text, CONTENT) {
            first_content = Some(began.elapsed());
        }
    }
    let whole = began.elapsed();
    has(&text, COMPLETED).then_some(())?;
    Some(Seen { first_byte: first_byte?, first_content: first_content?, whole })
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
