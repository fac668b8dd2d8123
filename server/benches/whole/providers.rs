//! What HYVVE adds to a call of a model: its adapter and its sender, in this process, against a client that only reads bytes.
//! The provider is a process of its own, so that what it needs is not counted as ours.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures::future::join_all;
use hyvve_domain::{
    ids::{ProviderId, WorkspaceId},
    outward::Outward,
    providers::{
        BaseUrl, ChatRequest, Endpoint, Finish, Kind, Message, ModelEvent,
        sender::{self, Patience},
    },
    seal::Sealer,
};
use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    load,
    probe::{probe, processor_of},
    provider::{PIECES, QUICK},
    report::{Report, Times},
};

/// Calls at once, and how many of them are measured each time.
const LOADS: [(usize, usize); 3] = [(1, 1_000), (16, 4_000), (64, 8_000)];
/// How often direct calls and HYVVE's alternate: a machine that changes meanwhile changes for both.
const ROUNDS: usize = 4;
/// Calls before the first that counts: connections are made.
const WARM_UP: usize = 500;
/// Calls that begin at fixed times, so many a second, whether or not the ones before have ended.
const PACED: u32 = 200;
/// For how long.
const PACED_SECONDS: u32 = 5;
/// Sealings, and openings.
const SEALINGS: u32 = 100_000;

/// How one and the same question is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a client that reads the stream and understands nothing of it.
    Stream,
    /// By a client that gets the answer in one piece. HYVVE does not ask so: it always streams.
    Whole,
    /// By HYVVE: the request translated, the stream read as events.
    Hyvve,
}

struct Caller {
    direct: Client,
    outward: Outward,
    endpoint: Endpoint,
    request: ChatRequest,
}

impl Caller {
    fn new(base: &str) -> Self {
        Self {
            direct: Client::builder().no_proxy().build().unwrap(),
            outward: Outward::new("127.0.0.1".parse().unwrap()).unwrap(),
            endpoint: Endpoint {
                base_url: BaseUrl::parse(base).unwrap(),
                key: Some(SecretString::from("not-a-secret")),
            },
            request: ChatRequest {
                model: QUICK.to_owned(),
                system: "You answer at once.".to_owned(),
                messages: vec![Message::user("hello")],
                ..ChatRequest::default()
            },
        }
    }

    /// How long one call takes from its beginning to the end of its answer; `None`: the answer was not what it should be.
    async fn ask(&self, way: Way) -> Option<Duration> {
        let began = Instant::now();
        match way {
            Way::Stream => self.read(true).await?.windows(6).any(|bytes| bytes == b"[DONE]").then_some(())?,
            Way::Whole => {
                let answer: Value = serde_json::from_slice(&self.read(false).await?).ok()?;
                answer["choices"][0]["message"]["content"].as_str()?;
            }
            Way::Hyvve => self.translated().await?,
        }
        Some(began.elapsed())
    }

    async fn read(&self, stream: bool) -> Option<Vec<u8>> {
        let messages =
            json!([{ "role": "system", "content": self.request.system }, { "role": "user", "content": "hello" }]);
        let body = json!({ "model": QUICK, "stream": stream, "messages": messages });
        let request = self.direct.post(self.endpoint.base_url.join("chat/completions")).bearer_auth("not-a-secret");
        let mut reply = request.json(&body).send().await.ok()?.error_for_status().ok()?;
        let mut bytes = Vec::new();
        while let Some(more) = reply.chunk().await.ok()? {
            bytes.extend_from_slice(&more);
        }
        Some(bytes)
    }

    async fn translated(&self) -> Option<()> {
        let adapter = Kind::OpenaiCompatible.adapter()?;
        let patience = Patience::of(Duration::from_mins(1));
        let asked = sender::stream(&self.outward, adapter, &self.endpoint, "Bench", &self.request, patience);
        let mut stream = asked.await.ok()?;
        let (mut words, mut finish) = (0, None);
        while let Some(events) = stream.next().await.ok()? {
            for event in events {
                match event {
                    ModelEvent::Text(_) => words += 1,
                    ModelEvent::Finish(reason) => finish = Some(reason),
                    _ => {}
                }
            }
        }
        (finish == Some(Finish::Stop) && words >= PIECES).then_some(())
    }
}

/// What came of many calls.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    failed: usize,
    took: Duration,
    /// Of all cores, for this process alone.
    processor: Duration,
}

impl Seen {
    fn add(&mut self, answers: Vec<Option<Duration>>, took: Duration, processor: Duration) {
        self.failed += answers.iter().filter(|answer| answer.is_none()).count();
        self.times.extend(answers.into_iter().flatten());
        self.took += took;
        self.processor += processor;
    }

    fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    /// Calls that one core has time for in a second.
    fn per_core(&self) -> f64 {
        self.times.len() as f64 / self.processor.as_secs_f64()
    }
}

pub(crate) async fn measure(report: &mut Report) {
    let mut provider = Provider::start();
    let caller = Caller::new(&provider.base);
    for way in [Way::Stream, Way::Whole, Way::Hyvve] {
        load::repeat(64, WARM_UP, async |_| caller.ask(way).await).await;
    }
    for (at_once, count) in LOADS {
        let before = probe();
        let [mut stream, mut whole, mut hyvve] = [Seen::default(), Seen::default(), Seen::default()];
        for _ in 0..ROUNDS {
            for (way, seen) in [(Way::Stream, &mut stream), (Way::Whole, &mut whole), (Way::Hyvve, &mut hyvve)] {
                let worked = own_processor();
                let (answers, took) = load::repeat(at_once, count / ROUNDS, async |_| caller.ask(way).await).await;
                seen.add(answers, took, own_processor().saturating_sub(worked));
            }
        }
        let machine = f64::midpoint(before, probe());
        row(report, "calls", ("at once", at_once as f64), stream, &hyvve, machine);
        row(report, "calls whole", ("at once", at_once as f64), whole, &hyvve, machine);
    }
    let before = probe();
    let [mut stream, mut hyvve] = [Seen::default(), Seen::default()];
    for _ in 0..ROUNDS {
        for (way, seen) in [(Way::Stream, &mut stream), (Way::Hyvve, &mut hyvve)] {
            let (worked, began) = (own_processor(), Instant::now());
            let answers = paced(&caller, way).await;
            seen.add(answers, began.elapsed(), own_processor().saturating_sub(worked));
        }
    }
    row(report, "calls paced", ("a second", PACED.into()), stream, &hyvve, f64::midpoint(before, probe()));
    provider.stop();
    sealing(report);
}

/// Direct calls, HYVVE's, and the difference.
fn row(report: &mut Report, name: &'static str, load: (&'static str, f64), direct: Seen, hyvve: &Seen, machine: f64) {
    let (per_second, per_core) = (direct.per_second(), direct.per_core());
    let failed = direct.failed + hyvve.failed;
    let (alone, ours) = (Times::new(direct.times), Times::new(hyvve.times.clone()));
    let added = |quantile| ours.at(quantile) - alone.at(quantile);
    report.row(
        name,
        &[
            load,
            ("failed", failed as f64),
            ("alone p50", alone.at(0.5)),
            ("alone p99", alone.at(0.99)),
            ("added p50", added(0.5)),
            ("added p99", added(0.99)),
            ("alone/s", per_second),
            ("calls/s", hyvve.per_second()),
            ("alone/s core", per_core),
            ("calls/s core", hyvve.per_core()),
            ("probe", machine),
        ],
    );
}

/// Calls that begin when it is their time.
async fn paced(caller: &Caller, way: Way) -> Vec<Option<Duration>> {
    let began = tokio::time::Instant::now();
    let calls = (0..PACED * PACED_SECONDS).map(async |n| {
        tokio::time::sleep_until(began + Duration::from_secs(n.into()) / PACED).await;
        caller.ask(way).await
    });
    join_all(calls).await
}

/// A provider's key sealed and opened, as it is for every provider that is entered or used: opening opens the workspace's key
/// first.
fn sealing(report: &mut Report) {
    let sealer = Sealer::new([(1, [7_u8; 32].as_slice())]).unwrap();
    let (workspace, provider, purpose) = (WorkspaceId::new(), ProviderId::new(), "api key for https://api.example");
    let secret = SecretString::from("sk-0123456789abcdef0123456789abcdef0123456789abcdef");
    let (key, kept) = sealer.make_data_key(workspace, 1).unwrap();
    let sealed = key.seal(provider, purpose, &secret).unwrap();
    let machine = probe();
    let each = |work: &dyn Fn()| {
        let began = Instant::now();
        (0..SEALINGS).for_each(|_| work());
        began.elapsed().as_secs_f64() * 1e6 / f64::from(SEALINGS)
    };
    let seal = each(&|| drop(key.seal(provider, purpose, &secret).unwrap()));
    let open = each(&|| {
        let key = sealer.open_data_key(workspace, 1, &kept).unwrap();
        drop(key.open(provider, purpose, &sealed).unwrap());
    });
    report.row("keys", &[("seal µs", seal), ("open µs", open), ("probe", machine)]);
}

/// The provider of this bench in a process of its own.
struct Provider {
    child: Child,
    base: String,
}

impl Provider {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.arg("--provider").stdout(Stdio::piped()).stdin(Stdio::piped()).spawn().unwrap();
        let mut base = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut base).unwrap();
        Self { child, base: base.trim().to_owned() }
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn own_processor() -> Duration {
    processor_of(std::process::id())
}
