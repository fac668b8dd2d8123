//! How many calls of one key go on at once, and how many begin in a minute: as many as its workspace allows. Who comes too early
//! waits, in a line that is fair to people: whoever has the fewest calls under way is next, then whose last call began longest ago, then
//! whoever has waited for longest.
//!
//! Each server has lines of its own. Where servers share a Redis, they share the places as well (`limits/places.rs`): the first of each
//! line asks for one, and of several servers whoever asks first after one is free has it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::sleep};

use super::Provider;
use crate::{
    ids::{ProviderId, UserId},
    limits::{self, Limits},
};

/// The time in which beginnings are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// What a workspace allows of one of its keys; what is not set is not limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pace {
    /// Calls at once.
    pub(super) at_once: Option<u32>,
    /// Calls that begin in a minute.
    pub(super) per_minute: Option<u32>,
}

impl Pace {
    pub(super) fn of(provider: &Provider) -> Self {
        let most = |calls: Option<i32>| calls.map(i32::unsigned_abs);
        Self { at_once: most(provider.max_at_once), per_minute: most(provider.max_per_minute) }
    }
}

/// The turnstiles of this server.
#[derive(Default, Debug)]
pub struct Turnstiles(Mutex<HashMap<ProviderId, Arc<Turnstile>>>);

#[derive(Default, Debug)]
struct Turnstile {
    line: Mutex<Line>,
    moved: Notify,
}

#[derive(Default, Debug)]
struct Line {
    /// The number of the next one who comes.
    next: u64,
    waiting: Vec<(u64, UserId)>,
    /// Calls under way, by person.
    inside: HashMap<UserId, u32>,
    /// The how-manieth beginning somebody's last one was, since the line was empty.
    last: HashMap<UserId, u64>,
    /// How many have begun.
    beginnings: u64,
    /// When calls of the last minute began, oldest first.
    begun: Vec<Instant>,
}

/// A call that may go on until this is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    turnstile: Arc<Turnstile>,
    user: UserId,
    /// Among all servers.
    _place: Option<limits::Place>,
}

/// Somebody who stands in the line, and leaves it also when nobody waits for him or her any more.
struct Place<'t> {
    turnstile: &'t Turnstile,
    number: u64,
}

impl Turnstiles {
    /// Waits for one's turn.
    pub(super) async fn pass(
        &self,
        limits: &Arc<Limits>,
        provider: ProviderId,
        pace: Pace,
        user: UserId,
    ) -> Option<Pass> {
        if pace == Pace::default() {
            return None;
        }
        let turnstile = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, turnstile| Arc::strong_count(turnstile) > 1 || !turnstile.line().is_idle());
            Arc::clone(all.entry(provider).or_default())
        };
        let place = Place { number: turnstile.line().enter(user), turnstile: &turnstile };
        let shared = loop {
            let moved = turnstile.moved.notified();
            tokio::pin!(moved);
            // From here on nothing that moves is missed.
            moved.as_mut().enable();
            let turn = turnstile.line().turn(place.number, pace, Instant::now());
            let wait = match turn {
                Ok(()) => match limits.take_place(provider.0, pace.at_once, pace.per_minute).await {
                    Some(Ok(shared)) => {
                        turnstile.line().pass(place.number, pace, Instant::now());
                        break Some(shared);
                    }
                    Some(Err(wait)) => Some(wait),
                    None => match turnstile.line().try_pass(place.number, pace, Instant::now()) {
                        Ok(()) => break None,
                        Err(wait) => wait,
                    },
                },
                Err(wait) => wait,
            };
            match wait {
                Some(wait) => tokio::select! {
                    () = moved => {}
                    () = sleep(wait) => {}
                },
                None => moved.await,
            }
        };
        drop(place);
        Some(Pass { turnstile, user, _place: shared })
    }
}

impl Turnstile {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turnstile.line().step_out(self.number);
        self.turnstile.moved.notify_waiters();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.turnstile.line().leave(self.user);
        self.turnstile.moved.notify_waiters();
    }
}

impl Line {
    fn enter(&mut self, user: UserId) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push((number, user));
        number
    }

    fn step_out(&mut self, number: u64) {
        self.waiting.retain(|(other, _)| *other != number);
        self.forget();
    }

    /// Whose turn it was last matters as long as somebody waits.
    fn forget(&mut self) {
        if self.waiting.is_empty() {
            self.last.clear();
        }
    }

    fn leave(&mut self, user: UserId) {
        if let Some(inside) = self.inside.get_mut(&user) {
            *inside -= 1;
            if *inside == 0 {
                self.inside.remove(&user);
            }
        }
    }

    /// Nothing is to be remembered of it.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.inside.is_empty()
            && self.begun.last().is_none_or(|begun| begun.elapsed() >= MINUTE)
    }

    /// Who is next.
    fn first(&self) -> Option<u64> {
        let count = |user: &UserId| self.inside.get(user).copied().unwrap_or(0);
        let rank = |(number, user): &(u64, UserId)| (count(user), self.last.get(user).copied(), *number);
        self.waiting.iter().min_by_key(|place| rank(place)).map(|(number, _)| *number)
    }

    /// Lets that one pass whose turn it is.
    fn try_pass(&mut self, number: u64, pace: Pace, now: Instant) -> Result<(), Option<Duration>> {
        self.turn(number, pace, now).map(|()| self.pass(number, pace, now))
    }

    /// Whether it is somebody's turn. Otherwise how long until it may be, where time alone decides.
    fn turn(&mut self, number: u64, pace: Pace, now: Instant) -> Result<(), Option<Duration>> {
        self.begun.retain(|begun| now.duration_since(*begun) < MINUTE);
        let inside: u32 = self.inside.values().sum();
        if self.first() != Some(number) || pace.at_once.is_some_and(|most| inside >= most.max(1)) {
            return Err(None);
        }
        let most = pace.per_minute.map_or(usize::MAX, |most| most.max(1) as usize);
        if let Some(oldest) = self.begun.len().checked_sub(most).and_then(|at| self.begun.get(at)) {
            return Err(Some(MINUTE.saturating_sub(now.duration_since(*oldest))));
        }
        Ok(())
    }

    fn pass(&mut self, number: u64, pace: Pace, now: Instant) {
        if let Some((_, user)) = self.waiting.iter().find(|(other, _)| *other == number) {
            *self.inside.entry(*user).or_default() += 1;
            self.beginnings += 1;
            self.last.insert(*user, self.beginnings);
        }
        if pace.per_minute.is_some() {
            self.begun.push(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::{limits::Rates, seal::Sealer};

    /// Passes where no server shares anything with another.
    async fn pass(turnstiles: &Turnstiles, key: ProviderId, pace: Pace, user: UserId) -> Option<Pass> {
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())])?;
        turnstiles.pass(&Arc::new(Limits::alone(Rates::default(), Arc::new(sealer))), key, pace, user).await
    }

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    const KEY: ProviderId = ProviderId(Uuid::nil());
    const SOON: Duration = Duration::from_millis(20);

    fn at_once(most: u32) -> Pace {
        Pace { at_once: Some(most), per_minute: None }
    }

    #[tokio::test]
    async fn no_more_go_on_at_once_than_may_and_whoever_gives_up_leaves_the_line() {
        let turnstiles = Turnstiles::default();
        let first = pass(&turnstiles, KEY, at_once(2), user(1)).await;
        let second = pass(&turnstiles, KEY, at_once(2), user(1)).await;
        assert!(timeout(SOON, pass(&turnstiles, KEY, at_once(2), user(2))).await.is_err());
        // Another key has a line of its own, and one without limits none.
        assert!(pass(&turnstiles, ProviderId(Uuid::max()), at_once(1), user(1)).await.is_some());
        assert!(pass(&turnstiles, KEY, Pace::default(), user(1)).await.is_none());
        drop(first);
        assert!(timeout(SOON, pass(&turnstiles, KEY, at_once(2), user(1))).await.is_ok());
        drop(second);
    }

    #[tokio::test]
    async fn somebody_with_many_calls_does_not_keep_others_waiting() {
        let turnstiles = Arc::new(Turnstiles::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        let busy = pass(&turnstiles, KEY, at_once(1), user(1)).await;
        let come = |number: u128| {
            let (turnstiles, order) = (Arc::clone(&turnstiles), Arc::clone(&order));
            tokio::spawn(async move {
                let pass = pass(&turnstiles, KEY, at_once(2), user(number)).await;
                order.lock().unwrap_or_else(PoisonError::into_inner).push(number);
                sleep(SOON / 4).await;
                drop(pass);
            })
        };
        let mut tasks: Vec<_> = (0..5).map(|_| come(1)).collect();
        sleep(SOON).await;
        let before = order.lock().unwrap_or_else(PoisonError::into_inner).len();
        tasks.push(come(2));
        join_all(tasks).await;
        let order = order.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(order[before..].iter().position(|n| *n == 2) <= Some(1), "{order:?} after {before}");
        drop(busy);
    }

    #[test]
    fn people_take_turns_also_where_one_call_at_once_goes_on() {
        let (mut line, now) = (Line::default(), Instant::now());
        let come = |name: u128| (line.enter(user(name)), name);
        let names: HashMap<u64, u128> = [1, 1, 1, 2, 2, 3].map(come).into();
        let mut order = Vec::new();
        while let Some(number) = line.first() {
            assert_eq!(line.try_pass(number, at_once(1), now), Ok(()));
            line.step_out(number);
            line.leave(user(names[&number]));
            order.push(names[&number]);
        }
        assert_eq!(order, [1, 2, 3, 1, 2, 1]);
        assert!(line.last.is_empty(), "nobody is remembered where nobody waits");
    }

    #[test]
    fn as_many_begin_in_a_minute_as_may_and_the_next_one_is_told_when() {
        let mut line = Line::default();
        let pace = Pace { at_once: None, per_minute: Some(2) };
        let now = Instant::now();
        let mut come = |now: Instant| {
            let number = line.enter(user(1));
            let passed = line.try_pass(number, pace, now);
            line.waiting.clear();
            passed
        };
        assert_eq!(come(now), Ok(()));
        assert_eq!(come(now + Duration::from_secs(10)), Ok(()));
        assert_eq!(come(now + Duration::from_secs(15)), Err(Some(Duration::from_secs(45))));
        assert_eq!(come(now + Duration::from_secs(59)), Err(Some(Duration::from_secs(1))));
        assert_eq!(come(now + MINUTE), Ok(()));
        assert_eq!(come(now + MINUTE), Err(Some(Duration::from_secs(10))));
    }
}
