//! What is done about a job, by its kind.

use std::fmt;

use futures::future::{BoxFuture, FutureExt as _};
use graphile_worker::{IntoTaskHandlerResult, JobDefinition, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Result, ids::LetterId, mail, services::Services};

/// What the worker gives to each task.
#[derive(Clone)]
pub(super) struct Hand(pub(super) Services);

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

/// Why something could not be done, as it is kept beside the job: never the cause, which is logged where it happened.
struct Failed(Error);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

async fn done(
    context: WorkerContext,
    work: impl FnOnce(Services) -> BoxFuture<'static, Result<()>>,
) -> Result<(), Failed> {
    let s = context.get_ext::<Hand>().map(|Hand(s)| s.clone());
    match s {
        Some(s) => work(s).await.map_err(Failed),
        None => Err(Failed(Error::internal("a job was begun without services"))),
    }
}

/// What is worked on where letters are sent.
pub(super) fn letters() -> Vec<JobDefinition> {
    vec![Letter::definition()]
}

/// A letter that waits.
#[derive(Serialize, Deserialize)]
struct Letter {
    id: Uuid,
}

impl TaskHandler for Letter {
    const IDENTIFIER: &'static str = "letter";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { mail::letters::deliver(&s, LetterId(self.id)).await }.boxed()).await
    }
}
