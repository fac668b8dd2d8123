//! Which master key seals, who knows it, and what is still sealed with another.

use std::{
    collections::BTreeSet,
    fmt,
    ops::AddAssign,
    time::{Duration, Instant},
};

use super::store;
use crate::{
    Error, Result, Timestamp, auth,
    db::SystemTx,
    idempotency,
    ids::{LetterId, ProviderId, UserId, WorkspaceId},
    mail, providers,
    seal::{Place, Print, TwoKeys},
    services::Services,
};

/// A server that said nothing for so long does not run.
const ALIVE: Duration = Duration::from_mins(1);
/// For how long a process seals with a key since it asked which one does: less than [`ALIVE`], so that one that was given up, because
/// it stood still or misses a key, seals with no key that others may have retired.
const SEALS: Duration = Duration::from_secs(45);
/// What began under an old key has ended so long after another has begun to seal.
const LINGER: Duration = Duration::from_mins(1);

/// What cannot be sealed anew is tried again after so long.
const PAUSE: Duration = Duration::from_mins(5);

/// Why the keys of this process do not do for this database.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Unsettled {
    /// One that is needed is not there.
    #[error("secrets in the database are sealed with the master key number {0}, which is none of this server's keys")]
    Missing(u32),
    /// Two keys have one number.
    #[error("the master key number {0} is another one than secrets in the database are sealed with")]
    Other(u32),
    /// Two keys that this process was given have one number.
    #[error(transparent)]
    Two(#[from] TwoKeys),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Seals with the key that the database names from now on; into a new database, writes the one that seals here. `serves`: says
/// that this server runs, and which keys it knows.
pub async fn settle(s: &Services, serves: bool) -> Result<(), Unsettled> {
    let until = Instant::now() + SEALS;
    let mut tx = s.db.system("which master key seals").await?;
    store::lock(&mut tx).await?;
    let known = s.sealer.known();
    if store::all(&mut tx).await?.is_empty() {
        let first = s.sealer.seals();
        if !opens_what_is_there(&mut tx, s).await? {
            return Err(Unsettled::Other(first));
        }
        store::begin(&mut tx, first, &print_of(&known, first).ok_or(Unsettled::Missing(first))?).await?;
    }
    let rows = store::all(&mut tx).await?;
    for row in rows.iter().filter(|row| row.retired_at.is_none()) {
        match print_of(&known, row.id) {
            None => return Err(Unsettled::Missing(row.id)),
            Some(print) if print.as_slice() != row.print => return Err(Unsettled::Other(row.id)),
            Some(_) => {}
        }
    }
    let retired: BTreeSet<u32> = rows.iter().filter(|row| row.retired_at.is_some()).map(|row| row.id).collect();
    if let Some(newest) = rows.first() {
        let before = s.sealer.seals();
        if s.sealer.seal_with(newest.id, retired, until) && before != newest.id {
            tracing::info!(key = newest.id, before, "another master key seals from now on");
        }
    }
    if serves {
        let prints: Vec<Vec<u8>> = known.iter().map(|(_, print)| print.to_vec()).collect();
        store::report(&mut tx, s.node, &prints, s.sealer.seals()).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether these keys are the ones of this database, which has never named one: a version of before sealed what is there.
async fn opens_what_is_there(tx: &mut SystemTx, s: &Services) -> Result<bool> {
    let opened = [providers::keys::opens(tx, s).await?, auth::access_tokens::reseal::opens(tx, s).await?];
    Ok(opened.contains(&Some(true)) || !opened.contains(&Some(false)))
}

fn print_of(known: &[(u32, Print)], id: u32) -> Option<Print> {
    known.iter().find(|(other, _)| *other == id).map(|(_, print)| *print)
}

/// Says that this server runs no more, so that nobody waits for it.
pub async fn leave(s: &Services) -> Result<()> {
    let mut tx = s.db.system("a server stops").await?;
    store::leave(&mut tx, s.node).await?;
    tx.commit().await
}

/// What came of [`switch`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// The key seals from now on, and did not before.
    Done,
    /// It seals already.
    Already,
    /// So many of the servers that run do not know it yet. Nothing was changed.
    Unknown {
        /// Servers that do not.
        without: usize,
        /// Servers that run.
        servers: usize,
    },
}

/// Lets a key that this process knows seal from now on, provided that every server that runs knows it as well.
pub async fn switch(s: &Services, id: u32) -> Result<Switch, Unsettled> {
    let print = print_of(&s.sealer.known(), id).ok_or(Unsettled::Missing(id))?;
    let mut tx = s.db.system("the master key is rotated by command").await?;
    store::lock(&mut tx).await?;
    let rows = store::all(&mut tx).await?;
    if rows.iter().any(|row| row.id == id && row.print != print) {
        return Err(Unsettled::Other(id));
    }
    if rows.first().is_some_and(|row| row.id == id) {
        return Ok(Switch::Already);
    }
    let (servers, without) = store::holders(&mut tx, &print, ALIVE.as_secs_f64()).await?;
    if without > 0 {
        return Ok(Switch::Unknown { without, servers });
    }
    store::begin(&mut tx, id, &print).await?;
    tx.commit().await?;
    tracing::info!(key = id, servers, "the master key was rotated by command");
    settle(s, false).await?;
    Ok(Switch::Done)
}

/// What one look at everything that is sealed found.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Swept {
    /// Values that another key had sealed.
    pub found: u64,
    /// Of them, those that were sealed anew.
    pub done: u64,
}

impl Swept {
    /// Of one value: it is sealed anew, or the log says why it cannot be.
    pub(crate) fn one<T>(what: fmt::Arguments<'_>, anew: &Result<T>) -> Self {
        if let Err(error) = anew {
            tracing::warn!(%what, error.message = %error, "a sealed value was not sealed anew");
        }
        Self { found: 1, done: u64::from(anew.is_ok()) }
    }
}

impl AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.done += other.done;
    }
}

/// How far one look at everything that is sealed has come: after which value of each kind it goes on.
#[derive(Default)]
struct Marks {
    data_key: Option<(WorkspaceId, u32)>,
    provider: Option<(WorkspaceId, ProviderId)>,
    signing_key: Option<String>,
    authenticator: Option<UserId>,
    letter: Option<LetterId>,
    reply: Option<idempotency::Digest>,
}

/// Seals anew what another key than the present one has sealed; what cannot be is passed by. `serves`: as for [`settle`].
pub async fn sweep(s: &Services, serves: bool) -> Result<Swept, Unsettled> {
    let (mut marks, mut swept) = (Marks::default(), Swept::default());
    loop {
        // It may go on for long, and another key may seal by now.
        settle(s, serves).await?;
        let page = page(s, &mut marks).await?;
        if page.found == 0 {
            return Ok(swept);
        }
        swept += page;
    }
}

/// At most a hundred values of each kind.
async fn page(s: &Services, after: &mut Marks) -> Result<Swept> {
    let mut swept = data_keys(s, &mut after.data_key).await?;
    swept += providers::keys::sweep(s, &mut after.provider).await?;
    swept += auth::access_tokens::reseal::sweep(s, &mut after.signing_key).await?;
    swept += auth::factors::totp::sweep(s, &mut after.authenticator).await?;
    swept += mail::letters::sweep(s, &mut after.letter).await?;
    swept += idempotency::sweep(s, &mut after.reply).await?;
    Ok(swept)
}

async fn data_keys(s: &Services, after: &mut Option<(WorkspaceId, u32)>) -> Result<Swept> {
    let mut tx = s.db.system("data keys that another master key sealed").await?;
    let mut swept = Swept::default();
    for (workspace, version, sealed) in store::stale(&mut tx, &s.sealer.prefix(), *after).await? {
        *after = Some((workspace, version));
        let anew = s.sealer.again(Place::DataKey { workspace, version }, &sealed);
        swept += Swept::one(format_args!("the data key {version} of workspace {workspace}"), &anew);
        if let Ok(anew) = anew {
            store::reseal(&mut tx, workspace, version, &anew).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

/// A master key as whoever runs the server sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its number.
    pub id: u32,
    /// Since when it seals, or has sealed last.
    pub since: Timestamp,
    /// It is the one that seals.
    pub seals: bool,
    /// From when it opens nothing any more.
    pub retired_at: Option<Timestamp>,
}

/// All master keys that seal or have sealed, the one that seals first.
pub async fn list(s: &Services) -> Result<Vec<Listed>> {
    let mut tx = s.db.system("master keys").await?;
    let rows = store::all(&mut tx).await?;
    let listed = |(at, row): (usize, store::Row)| Listed {
        id: row.id,
        since: row.seals_since,
        seals: at == 0,
        retired_at: row.retired_at,
    };
    Ok(rows.into_iter().enumerate().map(listed).collect())
}

/// Looks after the keys of a running server.
#[derive(Default)]
pub struct Keeper {
    /// Everything was looked at once since the start: what an older version of HYVVE sealed is found then.
    looked: bool,
    /// Something cannot be sealed anew; until then that is not tried again.
    pause: Option<Instant>,
    /// Since when it looks.
    since: Option<Instant>,
    /// That others run was said.
    told: bool,
}

impl Keeper {
    /// Follows the key that seals, seals anew what another one has sealed, and retires what nothing needs. To be called every
    /// few seconds.
    pub async fn look(&mut self, s: &Services) -> Result<(), Unsettled> {
        settle(s, true).await?;
        self.tell_of_others(s).await?;
        let pauses = self.pause.is_some_and(|until| Instant::now() < until);
        if pauses || (self.looked && !others_open(s).await?) {
            return Ok(());
        }
        let mut swept = sweep(s, true).await?;
        let mut done = swept.done;
        while swept.done > 0 {
            swept = sweep(s, true).await?;
            done += swept.done;
        }
        if done > 0 {
            tracing::info!(done, key = s.sealer.seals(), "secrets were sealed anew");
        }
        self.looked = true;
        self.pause = (swept.found > 0).then(|| Instant::now() + PAUSE);
        if swept.found == 0 { Ok(retire(s).await?) } else { Ok(()) }
    }

    /// Who counts attempts alone counts too few where others count as well. Those that ended before this one began do not.
    async fn tell_of_others(&mut self, s: &Services) -> Result<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.told || !s.limits.count_alone() {
            return Ok(());
        }
        let mut tx = s.db.system("whether other servers run").await?;
        self.told = store::has_others(&mut tx, s.node, since.elapsed().as_secs_f64()).await?;
        if self.told {
            tracing::warn!(
                "another server uses this database, and REDIS_URL is not set: each counts attempts by itself, so that several let \
                 through several times as many; set REDIS_URL to the same Redis on all of them"
            );
        }
        Ok(())
    }
}

/// Whether a key that does not seal may still open.
async fn others_open(s: &Services) -> Result<bool> {
    Ok(list(s).await?.iter().any(|key| !key.seals && key.retired_at.is_none()))
}

/// Nothing was found that another key has sealed.
async fn retire(s: &Services) -> Result<()> {
    let mut tx = s.db.system("master keys that nothing needs").await?;
    store::lock(&mut tx).await?;
    let seals = s.sealer.seals();
    if store::all(&mut tx).await?.first().is_none_or(|row| row.id != seals) {
        return Ok(());
    }
    let gone = store::retire_others(&mut tx, seals, LINGER.as_secs_f64(), ALIVE.as_secs_f64()).await?;
    tx.commit().await?;
    for key in gone {
        tracing::info!(key, "a master key is retired: nothing is sealed with it, and it can be removed");
    }
    Ok(())
}
