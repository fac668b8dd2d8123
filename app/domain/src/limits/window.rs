//! A sliding window that counts in slots of time.
//!
//! A slot is a millisecond for small limits, and a 64th of the window for large ones, so that a window remembers at most 65
//! numbers, however many it lets through. A slot leaves the window as a whole, when its last millisecond does: the count is
//! never too small.

use std::{collections::VecDeque, time::Duration};

use super::Rate;

/// Up to this many, each is remembered by itself.
const SLOTS: u32 = 64;

/// The number of a slot, in slots since some beginning.
pub(super) type Slot = u64;

/// A door is shut: which of its windows is full, and how long until the same knock opens it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full {
    /// Of the windows, the one that waits longest.
    pub(super) at: usize,
    /// At least one millisecond.
    pub(super) wait: Duration,
}

/// A rate in milliseconds and slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scale {
    pub(super) max: u64,
    /// Milliseconds.
    pub(super) window: u64,
    /// Milliseconds in a slot.
    pub(super) grain: u64,
}

impl From<Rate> for Scale {
    fn from(rate: Rate) -> Self {
        let window = rate.window.as_millis() as u64;
        let grain = if rate.max <= SLOTS { 1 } else { window.div_ceil(u64::from(SLOTS)) };
        Self { max: rate.max.into(), window, grain }
    }
}

impl Scale {
    pub(super) fn slot(self, now: u64) -> Slot {
        now / self.grain
    }

    /// When a slot has left the window, in milliseconds.
    pub(super) fn leaves(self, slot: Slot) -> u64 {
        (slot + 1) * self.grain - 1 + self.window
    }
}

/// What was let through lately, oldest first.
#[derive(Default, Debug)]
pub(super) struct Window(VecDeque<(Slot, u64)>);

impl Window {
    /// Forgets what has left.
    pub(super) fn slide(&mut self, scale: Scale, now: u64) {
        while self.0.front().is_some_and(|(slot, _)| scale.leaves(*slot) <= now) {
            self.0.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long until there is room for one more; nothing when there is.
    pub(super) fn wait(&self, scale: Scale, now: u64) -> Option<Duration> {
        let mut more = self.0.iter().map(|(_, count)| count).sum::<u64>();
        if more < scale.max {
            return None;
        }
        let until = self.0.iter().find_map(|(slot, count)| {
            more -= count;
            (more < scale.max).then(|| scale.leaves(*slot))
        });
        Some(Duration::from_millis(until.unwrap_or(now + scale.window).saturating_sub(now)))
    }

    pub(super) fn add(&mut self, slot: Slot) {
        match self.0.back_mut() {
            Some((last, count)) if *last == slot => *count += 1,
            _ => self.0.push_back((slot, 1)),
        }
    }

    pub(super) fn take_back(&mut self, slot: Slot) {
        let Some(at) = self.0.iter().position(|(other, _)| *other == slot) else { return };
        self.0[at].1 -= 1;
        if self.0[at].1 == 0 {
            self.0.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(max: u32, seconds: u64) -> Scale {
        Rate { max, window: Duration::from_secs(seconds) }.into()
    }

    /// Knocks at each of these milliseconds; answers when it was let through.
    fn let_through(scale: Scale, at: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut window = Window::default();
        at.filter(|now| {
            window.slide(scale, *now);
            let opens = window.wait(scale, *now).is_none();
            if opens {
                window.add(scale.slot(*now));
            }
            opens
        })
        .collect()
    }

    #[test]
    fn no_interval_of_a_window_s_length_has_more_than_the_maximum() {
        for (max, seconds, step) in [(5, 900, 777), (3, 1, 10), (64, 60, 50), (100, 60, 90), (1_000, 60, 7)] {
            let scale = scale(max, seconds);
            let times = let_through(scale, (0..5 * scale.window).step_by(step));
            for (first, last) in times.iter().zip(times.iter().skip(max as usize)) {
                assert!(last - first >= scale.window, "{max} in {seconds} s: {first} to {last}");
            }
            // And hardly less: what is due comes at most a slot and a step late.
            let due = u64::from(max) * (5 * scale.window / (scale.window + scale.grain + step as u64));
            assert!(times.len() as u64 >= due, "{max} in {seconds} s: only {}", times.len());
        }
    }

    #[test]
    fn after_the_wait_that_was_told_there_is_room_and_not_a_millisecond_earlier() {
        for scale in [scale(5, 900), scale(1_000, 60)] {
            let mut window = Window::default();
            for n in 0..scale.max {
                window.add(scale.slot(10_000 + n * 3));
            }
            let now = 20_000;
            let wait = window.wait(scale, now).map(|wait| wait.as_millis() as u64).unwrap_or_default();
            window.slide(scale, now + wait - 1);
            assert!(window.wait(scale, now + wait - 1).is_some());
            window.slide(scale, now + wait);
            assert_eq!(window.wait(scale, now + wait), None);
        }
    }

    #[test]
    fn a_large_limit_remembers_few_numbers() {
        let scale = scale(1_000_000, 60);
        let mut window = Window::default();
        for now in (0..600_000).step_by(11) {
            window.slide(scale, now);
            window.add(scale.slot(now));
        }
        assert!(window.0.len() <= 66, "{}", window.0.len());
    }

    #[test]
    fn what_is_taken_back_makes_room() {
        let scale = scale(2, 60);
        let mut window = Window::default();
        window.add(7);
        window.add(7);
        assert!(window.wait(scale, 8).is_some());
        window.take_back(7);
        assert_eq!(window.wait(scale, 8), None);
        window.take_back(7);
        window.take_back(7);
        assert!(window.is_empty());
    }
}
