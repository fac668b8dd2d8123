//! Counting in the memory of one node, of which it takes a bounded part.
//!
//! What is full must not forget: an attacker who could push a victim's window out with windows of other names would get more
//! attempts. So a name that comes when there is no room shares a window with other such names. That makes its limit stricter,
//! never looser, and ends with the flood.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Counter, Name,
    door::Door,
    network::Breadth,
    window::{Full, Scale, Slot, Window},
};

/// Names with a window of their own, per table.
const CAPACITY: usize = 50_000;
/// A table is looked through for what has ended whenever it has grown by this many;
const TIDY_AFTER: usize = 1_000;
/// when it is full, as often as this, in milliseconds.
const TIDY_EVERY: u64 = 1_000;

/// The windows of one door and breadth, which are all of one scale. A shared window stands under the first 12 bits of its names.
#[derive(Default)]
struct Table {
    own: HashMap<Name, Window>,
    shared: HashMap<u16, Window>,
    tidy_at: usize,
    tidied: u64,
}

/// The windows of all doors.
pub(super) struct Memory {
    began: Instant,
    tables: [Mutex<[Table; Breadth::COUNT]>; Door::COUNT],
}

impl Default for Memory {
    fn default() -> Self {
        Self { began: Instant::now(), tables: Default::default() }
    }
}

impl Memory {
    /// Counts once in each window, or in none; answers in which slots.
    pub(super) fn count(&self, door: Door, counters: &[Counter]) -> Result<Vec<Slot>, Full> {
        let now = self.began.elapsed().as_millis() as u64;
        let mut tables = self.tables(door);
        let waits = counters.iter().enumerate().filter_map(|(at, counter)| {
            let wait = tables[counter.breadth as usize].wait(counter.name, counter.scale, now)?;
            Some(Full { at, wait })
        });
        if let Some(full) = waits.max_by_key(|full| full.wait) {
            return Err(full);
        }
        let add = |counter: &Counter| tables[counter.breadth as usize].add(counter.name, counter.scale, now, CAPACITY);
        Ok(counters.iter().map(add).collect())
    }

    /// Takes back what was counted in each window, in these slots.
    pub(super) fn give_back(&self, door: Door, counters: &[Counter], slots: &[Slot]) {
        let mut tables = self.tables(door);
        for (counter, slot) in counters.iter().zip(slots) {
            if let Some(window) = tables[counter.breadth as usize].find(counter.name) {
                window.take_back(*slot);
            }
        }
    }

    fn tables(&self, door: Door) -> MutexGuard<'_, [Table; Breadth::COUNT]> {
        self.tables[door as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// How long until there is room for one more; nothing when there is.
    fn wait(&mut self, name: Name, scale: Scale, now: u64) -> Option<Duration> {
        let window = self.find(name)?;
        window.slide(scale, now);
        window.wait(scale, now)
    }

    fn add(&mut self, name: Name, scale: Scale, now: u64, capacity: usize) -> Slot {
        let slot = scale.slot(now);
        self.make(name, scale, now, capacity).add(slot);
        slot
    }

    /// The window that counts for a name, if there is one. A shared one counts for as long as there is something in it, so
    /// that nobody has two.
    fn find(&mut self, name: Name) -> Option<&mut Window> {
        if let Some(window) = self.own.get_mut(&name) {
            return Some(window);
        }
        self.shared.get_mut(&shelf(name))
    }

    fn make(&mut self, name: Name, scale: Scale, now: u64, capacity: usize) -> &mut Window {
        if self.shared.get(&shelf(name)).is_some_and(Window::is_empty) {
            self.shared.remove(&shelf(name));
        }
        let is_full = self.own.len() >= capacity && now >= self.tidied + TIDY_EVERY;
        if (self.own.len() >= self.tidy_at || is_full) && self.find(name).is_none() {
            self.own.retain(|_, window| {
                window.slide(scale, now);
                !window.is_empty()
            });
            (self.tidy_at, self.tidied) = (self.own.len() + TIDY_AFTER, now);
        }
        let shares = self.shared.contains_key(&shelf(name)) || self.own.len() >= capacity;
        if shares && !self.own.contains_key(&name) {
            return self.shared.entry(shelf(name)).or_default();
        }
        self.own.entry(name).or_default()
    }
}

fn shelf([first, second, ..]: Name) -> u16 {
    u16::from_be_bytes([first, second]) >> 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Rate;

    const RATE: Rate = Rate { max: 5, window: Duration::from_mins(15) };

    fn name(number: u32) -> Name {
        let mut name = Name::default();
        name.copy_from_slice(&crate::canonical::sha256(&number.to_be_bytes())[..16]);
        name
    }

    /// Whether one more was let through.
    fn count(table: &mut Table, name: Name, scale: Scale, now: u64, capacity: usize) -> bool {
        let opens = table.wait(name, scale, now).is_none();
        if opens {
            table.add(name, scale, now, capacity);
        }
        opens
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory_and_gives_nobody_more_attempts() {
        let (mut table, scale, capacity) = (Table::default(), Scale::from(RATE), 100);
        let attempts = |table: &mut Table, number, now| {
            (0..10).filter(|_| count(table, name(number), scale, now, capacity)).count()
        };
        assert_eq!(attempts(&mut table, 0, 0), 5);
        for number in 1..20_000 {
            assert!(attempts(&mut table, number, u64::from(number)) <= 5);
        }
        assert_eq!(table.own.len(), capacity);
        assert!(table.shared.len() <= 1 << 12);
        assert_eq!(attempts(&mut table, 0, 20_000), 0, "the first is not forgotten");
        assert_eq!(attempts(&mut table, 19_999, 20_000), 0, "nor is one that shares");
        // What shared while the table was full has no second window once there is room.
        table.own.clear();
        assert_eq!(attempts(&mut table, 19_999, 20_001), 0);
        // All of it ends.
        let later = 20_000 + scale.window;
        assert_eq!(attempts(&mut table, 19_999, later), 5);
        assert!(table.own.contains_key(&name(19_999)));
    }

    #[test]
    fn what_has_ended_is_tidied_away_before_the_table_is_full() {
        let (mut table, scale) = (Table::default(), Scale::from(RATE));
        for number in 0..100_000 {
            let now = u64::from(number) * 1_000;
            assert!(count(&mut table, name(number), scale, now, CAPACITY));
        }
        // 900 live at any time.
        assert!(table.own.len() <= 900 + 2 * TIDY_AFTER, "{}", table.own.len());
        assert!(table.shared.is_empty());
    }
}
