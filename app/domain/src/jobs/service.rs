//! What operators see of jobs and may do about them; and cleaning up after jobs themselves.

use graphile_worker::{WorkerUtils, worker_utils::types::CleanupTask};
use hyvve_jobs::SCHEMA;

use super::{
    Failed, Overview,
    operators::{check, is_one},
    recurring, store,
};
use crate::{Error, Result, auth::SignedIn, services::Services};

/// How many jobs that failed are shown.
pub const SHOWN: i64 = 100;

/// Whether somebody sees how jobs go.
pub fn is_for(s: &Services, who: &SignedIn) -> bool {
    is_one(s, who)
}

/// Refuses whoever is no operator as if there were nothing, for what else they see.
pub(crate) fn for_operators(s: &Services, who: &SignedIn) -> Result<()> {
    check(s, who)
}

/// How jobs go.
pub async fn overview(s: &Services, who: &SignedIn) -> Result<Overview> {
    check(s, who)?;
    let mut tx = s.db.system("an operator looks at jobs").await?;
    let mut recurring = store::recurring(&mut tx).await?;
    recurring.retain(|one| recurring::ALL.iter().any(|known| known.name == one.kind));
    Ok(Overview {
        kinds: store::kinds(&mut tx).await?,
        failed: store::failed(&mut tx, None, SHOWN).await?,
        recurring,
        workers: store::workers(&mut tx, s.settings.lease).await?,
    })
}

/// One that failed, before it is given up.
pub async fn failed(s: &Services, who: &SignedIn, id: i64) -> Result<Failed> {
    check(s, who)?;
    let mut tx = s.db.system("an operator looks at a job").await?;
    store::failed(&mut tx, Some(id), 1).await?.pop().ok_or_else(gone)
}

/// Has one that failed tried again now, and from then on as often as a new one.
pub async fn run(s: &Services, who: &SignedIn, id: i64) -> Result<()> {
    check(s, who)?;
    let mut tx = s.db.system("an operator has a job run").await?;
    let kind = store::lock_failed(&mut tx, id).await?.ok_or_else(gone)?;
    if !store::run(&mut tx, id).await? {
        return Err(gone());
    }
    tx.commit().await?;
    tracing::info!(operator = %who.user.id, job = id, kind, "an operator had a job run that had failed");
    Ok(())
}

/// Gives up one that failed. What it is about stays as it is, and has no job any more.
pub async fn give_up(s: &Services, who: &SignedIn, id: i64) -> Result<()> {
    check(s, who)?;
    let mut tx = s.db.system("an operator gives a job up").await?;
    let kind = store::lock_failed(&mut tx, id).await?.ok_or_else(gone)?;
    if !store::remove(&mut tx, id).await? {
        return Err(gone());
    }
    tx.commit().await?;
    tracing::info!(operator = %who.user.id, job = id, kind, "an operator gave up a job that had failed");
    Ok(())
}

/// Only what failed can be run or given up: anything else is run when it is due, once, and a row would be left without its job.
fn gone() -> Error {
    Error::not_found("job")
}

/// Removes what another job has taken the place of and nobody works on any more, its server having died in the moment between; and
/// opens queues that nobody has a job of in hand.
pub(super) async fn clean(s: &Services) -> Result<()> {
    let mut tx = s.db.system("jobs that others have replaced, and queues that nobody works on").await?;
    store::clean(&mut tx).await?;
    let opened = store::open_queues(&mut tx).await?;
    tx.commit().await?;
    if opened > 0 {
        tracing::warn!(opened, "queues of jobs were locked by nobody who works there; they are open again");
    }
    Ok(())
}

/// Removes queues that have no jobs: each time that somebody takes a job of any queue, all of them are looked at.
pub(super) async fn clean_queues(s: &Services) -> Result<()> {
    let library = WorkerUtils::new(s.db.jobs(), SCHEMA);
    library.cleanup(&[CleanupTask::GcJobQueues]).await.map_err(Error::internal)
}
