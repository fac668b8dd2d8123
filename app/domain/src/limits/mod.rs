//! How often is too often. Whoever comes to a [`Door`] more often than its [`Rate`] allows waits outside, and is told how long.
//!
//! A door counts for several subjects at once, such as the account that somebody wants into and the network that he or she
//! comes from, each at its own rate; it opens if none of them came too often, and only then counts. Windows slide and are
//! exact: there is no interval of a window's length in which more are let through. One node counts in its memory (`memory.rs`),
//! several in the same Redis (`redis.rs`); neither learns an address, only what it hashes to.
//!
//! Should Redis be away, the doors at which secrets can be guessed stay shut, and the doors of daily work count in memory.

mod door;
mod memory;
mod network;
mod places;
mod rate;
mod redis;
mod window;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use self::places::Place;
pub use self::{
    door::{Door, Refusal},
    network::Network,
    rate::{Rate, Rates},
};
use self::{
    memory::Memory,
    network::Breadth,
    redis::{Away, Redis},
    window::{Full, Scale, Slot},
};
use crate::{
    Code, Error, Result,
    ids::{ApiKeyId, SessionId, UserId, WorkspaceId},
    seal::Sealer,
};

/// For whom a door counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject<'a> {
    /// The account of an e-mail address, whether there is one or not.
    Address(&'a str),
    /// A person's account, with all of its sessions.
    Person(UserId),
    /// An API key, apart from its person: one that leaked must not keep its owner from revoking it.
    Key(ApiKeyId),
    /// The access tokens of a session, apart from their person for the same reason.
    Tokens(SessionId),
    /// A browser that an account was used in before, for as long as the account has this password.
    Device {
        /// The browser's own number.
        number: [u8; 16],
        /// The password, as a PHC string.
        phc: &'a str,
    },
    /// That this door is shut for the account of an e-mail address.
    Shut(Door, &'a str),
    /// Where a request comes from.
    Network(Network),
    /// A workspace.
    Workspace(WorkspaceId),
}

/// What is known of a subject outside of a request: its HMAC under a key of this installation.
type Name = [u8; 16];

/// A window that counts for a subject. An IPv6 network has two: its own, and that of its site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Counter {
    name: Name,
    breadth: Breadth,
    scale: Scale,
}

/// While Redis is away, daily work asks it this often whether it is back; attempts at secrets ask each time.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The doors of this node, or of all nodes that share a Redis.
pub struct Limits {
    rates: Rates,
    sealer: Arc<Sealer>,
    memory: Memory,
    shared: Option<Redis>,
    /// When Redis was last asked in vain.
    away: Mutex<Option<Instant>>,
}

/// What came of knocking.
pub enum Knock<'a> {
    /// The door is open.
    Open(Pass<'a>),
    /// It is shut for now.
    Shut(Refusal),
}

/// Somebody was let through, and counted.
#[must_use = "dropped, it stays counted; say so with `keep`"]
pub struct Pass<'a> {
    limits: &'a Limits,
    door: Door,
    counters: Vec<Counter>,
    /// Where each of them counted.
    slots: Vec<Slot>,
    is_shared: bool,
}

impl Limits {
    /// One node, which counts in its memory.
    pub fn alone(rates: Rates, sealer: Arc<Sealer>) -> Self {
        Self { rates, sealer, memory: Memory::default(), shared: None, away: Mutex::default() }
    }

    /// Whether what other nodes count is not known here.
    pub const fn count_alone(&self) -> bool {
        self.shared.is_none()
    }

    /// Nodes that count in the same Redis. An error says why it cannot be reached, and holds no part of the address.
    pub async fn shared(rates: Rates, sealer: Arc<Sealer>, redis_url: &str) -> Result<Self, String> {
        let redis = Redis::connect(redis_url).await.map_err(|e| e.to_string())?;
        Ok(Self { shared: Some(redis), ..Self::alone(rates, sealer) })
    }

    /// Lets through and counts, or refuses. An error means that nobody can tell, and nobody is let through.
    pub async fn knock(&self, door: Door, subjects: &[Subject<'_>]) -> Result<Knock<'_>> {
        let counters: Vec<Counter> = subjects.iter().flat_map(|subject| self.counters(door, *subject)).collect();
        let (counted, is_shared) = match self.count_shared(door, &counters).await? {
            Some(counted) => (counted, true),
            None => (self.memory.count(door, &counters), false),
        };
        Ok(match counted {
            Ok(slots) => Knock::Open(Pass { limits: self, door, counters, slots, is_shared }),
            Err(full) => Knock::Shut(Refusal::new(door, counters[full.at].breadth, full.wait)),
        })
    }

    /// The same, with the refusal as an error that may be shown.
    pub async fn enter(&self, door: Door, subjects: &[Subject<'_>]) -> Result<Pass<'_>> {
        match self.knock(door, subjects).await? {
            Knock::Open(pass) => Ok(pass),
            Knock::Shut(refusal) => Err(refusal.into()),
        }
    }

    /// `None`: memory is what counts.
    async fn count_shared(&self, door: Door, counters: &[Counter]) -> Result<Option<Result<Vec<Slot>, Full>>> {
        let Some(redis) = &self.shared else { return Ok(None) };
        if !door.stays_shut() && self.was_away_just_now() {
            return Ok(None);
        }
        match self.heard(redis.count(door, counters).await) {
            Ok(counted) => Ok(Some(counted)),
            Err(_) if door.stays_shut() => Err(away()),
            Err(_) => Ok(None),
        }
    }

    /// Remembers whether Redis answers, and says so when that changes.
    fn heard<T>(&self, answer: Result<T, Away>) -> Result<T, Away> {
        match &answer {
            Ok(_) if self.away().take().is_some() => tracing::info!("Redis is back: limits are shared again"),
            Err(cause) if self.away().replace(Instant::now()).is_none() => {
                tracing::warn!(error.message = %cause, "Redis is away: nobody can sign in, other limits are this node's own");
            }
            _ => {}
        }
        answer
    }

    /// Of those who come while it is away, one at a time finds out whether it is back.
    fn was_away_just_now(&self) -> bool {
        let mut away = self.away();
        match *away {
            Some(asked) if asked.elapsed() < ASK_AGAIN => true,
            Some(_) => {
                *away = Some(Instant::now());
                false
            }
            None => false,
        }
    }

    fn away(&self) -> MutexGuard<'_, Option<Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counters(&self, door: Door, subject: Subject<'_>) -> impl Iterator<Item = Counter> {
        let (breadth, what) = match subject {
            Subject::Address(email) => (Breadth::One, format!("address|{email}")),
            Subject::Person(id) => (Breadth::One, format!("person|{id}")),
            Subject::Key(id) => (Breadth::One, format!("key|{id}")),
            Subject::Tokens(session) => (Breadth::One, format!("tokens|{session}")),
            Subject::Device { number, phc } => (Breadth::One, format!("device|{}|{phc}", hex::encode(number))),
            Subject::Shut(shut, email) => (Breadth::One, format!("shut|{}|{email}", shut.as_str())),
            Subject::Network(network) => (Breadth::Network, format!("network|{network}")),
            Subject::Workspace(id) => (Breadth::One, format!("workspace|{id}")),
        };
        let site = match subject {
            Subject::Network(network) => network.site().map(|site| (Breadth::Site, format!("network|{site}"))),
            _ => None,
        };
        [Some((breadth, what)), site].into_iter().flatten().map(move |(breadth, what)| Counter {
            name: self.name(door, &what),
            breadth,
            scale: door.rate(&self.rates, breadth).into(),
        })
    }

    fn name(&self, door: Door, what: &str) -> Name {
        let whole = self.sealer.mac("limits", format!("{}|{what}", door.as_str()).as_bytes());
        let mut name = Name::default();
        name.copy_from_slice(&whole[..16]);
        name
    }
}

impl Pass<'_> {
    /// It stays counted.
    pub fn keep(self) {}

    /// Whoever came had every right to, or nothing was tried in the end. This one is given back, and none that was counted before:
    /// an attacker clears nothing with an account of his or her own, and a company behind one address can come to work.
    pub async fn undo(self) {
        match &self.limits.shared {
            Some(redis) if self.is_shared => redis.give_back(self.door, &self.counters, &self.slots).await,
            _ => self.limits.memory.give_back(self.door, &self.counters, &self.slots),
        }
    }
}

fn away() -> Error {
    Error::new(
        Code::Unavailable,
        "HYVVE cannot check this right now. Nothing was changed; please try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// So many attempts a minute at an account, and so many from a network.
    fn limits(account: u32, network: u32) -> Option<Limits> {
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())])?;
        let [sign_in, sign_in_network] = [account, network].map(|max| Rate { max, window: Duration::from_mins(1) });
        Some(Limits::alone(Rates { sign_in, sign_in_network, ..Rates::default() }, Arc::new(sealer)))
    }

    async fn opens(limits: &Limits, subjects: &[Subject<'_>]) -> bool {
        matches!(limits.knock(Door::SignIn, subjects).await, Ok(Knock::Open(_)))
    }

    #[tokio::test]
    async fn one_subject_that_came_too_often_shuts_the_door_and_costs_the_others_nothing() -> Result<(), &'static str> {
        let limits = limits(2, 2).ok_or("a key")?;
        let (here, there) = (Network::of(Some("192.0.2.1")), Network::of(Some("198.51.100.1")));
        let ada = |network| [Subject::Address("ada@example.com"), Subject::Network(network)];
        let eve = |network| [Subject::Address("eve@example.com"), Subject::Network(network)];
        assert!(opens(&limits, &ada(here)).await && opens(&limits, &ada(here)).await);
        for _ in 0..10 {
            assert!(!opens(&limits, &ada(there)).await, "the account is full from everywhere");
            assert!(!opens(&limits, &eve(here)).await, "the network is full for everybody");
        }
        assert!(opens(&limits, &eve(there)).await && opens(&limits, &eve(there)).await);
        assert!(!opens(&limits, &eve(there)).await);
        Ok(())
    }

    #[tokio::test]
    async fn who_had_every_right_to_come_is_not_counted_and_clears_nothing() -> Result<(), &'static str> {
        let limits = limits(2, 2).ok_or("a key")?;
        let here = Subject::Network(Network::of(Some("192.0.2.1")));
        let (mallory, victim) = (Subject::Address("mallory@example.com"), Subject::Address("ada@example.com"));
        assert!(opens(&limits, &[victim, here]).await);
        for _ in 0..10 {
            match limits.knock(Door::SignIn, &[mallory, here]).await {
                Ok(Knock::Open(pass)) => pass.undo().await,
                _ => return Err("refused too early"),
            }
        }
        assert!(opens(&limits, &[victim, here]).await);
        assert!(!opens(&limits, &[mallory, here]).await, "the network is full");
        Ok(())
    }

    #[tokio::test]
    async fn a_company_behind_one_address_has_more_attempts_than_one_account() -> Result<(), &'static str> {
        let limits = limits(2, 5).ok_or("a key")?;
        let here = Subject::Network(Network::of(Some("192.0.2.1")));
        let people = ["a", "b", "c"].map(|name| [Subject::Address(name), here]);
        assert!(opens(&limits, &people[0]).await && opens(&limits, &people[0]).await);
        assert!(!opens(&limits, &people[0]).await, "one account");
        assert!(opens(&limits, &people[1]).await && opens(&limits, &people[1]).await);
        assert!(opens(&limits, &people[2]).await);
        assert!(!opens(&limits, &people[2]).await, "the network");
        // Letters with a link to sign in are counted at the same rates, and apart.
        let mut letters = 0;
        for subjects in people.iter().cycle().take(20) {
            letters += usize::from(matches!(limits.knock(Door::SignInLink, subjects).await, Ok(Knock::Open(_))));
        }
        assert_eq!(letters, 5);
        Ok(())
    }

    #[tokio::test]
    async fn whoever_has_many_ipv6_networks_has_the_attempts_of_sixteen() -> Result<(), &'static str> {
        let limits = limits(2, 3).ok_or("a key")?;
        let from = |site: u16, network: u16| Network::of(Some(&format!("2001:db8:{site:x}:{network:x}::1")));
        let mut count = 0;
        for number in 0..1_000 {
            count += usize::from(opens(&limits, &[Subject::Network(from(1, number))]).await);
        }
        assert_eq!(count, 3 * 16);
        assert!(opens(&limits, &[Subject::Network(from(2, 0))]).await, "a neighbour");
        // One of the networks alone has no more than any other.
        for number in 1..5 {
            assert_eq!(opens(&limits, &[Subject::Network(from(2, 0))]).await, number < 3);
        }
        // What is given back, is given back to the site as well.
        for _ in 0..100 {
            match limits.knock(Door::SignIn, &[Subject::Network(from(2, 1))]).await {
                Ok(Knock::Open(pass)) => pass.undo().await,
                _ => return Err("refused too early"),
            }
        }
        Ok(())
    }
}
