//! What runs besides requests: driving runs, executing effects, relaying events and letting consumers and webhooks hear of them,
//! anchoring audit heads, rotating keys, working on jobs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use hyvve_domain::{
    agents, approvals, audit, auth,
    events::bus::{Bus, Consumer},
    jobs,
    keys::Keeper,
    notifications,
    services::Services,
    webhooks,
};
use tokio::{task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use crate::startup;

/// Before a worker that ended is started again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long jobs may take to end once the server is to stop; what takes longer goes on elsewhere.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often master keys are looked at: nobody waits long for a server to know a new one.
const KEYS: Duration = Duration::from_secs(2);

/// The workers of this node. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Workers {
    all: JoinSet<()>,
    /// Who works on jobs. What is in hand there is brought to its end, or given back.
    jobs: JoinSet<()>,
    stopping: CancellationToken,
}

type Work = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

impl Workers {
    /// Starts all of them. In `data_dir` master keys may come to be.
    pub(crate) fn start(s: &Services, bus: &Bus, data_dir: PathBuf) -> Self {
        let mut workers = Self::default();
        workers.work_on_jobs(s);
        workers.keep_up("runs", worker(s, agents::claims::work));
        workers.keep_up("effects", worker(s, approvals::executor::work));
        workers.keep_up("anchor", worker(s, audit::anchor::work));
        workers.keep_up("webhooks", worker(s, webhooks::work));
        workers.keep_up("notifications", worker(s, notifications::work));
        workers.keep_up("signing keys", worker(s, auth::access_tokens::keys::work));
        let keeping = s.clone();
        workers.keep_up("master keys", Arc::new(move || keep_keys(keeping.clone(), data_dir.clone()).boxed()));
        workers.keep_up("relay", on(bus, s, Bus::relay));
        let names = consumer_names();
        workers.keep_up("events for Redis", on(bus, s, move |bus, s| bus.publish(s, names.clone())));
        for consumer in consumers() {
            let name = consumer.name();
            workers.keep_up(name, on(bus, s, move |bus, s| bus.consume(s, consumer.clone())));
        }
        workers
    }

    /// Stops all of them, and waits until they have stopped. What they had in hand goes on at the next start.
    pub(crate) async fn stop(mut self) {
        self.stopping.cancel();
        if time::timeout(PATIENCE, self.jobs.join_next()).await.is_err() {
            tracing::warn!("some jobs did not end in time; they go on elsewhere");
        }
        self.jobs.shutdown().await;
        self.all.shutdown().await;
    }

    fn keep_up(&mut self, name: &'static str, work: Work) {
        self.all.spawn(kept_up(name, work, self.stopping.clone()));
    }

    fn work_on_jobs(&mut self, s: &Services) {
        let (s, stopping) = (s.clone(), self.stopping.clone());
        let stop = stopping.clone().cancelled_owned().boxed().shared();
        let work: Work = Arc::new(move || jobs::work(s.clone(), stop.clone()).boxed());
        self.jobs.spawn(kept_up("jobs", work, stopping));
    }
}

/// A worker works until it is to stop; one that ended before broke, and the next try may not.
async fn kept_up(name: &'static str, work: Work, stopping: CancellationToken) {
    loop {
        let mut task = JoinSet::new();
        task.spawn(work());
        let ended = task.join_next().await;
        if stopping.is_cancelled() {
            return;
        }
        if let Some(Err(error)) = ended {
            tracing::error!(worker = name, error.name = "worker", error.message = %error, "a worker broke; starting it again");
        } else {
            tracing::warn!(worker = name, "a worker ended; starting it again");
        }
        time::sleep(PAUSE).await;
    }
}

fn worker<F: Future<Output = ()> + Send + 'static>(s: &Services, work: fn(Services) -> F) -> Work {
    let s = s.clone();
    Arc::new(move || work(s.clone()).boxed())
}

/// A worker that needs the bus as well.
fn on<F: Future<Output = ()> + Send + 'static>(
    bus: &Bus,
    s: &Services,
    work: impl Fn(Bus, Services) -> F + Send + Sync + 'static,
) -> Work {
    let (bus, s) = (bus.clone(), s.clone());
    Arc::new(move || work(bus.clone(), s.clone()).boxed())
}

/// All who hear of every event. A name is for ever: under it the database knows how far its consumer has come.
fn consumers() -> Vec<Consumer> {
    vec![Consumer::new(approvals::unknown::CONSUMER, |s, tx, events| approvals::unknown::tell(s, tx, events).boxed())]
}

/// Their names: whoever hears of events begins to exist before anything happens.
pub(crate) fn consumer_names() -> Vec<&'static str> {
    consumers().iter().map(Consumer::name).collect()
}

async fn keep_keys(s: Services, data_dir: PathBuf) {
    let mut keeper = Keeper::default();
    loop {
        if let Err(error) = startup::learn(&s.sealer, &data_dir) {
            tracing::error!(
                error.name = "master_keys",
                error.message = format!("{error:#}"),
                "new master keys were not read; trying again"
            );
        }
        if let Err(error) = keeper.look(&s).await {
            tracing::error!(error.name = "master_keys", error.message = %error, "master keys were not looked after; trying again");
        }
        time::sleep(KEYS).await;
    }
}
