//! What is done about a job, by its kind.

use std::fmt;

use futures::future::{BoxFuture, FutureExt as _};
use graphile_worker::{IntoTaskHandlerResult, JobDefinition, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, approvals,
    ids::{ApprovalId, LetterId, UserId, WebhookId, WorkspaceId},
    mail, notifications,
    services::Services,
    webhooks,
};

/// What the worker gives to each task.
#[derive(Clone)]
pub(super) struct Hand(pub(super) Services);

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

/// Why something could not be done, as it is kept beside the job: never the cause, which is logged where it happened.
pub(super) struct Failed(Error);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

/// Does the work of a job, and says what came of it.
pub(super) async fn done(
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

/// What is worked on where approvals wait.
pub(super) fn approvals() -> Vec<JobDefinition> {
    vec![TimeOut::definition(), Step::definition()]
}

/// What is worked on where webhooks are told.
pub(super) fn webhooks() -> Vec<JobDefinition> {
    vec![Webhook::definition()]
}

/// What is worked on where people are told.
pub(super) fn notices() -> Vec<JobDefinition> {
    vec![Digest::definition(), Hook::definition()]
}

/// A letter that waits.
#[derive(Serialize, Deserialize)]
struct Letter {
    id: LetterId,
}

impl TaskHandler for Letter {
    const IDENTIFIER: &'static str = "letter";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { mail::letters::deliver(&s, self.id).await }.boxed()).await
    }
}

/// An approval whose time is over.
#[derive(Serialize, Deserialize)]
struct TimeOut {
    workspace: WorkspaceId,
    id: ApprovalId,
}

impl TaskHandler for TimeOut {
    const IDENTIFIER: &'static str = "time_out";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { approvals::due::end(&s, self.workspace, self.id).await }.boxed()).await
    }
}

/// An approval whose next step is due.
#[derive(Serialize, Deserialize)]
struct Step {
    workspace: WorkspaceId,
    id: ApprovalId,
}

impl TaskHandler for Step {
    const IDENTIFIER: &'static str = "step";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { approvals::ladder::next(&s, self.workspace, self.id).await }.boxed()).await
    }
}

/// An endpoint of which a delivery is due.
#[derive(Serialize, Deserialize)]
struct Webhook {
    workspace: WorkspaceId,
    id: WebhookId,
}

impl TaskHandler for Webhook {
    const IDENTIFIER: &'static str = "webhook";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { webhooks::deliver::deliver(&s, self.workspace, self.id).await }.boxed())
            .await
    }
}

/// A person whose digest is due.
#[derive(Serialize, Deserialize)]
struct Digest {
    workspace: WorkspaceId,
    id: UserId,
}

impl TaskHandler for Digest {
    const IDENTIFIER: &'static str = "digest";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { notifications::deliver::digest(&s, self.workspace, self.id).await }.boxed())
            .await
    }
}

/// A person to whose own webhook something is to be sent.
#[derive(Serialize, Deserialize)]
struct Hook {
    workspace: WorkspaceId,
    id: UserId,
}

impl TaskHandler for Hook {
    const IDENTIFIER: &'static str = "hook";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        done(context, move |s| async move { notifications::deliver::hook(&s, self.workspace, self.id).await }.boxed())
            .await
    }
}
