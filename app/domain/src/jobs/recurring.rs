//! What recurs: cleaning up, and reminding. Each is a task of its own, added at its minute by one of the nodes.

use futures::future::{BoxFuture, FutureExt as _};
use graphile_worker::{
    Crontab, CrontabFill, CrontabTimer, CrontabValue, IntoTaskHandlerResult, JobDefinition, TaskHandler, WorkerContext,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{service, tasks::done};
use crate::{
    Result, approvals, auth,
    events::{self, dead_letters},
    idempotency, mail, notifications,
    services::Services,
    webhooks, workspaces,
};

/// What is done again and again.
pub(super) struct Recurring {
    /// Its kind of job. The database knows by it when it was done last.
    pub(super) name: &'static str,
    when: When,
    work: fn(Services) -> BoxFuture<'static, Result<()>>,
}

#[derive(Clone, Copy)]
enum When {
    EveryMinute,
    /// At this minute of every hour: not all of them at once.
    HourlyAt(u32),
}

/// All of them.
pub(super) const ALL: [Recurring; 12] = [
    Recurring {
        name: "remind",
        when: When::EveryMinute,
        work: |s| to_end(async move { approvals::reminders::remind(&s).await }),
    },
    Recurring {
        name: "clean_events",
        when: When::HourlyAt(2),
        work: |s| to_end(async move { clean_events(&s).await }),
    },
    Recurring {
        name: "clean_letters",
        when: When::HourlyAt(7),
        work: |s| to_end(async move { mail::letters::purge(&s).await }),
    },
    Recurring {
        name: "clean_dead_letters",
        when: When::HourlyAt(12),
        work: |s| to_end(async move { dead_letters::service::purge(&s).await }),
    },
    Recurring {
        name: "clean_webhooks",
        when: When::HourlyAt(17),
        work: |s| to_end(async move { webhooks::service::purge(&s).await }),
    },
    Recurring {
        name: "clean_notifications",
        when: When::HourlyAt(22),
        work: |s| to_end(async move { notifications::service::purge(&s).await }),
    },
    Recurring {
        name: "clean_sign_ins",
        when: When::HourlyAt(27),
        work: |s| to_end(async move { clean_sign_ins(&s).await }),
    },
    Recurring {
        name: "clean_presence",
        when: When::HourlyAt(32),
        work: |s| to_end(async move { approvals::presence::purge(&s).await }),
    },
    Recurring {
        name: "clean_idempotency",
        when: When::HourlyAt(37),
        work: |s| to_end(async move { idempotency::purge(&s).await }),
    },
    Recurring {
        name: "purge_workspaces",
        when: When::HourlyAt(42),
        work: |s| to_end(async move { workspaces::service::purge(&s).await }),
    },
    Recurring {
        name: "clean_jobs",
        when: When::EveryMinute,
        work: |s| to_end(async move { service::clean(&s).await }),
    },
    Recurring {
        name: "clean_job_queues",
        when: When::HourlyAt(47),
        work: |s| to_end(async move { service::clean_queues(&s).await }),
    },
];

/// What it is, without how much it was.
fn to_end<T>(work: impl Future<Output = Result<T>> + Send + 'static) -> BoxFuture<'static, Result<()>> {
    async move { work.await.map(drop) }.boxed()
}

async fn clean_events(s: &Services) -> Result<()> {
    let removed = events::service::purge(s).await?;
    if removed > 0 {
        tracing::info!(removed, "old events were removed from the outbox");
    }
    Ok(())
}

/// Whatever was asked for to get in, and is over.
async fn clean_sign_ins(s: &Services) -> Result<()> {
    auth::factors::purge(s).await?;
    auth::forgotten::purge(s).await?;
    workspaces::invitations::purge(s).await.map(drop)
}

/// The task of one of them.
#[derive(Serialize, Deserialize)]
struct Task<const N: usize> {}

impl<const N: usize> TaskHandler for Task<N> {
    const IDENTIFIER: &'static str = ALL[N].name;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, ALL[N].work).await
    }
}

/// What is worked on where it is cleaned up.
pub(super) fn tasks() -> Vec<JobDefinition> {
    vec![
        Task::<0>::definition(),
        Task::<1>::definition(),
        Task::<2>::definition(),
        Task::<3>::definition(),
        Task::<4>::definition(),
        Task::<5>::definition(),
        Task::<6>::definition(),
        Task::<7>::definition(),
        Task::<8>::definition(),
        Task::<9>::definition(),
        Task::<10>::definition(),
        Task::<11>::definition(),
    ]
}

/// When each is added. Whichever still waits then is not added a second time, and one that still goes on is over before the next
/// begins; what was missed within the last hour,
/// because no server ran, is made up for.
pub(super) fn times() -> Vec<Crontab> {
    let added = |of: &Recurring| {
        let timer = match of.when {
            When::EveryMinute => CrontabTimer::default(),
            When::HourlyAt(minute) => {
                CrontabTimer { minutes: vec![CrontabValue::Number(minute)], ..CrontabTimer::default() }
            }
        };
        let mut crontab = Crontab::new(timer, of.name);
        crontab.options.job_key = Some(of.name.to_owned());
        crontab.options.queue = Some(of.name.to_owned());
        crontab.options.fill = matches!(of.when, When::HourlyAt(_)).then_some(CrontabFill::hours(1));
        crontab.payload = Some(json!({}));
        crontab
    };
    ALL.iter().map(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_recurs_is_a_task_with_a_time_of_its_own() {
        let names: Vec<_> = ALL.iter().map(|one| one.name).collect();
        assert_eq!(tasks().iter().map(JobDefinition::identifier).collect::<Vec<_>>(), names);
        let mut minutes: Vec<_> = ALL
            .iter()
            .filter_map(|one| match one.when {
                When::EveryMinute => None,
                When::HourlyAt(minute) => Some(minute),
            })
            .collect();
        assert!(minutes.iter().all(|minute| *minute < 60));
        let count = minutes.len();
        minutes.sort_unstable();
        minutes.dedup();
        assert_eq!(minutes.len(), count, "two at the same minute");
        assert!(times().iter().all(|one| one.options.job_key.is_some()));
    }
}
