//! Working on jobs: some workers of the library in this process, each for some kinds, so that what is slow holds up nobody else.

use std::{any::Any, time::Duration};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, join_all, select},
};
use graphile_worker::{
    Crontab, Database, DatabaseDriver, DbError, DbExecutor, DbParams, DbRow, DbTransaction, JobDefinition,
    LocalQueueConfig, NotificationStream, RefetchDelayConfig, WorkerOptions, WorkerRecoveryConfig,
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
/// Before workers that broke are started again, and after a look that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a worker works before another one follows. One whose look was waited for at the wrong moment waits for ever, and is heard of
/// as before (`LocalQueue::schedule_fetch` of version 0.14.1).
const LIFE: Duration = Duration::from_hours(1);

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
        }
        if stop.clone().now_or_never().is_none() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn run(lane: &Lane, s: &Services, stop: &Stop) -> Result<(), String> {
    let life = select(stop.clone(), tokio::time::sleep(LIFE).boxed()).map(drop).boxed().shared();
    let worker = options(lane, s, &life).init().await.map_err(|e| e.to_string())?;
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
        .database(Database::new(Patient(s.db.jobs())))
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

/// The database, with a pause after each look that failed: the library looks again at once, and would do so as fast as it can for as
/// long as the database is away. What is done, failed or alive is written down without one.
#[derive(Debug)]
struct Patient(Database);

impl DbExecutor for Patient {
    fn execute<'a>(&'a self, sql: &'a str, params: DbParams) -> BoxFuture<'a, Result<u64, DbError>> {
        self.0.execute(sql, params)
    }

    fn fetch_all<'a>(&'a self, sql: &'a str, params: DbParams) -> BoxFuture<'a, Result<Vec<DbRow>, DbError>> {
        async move {
            let found = self.0.fetch_all(sql, params).await;
            if found.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            found
        }
        .boxed()
    }
}

impl DatabaseDriver for Patient {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn begin(&self) -> BoxFuture<'_, Result<DbTransaction, DbError>> {
        self.0.begin().boxed()
    }

    fn listen<'a>(&'a self, channel: &'a str) -> BoxFuture<'a, Result<Option<NotificationStream>, DbError>> {
        self.0.listen(channel).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database that is away, and says so at once.
    #[derive(Debug)]
    struct Away;

    impl DbExecutor for Away {
        fn execute<'a>(&'a self, _: &'a str, _: DbParams) -> BoxFuture<'a, Result<u64, DbError>> {
            async { Err(DbError::new("away")) }.boxed()
        }

        fn fetch_all<'a>(&'a self, _: &'a str, _: DbParams) -> BoxFuture<'a, Result<Vec<DbRow>, DbError>> {
            async { Err(DbError::new("away")) }.boxed()
        }
    }

    impl DatabaseDriver for Away {
        fn as_any(&self) -> &dyn Any {
            self
        }

        fn begin(&self) -> BoxFuture<'_, Result<DbTransaction, DbError>> {
            async { Err(DbError::new("away")) }.boxed()
        }

        fn listen<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<NotificationStream>, DbError>> {
            async { Ok(None) }.boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_not_asked_as_fast_as_it_can_refuse() {
        let away = Patient(Database::new(Away));
        let began = tokio::time::Instant::now();
        for _ in 0..3 {
            assert!(away.fetch_all("", DbParams::new()).await.is_err());
        }
        assert!(began.elapsed() >= PAUSE * 3);
        // Whatever is written down is not held up.
        let began = tokio::time::Instant::now();
        assert!(away.execute("", DbParams::new()).await.is_err());
        assert!(began.elapsed() < PAUSE);
    }
}
