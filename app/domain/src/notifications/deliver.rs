//! Settles the ways of what was told; writes digests and sends to people's webhooks, which are jobs.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    Kind, Mail,
    deliver_store::{self as store, Later, Parcel, Person},
    hook as hooks,
    letters::{self, Here},
    service, settings, slack, store as rows,
};
use crate::{
    Actor, Result, Timestamp,
    approvals::{self, reminders::Waiting},
    db::TenantTx,
    ids::{UserId, WorkspaceId},
    mail::letters::post,
    services::Services,
    webhooks, workspaces,
};

/// How long it is looked at nothing, when nothing happens here.
const IDLE: Duration = Duration::from_secs(1);
/// How long events are gathered before it is looked at them.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is looked after what has become pointless.
const TIDY: Duration = Duration::from_secs(30);
/// How many notifications one transaction settles.
const BATCH: i64 = 100;
/// How many messages one person's webhook is sent before others have their turn.
const IN_TURN: usize = 4;
/// For how long a message to a webhook is a server's; well above what sending it may take.
const LEASE: Duration = Duration::from_mins(1);

/// Settles until the task is aborted. What is under way then is done by whoever finds it next.
pub async fn work(s: Services) {
    let mut wake = s.hub.follow_events();
    let mut tidied: Option<Instant> = None;
    loop {
        wake.mark_unchanged();
        let more = look(&s).await.unwrap_or_else(|error| {
            tracing::warn!(error.message = %error, "the ways of notifications were not settled; trying again");
            false
        });
        if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
            tidied = Some(Instant::now());
            if let Err(error) = service::settle_waiting(&s).await {
                tracing::warn!(error.message = %error, "that approvals wait was not settled; trying again");
            }
        }
        if more {
            continue;
        }
        tokio::select! {
            _ = wake.changed() => sleep(GATHER).await,
            () = sleep(IDLE) => {}
        }
    }
}

/// Settles what was told; answers whether there may be more at once.
async fn look(s: &Services) -> Result<bool> {
    let mut tx = s.db.system("notifications on their way").await?;
    let unsettled = store::unsettled(&mut tx).await?;
    drop(tx);
    let mut more = false;
    for workspace in unsettled {
        // One workspace's trouble keeps no other from its letters.
        match settle(s, workspace).await {
            Ok(whole) => more |= !whole,
            Err(error) => {
                tracing::warn!(workspace_id = %workspace, error.message = %error, "notifications did not go their ways; trying again");
            }
        }
    }
    Ok(more)
}

/// Settles the ways of some of a workspace's notifications; answers whether these were all. Letters are posted with it.
async fn settle(s: &Services, workspace: WorkspaceId) -> Result<bool> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    let parcels = store::to_settle(&mut tx, BATCH).await?;
    let here = here(&mut tx, s).await?;
    let held = hold(&mut tx, &parcels).await?;
    let waiting = waiting(&mut tx, &parcels).await?;
    let ready: Vec<&Parcel> = parcels.iter().filter(|parcel| held || !is_held(parcel)).collect();
    let people: Vec<&[&Parcel]> = ready.chunk_by(|one, other| one.recipient == other.recipient).collect();
    for theirs in people {
        let at = write_now(&mut tx, s, &here, theirs, waiting.as_ref()).await?;
        for parcel in theirs {
            let (person, ways) = (concerned(parcel), settings::ways(&parcel.channels, parcel.kind));
            let later = match ways.mail {
                Mail::Digest => Some(Later::Digest(parcel.digest, parcel.digest_hour)),
                Mail::Now => at.filter(|_| parcel.kind.comes_in_bursts()).map(Later::At),
                Mail::No => None,
            };
            let later = later.filter(|_| person.is_some());
            let hook = person.is_some() && ways.webhook && parcel.has_hook;
            // What the list does not show can be marked by nobody, and would keep whatever comes of the same cause from being told.
            let read = !ways.in_app && later.is_none();
            store::settled(&mut tx, parcel.id, later, hook, read).await?;
        }
    }
    tx.commit().await?;
    Ok((parcels.len() as i64) < BATCH || ready.is_empty())
}

/// The recipient, if it still concerns him or her.
fn concerned(parcel: &Parcel) -> Option<&Person> {
    parcel.person.as_ref().filter(|person| parcel.kind.concerns(person.role))
}

/// Whether the recipient wants letters at once of this kind.
fn is_now(parcel: &Parcel, kind: Kind) -> bool {
    settings::ways(&parcel.channels, kind).mail == Mail::Now
}

/// Writes to one person of what is to be told at once. What comes in bursts is collected: it is one letter, and if the last one left less
/// than a minute ago, or the next one is planned, it waits for that; answers when that is.
async fn write_now(
    tx: &mut TenantTx,
    s: &Services,
    here: &Here,
    theirs: &[&Parcel],
    waiting: Option<&Waiting>,
) -> Result<Option<Timestamp>> {
    let mut burst = Vec::new();
    for &parcel in theirs {
        let Some(person) = concerned(parcel).filter(|_| is_now(parcel, parcel.kind)) else { continue };
        if parcel.kind.comes_in_bursts() {
            burst.push((parcel, person));
        } else {
            post(tx.conn(), s, letters::about(here, parcel, person, None)).await?;
        }
    }
    let Some((first, person)) = burst.first().copied() else { return Ok(None) };
    store::lock_letters(tx, first.recipient).await?;
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.comes_in_bursts() && is_now(first, *kind));
    let kinds: Vec<String> = kinds.map(|kind| kind.as_str().to_owned()).collect();
    let later = store::next_letter(tx, first.recipient, &kinds).await?;
    if later.is_none() {
        let parcels: Vec<&Parcel> = burst.into_iter().map(|(parcel, _)| parcel).collect();
        post(tx.conn(), s, letters::collected(here, first.recipient, person, &parcels, waiting)).await?;
    }
    Ok(later)
}

/// Whether it is said, by other ways than the list, that approvals wait: then that counts as read once it was said.
fn is_held(parcel: &Parcel) -> bool {
    parcel.kind == Kind::ApprovalWaiting && !settings::ways(&parcel.channels, parcel.kind).in_app
}

/// Keeps others from telling that approvals wait until the transaction ends, where one of these is about that and is to count as read;
/// false: somebody is at it, and what he or she relies on stays unread until the next look.
async fn hold(tx: &mut TenantTx, parcels: &[Parcel]) -> Result<bool> {
    Ok(!parcels.iter().any(is_held) || rows::nobody_tells(tx).await?)
}

/// What waits for a decision, where one of these is about that.
async fn waiting(tx: &mut TenantTx, parcels: &[Parcel]) -> Result<Option<Waiting>> {
    if parcels.iter().any(|parcel| parcel.kind == Kind::ApprovalWaiting) {
        return approvals::reminders::waiting(tx).await.map(Some);
    }
    Ok(None)
}

async fn here(tx: &mut TenantTx, s: &Services) -> Result<Here> {
    let here = workspaces::service::of(tx).await?;
    let home = format!("{}/w/{}", s.settings.public_url, here.slug);
    Ok(Here { id: tx.workspace(), name: here.name, home })
}

/// Writes a person's digest, if it is due. In a deleted workspace nothing is done, and nobody has another job.
pub(crate) async fn digest(s: &Services, workspace: WorkspaceId, user: UserId) -> Result<()> {
    if !workspaces::service::is_open(s, workspace).await? {
        return Ok(());
    }
    write_digest(s, workspace, user).await?;
    let mut tx = s.db.system("when a person's next digest is due").await?;
    store::digest_again(&mut tx, workspace, user).await?;
    tx.commit().await
}

/// Sends to a person's webhook what is due. In a deleted workspace nothing is done, and nobody has another job.
pub(crate) async fn hook(s: &Services, workspace: WorkspaceId, user: UserId) -> Result<()> {
    if !workspaces::service::is_open(s, workspace).await? {
        return Ok(());
    }
    for _ in 0..IN_TURN {
        if !send_next(s, workspace, user).await? {
            break;
        }
    }
    let mut tx = s.db.system("when a person's webhook is told next").await?;
    store::hook_again(&mut tx, workspace, user).await?;
    tx.commit().await
}

/// Writes to a person of all that is due and was not read meanwhile, once: what was put off to a digest, and what was collected.
async fn write_digest(s: &Services, workspace: WorkspaceId, user: UserId) -> Result<()> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    store::lock_letters(&mut tx, user).await?;
    let mut parcels = store::take_digest(&mut tx, user).await?;
    if !hold(&mut tx, &parcels).await? {
        return Ok(());
    }
    let unlisted = parcels.iter().filter(|parcel| !settings::ways(&parcel.channels, parcel.kind).in_app);
    let unlisted: Vec<Uuid> = unlisted.map(|parcel| parcel.id.0).collect();
    parcels.retain(|parcel| {
        let concerned = parcel.person.as_ref().is_some_and(|person| parcel.kind.concerns(person.role));
        // Who has changed his or her mind since gets what is wanted now.
        concerned && !parcel.read && settings::ways(&parcel.channels, parcel.kind).mail != Mail::No
    });
    if let Some(person) = parcels.first().and_then(|parcel| parcel.person.as_ref()) {
        let (here, waiting) = (here(&mut tx, s).await?, waiting(&mut tx, &parcels).await?);
        let digests = |parcel: &Parcel| settings::ways(&parcel.channels, parcel.kind).mail == Mail::Digest;
        let write = if parcels.iter().any(digests) { letters::digest } else { letters::collected };
        let all: Vec<&Parcel> = parcels.iter().collect();
        post(tx.conn(), s, write(&here, user, person, &all, waiting.as_ref())).await?;
        let told: Vec<Uuid> = parcels.iter().map(|parcel| parcel.id.0).collect();
        store::told(&mut tx, &told).await?;
    }
    store::read(&mut tx, &unlisted).await?;
    tx.commit().await
}

/// Sends to one person's webhook what has been due longest; answers whether there was anything.
async fn send_next(s: &Services, workspace: WorkspaceId, user: UserId) -> Result<bool> {
    let actor = Actor::system(workspace);
    let mut tx = s.db.tenant(&actor).await?;
    let given_up = Timestamp::now().plus(LEASE);
    let Some((parcel, tries)) = store::claim_for_hook(&mut tx, user, given_up).await? else { return Ok(false) };
    let here = here(&mut tx, s).await?;
    let waiting = waiting(&mut tx, std::slice::from_ref(&parcel)).await?;
    tx.commit().await?;
    let wanted = settings::ways(&parcel.channels, parcel.kind).webhook;
    let person = parcel.person.as_ref().filter(|person| wanted && parcel.kind.concerns(person.role));
    let done = match person {
        Some(person) => {
            hooks::tell(s, workspace, (user, person.role), message(&here, &parcel, waiting.as_ref())).await?
        }
        None => true,
    };
    let next = if done { None } else { webhooks::next_try(parcel.created_at, tries, Timestamp::now())? };
    let mut tx = s.db.tenant(&actor).await?;
    store::hook_settled(&mut tx, parcel.id, tries, next).await?;
    tx.commit().await?;
    Ok(true)
}

fn message(here: &Here, parcel: &Parcel, waiting: Option<&Waiting>) -> String {
    let total = waiting.map_or(0, |waiting| waiting.total);
    let told = parcel.kind.sentence(&parcel.facts, parcel.by.as_deref(), total);
    let page = format!("{}{}", here.home, parcel.kind.path(parcel.subject_id));
    slack::message(&told, std::slice::from_ref(&here.name), Some(("Open it in HYVVE", &page)))
}
