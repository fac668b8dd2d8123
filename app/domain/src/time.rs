//! Instants in UTC, written as ISO 8601 with milliseconds on every wire.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{Date, OffsetDateTime, SignedDuration, Time};

/// An instant in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(transparent))]
pub struct Timestamp(pub OffsetDateTime);

impl Timestamp {
    /// Now, by the server's clock. The browser has `Date.now()`.
    #[cfg(feature = "ssr")]
    pub fn now() -> Self {
        Self(OffsetDateTime::now_utc())
    }

    /// From what a browser's field for a date and a time writes, without a zone: here it is UTC.
    pub fn from_field(text: &str) -> Option<Self> {
        match text.len() {
            16 => parse(&format!("{text}:00.000Z")),
            19 => parse(&format!("{text}.000Z")),
            _ => None,
        }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        (self.0.unix_timestamp_nanos() / 1_000_000) as i64
    }

    /// This instant moved into the future, to the end of the year 9999 at most: how far may be what somebody typed.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(signed(by)))
    }

    /// This instant moved into the past, likewise.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(signed(by)))
    }
}

fn signed(by: Duration) -> SignedDuration {
    by.try_into().unwrap_or(SignedDuration::MAX)
}

/// `2026-11-24T09:08:07.060Z`. Written and read by hand: the browser's download has no room for a general parser.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.0.to_offset(time::UtcOffset::UTC);
        let (year, month, day) = (t.year(), u8::from(t.month()), t.day());
        let (hour, minute, second, millis) = (t.hour(), t.minute(), t.second(), t.millisecond());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// The wire form, and nothing else.
fn parse(text: &str) -> Option<Timestamp> {
    let shape = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
    if !shape.eq("0000-00-00T00:00:00.000Z".bytes()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let small = |from: usize| number(from, from + 2)?.try_into().ok();
    let month = u8::try_into(small(5)?).ok()?;
    let date = Date::from_calendar_date(number(0, 4)?.into(), month, small(8)?).ok()?;
    let time = Time::from_hms_milli(small(11)?, small(14)?, small(17)?, number(20, 23)?).ok()?;
    Some(Timestamp(date.with_time(time).assume_utc()))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not a time like 2026-11-24T09:08:07.060Z"))
    }
}

#[cfg(feature = "ssr")]
impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_instant_is_beyond_what_can_be_written() {
        let t = Timestamp(OffsetDateTime::UNIX_EPOCH);
        for by in [Duration::from_hours(4_000_000_000), Duration::MAX] {
            assert_eq!(t.plus(by).to_string(), "9999-12-31T23:59:59.999Z");
            assert!(t.minus(by) < t);
        }
        assert_eq!(t.plus(Duration::from_mins(1)).minus(Duration::from_mins(1)), t);
    }

    #[test]
    fn the_wire_form_has_milliseconds_and_comes_back() -> Result<(), serde_json::Error> {
        let wire = "\"2026-11-24T09:08:07.060Z\"";
        let t: Timestamp = serde_json::from_str(wire)?;
        assert_eq!(serde_json::to_string(&t)?, wire);
        assert_eq!(t.unix_millis(), 1_795_511_287_060);
        for bad in [
            "2026-02-30T00:00:00.000Z",
            "2026-11-24T24:00:00.000Z",
            "2026-11-24T09:08:07Z",
            "2026-11-24T09:08:07.060+00:00",
        ] {
            assert_eq!(parse(bad), None, "{bad} was taken");
        }
        Ok(())
    }
}
