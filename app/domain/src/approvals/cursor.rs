//! Where a list goes on: after an item, in the order that the list was in.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};
use uuid::Uuid;

use super::{Item, filter::Sort, narrow_store::After};
use crate::{Error, Result};

/// When something is due that never is, as it is sorted.
fn never() -> OffsetDateTime {
    let day = Date::from_calendar_date(9999, Month::December, 31).unwrap_or(Date::MAX);
    day.with_time(Time::MIDNIGHT).assume_offset(UtcOffset::UTC)
}

/// After this item.
pub(super) fn write(sort: Sort, item: &Item) -> String {
    let place = match sort {
        Sort::Newest | Sort::Oldest => item.created_at.0.unix_timestamp_nanos().to_string(),
        Sort::Due => item.due_at.map_or_else(never, |at| at.0).unix_timestamp_nanos().to_string(),
        Sort::Score => item.score.unwrap_or(-1.0).to_bits().to_string(),
    };
    format!("{}.{place}.{}", sort.as_str(), item.id)
}

/// The same, read; an error for what was not written for this order.
pub(super) fn read(sort: Sort, cursor: &str) -> Result<After> {
    let after = || {
        let mut parts = cursor.strip_prefix(sort.as_str())?.strip_prefix('.')?.splitn(2, '.');
        let (place, id): (_, Uuid) = (parts.next()?, parts.next()?.parse().ok()?);
        Some(match sort {
            Sort::Newest | Sort::Oldest | Sort::Due => {
                let moment = OffsetDateTime::from_unix_timestamp_nanos(place.parse().ok()?).ok()?;
                // PostgreSQL's calendar begins in 4713 BC; ours in 1970.
                let moment = Some(moment).filter(|moment| moment.year() >= 0)?;
                After { moment: Some(moment), score: None, id }
            }
            Sort::Score => {
                let score = Some(f64::from_bits(place.parse().ok()?)).filter(|score| score.is_finite())?;
                After { moment: None, score: Some(score), id }
            }
        })
    };
    let words = "This is no place in this list. Take nextCursor of the page before, with the same sort.";
    after().ok_or_else(|| Error::invalid("cursor", "format", words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_one_order_is_none_in_another() {
        let id = Uuid::now_v7();
        let places = [(Sort::Newest, "1795511287060000000"), (Sort::Due, "1"), (Sort::Score, "0")];
        for (sort, place) in places {
            let cursor = format!("{}.{place}.{id}", sort.as_str());
            assert!(read(sort, &cursor).is_ok_and(|after| after.id == id));
            assert!(read(Sort::Oldest, &cursor).is_err());
        }
        let early = format!("newest.-300000000000000000000.{id}");
        for bad in
            ["", "newest", "newest.", "newest.x.y", "newest.1.", "newest.99999999999999999999999999999999.x", &early]
        {
            assert!(read(Sort::Newest, bad).is_err(), "{bad}");
        }
        // Without a number it would be the beginning once more.
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(read(Sort::Score, &format!("score.{}.{id}", bad.to_bits())).is_err(), "{bad}");
        }
        assert_eq!(never().year(), 9999);
    }
}
