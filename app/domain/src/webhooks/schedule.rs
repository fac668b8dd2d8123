//! When a delivery is tried again.

use std::time::Duration;

use crate::{Result, Timestamp, canonical};

/// For so long a delivery is tried, and so long nothing may get through before an endpoint is disabled.
pub(super) const DAY: Duration = Duration::from_hours(24);

/// Pauses after the first try, the second, …; after the last of them always the same.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
];

/// The next try of a delivery that has been tried so many times since it began; `None` when the day is over. The last try is
/// at its end.
pub(crate) fn next(begun: Timestamp, attempts: i32, now: Timestamp) -> Result<Option<Timestamp>> {
    let end = begun.plus(DAY);
    if now >= end {
        return Ok(None);
    }
    let [share] = canonical::random::<1>()?;
    Ok(Some(now.plus(pause(attempts, share)).min(end)))
}

/// Between 90 and 110 % of the pause, so that what failed together does not come again together.
fn pause(attempts: i32, share: u8) -> Duration {
    let at = usize::try_from(attempts).unwrap_or_default().saturating_sub(1);
    let pause = PAUSES[at.min(PAUSES.len() - 1)];
    pause.mul_f64(0.2f64.mul_add(f64::from(share) / 255.0, 0.9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_and_end_after_a_day() -> Result<()> {
        let begun = Timestamp::now();
        let (mut now, mut tries) = (begun, 1);
        while let Some(next) = next(begun, tries, now)? {
            assert!(next > now && next <= begun.plus(DAY));
            (now, tries) = (next, tries + 1);
        }
        assert_eq!(now, begun.plus(DAY), "the last try is at the end");
        assert!((8..=9).contains(&tries), "{tries} tries");
        Ok(())
    }

    #[test]
    fn a_pause_is_about_what_it_should_be() {
        assert_eq!(pause(1, 0), Duration::from_millis(4_500));
        assert_eq!(pause(1, 255), Duration::from_millis(5_500));
        assert!(pause(2, 128) > Duration::from_mins(4) && pause(2, 128) < Duration::from_mins(6));
        assert_eq!(pause(6, 0), pause(60, 0));
        assert_eq!(pause(0, 0), pause(1, 0));
    }
}
