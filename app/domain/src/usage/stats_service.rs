//! What was used: figures for a page, and every call for an export.

use time::{Date, Month};

use super::{Amounts, LedgerRow, Period, UsageStats, stats_store as store};
use crate::{
    Actor, Error, Result, Role, db::TenantTx, ids::RunId, providers::service::enter_to_read, services::Services,
};

/// The longest period, in days: a leap year.
const LONGEST: i64 = 366;
/// How many calls an export reads at once.
pub const BATCH: i64 = 1_000;

/// First and last day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days {
    pub(super) start: Date,
    pub(super) end: Date,
}

/// What was used in a period: everything for owners and admins, what was spent for them for everybody else.
pub async fn stats(s: &Services, actor: &Actor, period: &Period) -> Result<UsageStats> {
    enter_to_read(s, actor).await?;
    shown(s, actor, period).await
}

/// The same for a page that shows it, which is no call and not counted.
pub async fn shown(s: &Services, actor: &Actor, period: &Period) -> Result<UsageStats> {
    actor.person()?;
    let asked = parsed(period)?;
    let mut tx = s.db.tenant(actor).await?;
    let days = in_full(asked, store::today(&mut tx).await?)?;
    let mut stats = store::stats(&mut tx, days).await?;
    stats.only_own = !actor.role().is_some_and(Role::can_configure_ai);
    Ok(stats)
}

/// The days of a period, for [`rows`].
pub async fn days(s: &Services, actor: &Actor, period: &Period) -> Result<Days> {
    enter_to_read(s, actor).await?;
    let asked = parsed(period)?;
    let mut tx = s.db.tenant(actor).await?;
    in_full(asked, store::today(&mut tx).await?)
}

/// The next [`BATCH`] calls of some days, oldest first, after the one that was read last.
pub async fn rows(s: &Services, actor: &Actor, days: Days, after: Option<&LedgerRow>) -> Result<Vec<LedgerRow>> {
    actor.person()?;
    let mut tx = s.db.tenant(actor).await?;
    store::rows(&mut tx, days, after, BATCH).await
}

/// What a run's calls of models have cost so far, as far as the transaction's actor may see them.
pub(crate) async fn of_run(tx: &mut TenantTx, run: RunId) -> Result<Amounts> {
    store::of_run(tx, run).await
}

fn parsed(period: &Period) -> Result<(Option<Date>, Option<Date>)> {
    let read = |field: &str, text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => {
            date(text).map(Some).ok_or_else(|| Error::invalid(field, "date", "This is not a date like 2026-11-24."))
        }
    };
    Ok((read("startDate", &period.start_date)?, read("endDate", &period.end_date)?))
}

fn date(text: &str) -> Option<Date> {
    let shape = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
    if !shape.eq("0000-00-00".bytes()) {
        return None;
    }
    let month = Month::try_from(text.get(5..7)?.parse::<u8>().ok()?).ok()?;
    let year: i32 = text.get(..4)?.parse().ok()?;
    Date::from_calendar_date(year, month, text.get(8..)?.parse().ok()?).ok().filter(|_| (2000..=2999).contains(&year))
}

/// What was not said: from the first of the last day's month, until today.
fn in_full((start, end): (Option<Date>, Option<Date>), today: Date) -> Result<Days> {
    let end = end.unwrap_or_else(|| start.map_or(today, |start| start.max(today)));
    let start = start.or_else(|| end.replace_day(1).ok()).unwrap_or(end);
    if end < start {
        return Err(Error::invalid("endDate", "order", "The last day is before the first one."));
    }
    if (end - start).whole_days() >= LONGEST {
        return Err(Error::invalid("startDate", "range", "At most a year at once, please."));
    }
    Ok(Days { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(start: &str, end: &str) -> Result<(String, String)> {
        let period = Period { start_date: Some(start.into()), end_date: Some(end.into()) };
        let today = date("2026-11-24").ok_or_else(Error::unauthorized)?;
        let days = in_full(parsed(&period)?, today)?;
        Ok((days.start.to_string(), days.end.to_string()))
    }

    #[test]
    fn what_is_not_said_of_a_period_is_the_month_until_today() -> Result<()> {
        let days = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(full("", "")?, days("2026-11-01", "2026-11-24"));
        assert_eq!(full("", "2026-02-10")?, days("2026-02-01", "2026-02-10"));
        assert_eq!(full("2026-10-05", "")?, days("2026-10-05", "2026-11-24"));
        assert_eq!(full("2027-01-05", "")?, days("2027-01-05", "2027-01-05"));
        assert_eq!(full("2024-02-29", "2024-02-29")?, days("2024-02-29", "2024-02-29"));
        Ok(())
    }

    #[test]
    fn a_period_is_in_order_and_at_most_a_year() {
        let field = |start, end| full(start, end).err().and_then(|e| e.field().map(str::to_owned));
        assert_eq!(field("2026-11-02", "2026-11-01").as_deref(), Some("endDate"));
        assert_eq!(field("2025-01-01", "2026-11-01").as_deref(), Some("startDate"));
        for bad in ["2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "yesterday", "0001-01-01", "٢٠٢٦-01-01"] {
            assert_eq!(field(bad, "").as_deref(), Some("startDate"), "{bad}");
        }
    }
}
