//! Working on jobs: some workers of the library in this process, each for some kinds, so that what is slow holds up nobody else.

use std::time::Duration;

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, join_all},
};
use graphile_worker::{
    Crontab, JobDefinition, LocalQueueConfig, RefetchDelayConfig, WorkerOptions, WorkerRecoveryConfig,
    WorkerShutdownConfig,
};
use hyvve_jobs::SCHEMA;

use super::{
    recurring,
    tasks::{self, Hand},
};
use crate::services::Services;

/// How often it is looked for what is due. Nobody is told of a job: NOTIFY would let every transaction commit one after the other.
const LOOK: Duration = Duration::from_secs(1);
/// The same where programs elsewhere wait to hear.
const SOON: Duration = Duration::from_millis(250);
/// How long a job may go on once the server is to stop; then it is given back.
const GRACE: Duration = Duration::from_secs(5);
/// How often the others look for nodes that died, so that it is certain that somebody does.
const SELDOM: Duration = Duration::from_hours(1);
/// Before workers that broke are started again.
const PAUSE: Duration = Duration::from_secs(2);

/// Ends when the server is to stop.
pub type Stop = Shared<BoxFuture<'static, ()>>;

/// Jobs that are worked on beside others.
struct Lane {
    name: &'static str,
    tasks: fn() -> Vec<JobDefinition>,
    /// What recurs.
    times: fn() -> Vec<Crontab>,
    /// How often it is looked for what is due.
    look: Duration,
    /// How many at once on this node.
    at_once: usize,
    /// How many more are in its hands already.
    ahead: usize,
    /// Whether it looks for nodes that died: one of them does so for all.
    sweeps: bool,
}

/// One letter at a time: what waits behind a slow mail server does not fill a node. Of webhooks, each is an endpoint that is sent some
/// deliveries at once.
static LANES: [Lane; 5] = [
    Lane { name: "letters", tasks: tasks::letters, times: Vec::new, look: LOOK, at_once: 1, ahead: 1, sweeps: false },
    Lane {
        name: "approvals",
        tasks: tasks::approvals,
        times: Vec::new,
        look: LOOK,
        at_once: 4,
        ahead: 4,
        sweeps: false,
    },
    Lane {
        name: "webhooks",
        tasks: tasks::webhooks,
        times: Vec::new,
        look: SOON,
        at_once: 32,
        ahead: 8,
        sweeps: false,
    },
    Lane { name: "notices", tasks: tasks::notices, times: Vec::new, look: SOON, at_once: 16, ahead: 8, sweeps: false },
    Lane {
        name: "upkeep",
        tasks: recurring::tasks,
        times: recurring::times,
        look: LOOK,
        at_once: 1,
        ahead: 1,
        sweeps: true,
    },
];

/// Works on jobs until it is asked to stop, and then as long as what is under way takes, within limits. If the task is aborted,
/// what it had in hand goes on elsewhere.
pub async fn work(s: Services, stop: Stop) {
    join_all(LANES.iter().map(|lane| keep_up(lane, s.clone(), stop.clone()))).await;
}

async fn keep_up(lane: &Lane, s: Services, stop: Stop) {
    while stop.clone().now_or_never().is_none() {
        if let Err(error) = Box::pin(run(lane, &s, &stop)).await {
            tracing::warn!(lane = lane.name, error.message = error, "jobs are not worked on; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn run(lane: &Lane, s: &Services, stop: &Stop) -> Result<(), String> {
    let worker = options(lane, s, stop).init().await.map_err(|e| e.to_string())?;
    worker.run().await.map_err(|e| e.to_string())
}

fn options(lane: &Lane, s: &Services, stop: &Stop) -> WorkerOptions {
    let silence = s.settings.lease;
    let recovery = WorkerRecoveryConfig::default()
        .heartbeat_interval(silence / 3)
        .sweep_interval(if lane.sweeps { silence / 3 } else { SELDOM })
        .sweep_threshold(silence)
        .recovery_delay(Duration::ZERO);
    // The program listens to signals itself.
    let shutdown = WorkerShutdownConfig::default()
        .listen_os_shutdown_signals(false)
        .grace_period(GRACE)
        .interrupted_job_retry_delay(Duration::ZERO)
        .shutdown_signal(stop.clone());
    // Without it, version 0.14.1 looks again at once whenever it has found nothing.
    let rest = RefetchDelayConfig::default().with_duration(lane.look);
    WorkerOptions::default()
        .schema(SCHEMA)
        .database(s.db.jobs())
        .define_jobs((lane.tasks)())
        .with_crons((lane.times)())
        .add_extension(Hand(s.clone()))
        .concurrency(lane.at_once)
        .local_queue(LocalQueueConfig::default().with_size(lane.ahead).with_refetch_delay(rest))
        .poll_interval(lane.look)
        .use_notification_delivery(false)
        .worker_recovery(recovery)
        .worker_shutdown(shutdown)
}
