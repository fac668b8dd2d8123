//! Which events the page shows: the address says it.

use form_urlencoded::Serializer;
use hyvve_domain::{
    Timestamp,
    events::{filter::split, pull::Look},
};

use crate::shell::Visit;

/// What the address asks for, as it stands there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wanted {
    /// Types, or beginnings of such, between spaces or commas.
    pub(super) types: String,
    /// From when on, as a browser's field for times writes it.
    pub(super) from: String,
    /// Until when.
    pub(super) to: String,
    /// What is older than this number.
    pub(super) before: Option<i64>,
}

impl Wanted {
    pub(super) fn of(visit: &Visit) -> Self {
        let text = |key: &str| visit.query(key).unwrap_or_default();
        Self { types: text("types"), from: text("from"), to: text("to"), before: visit.parsed("before") }
    }

    /// Something other than everything is wanted.
    pub(super) fn is_filtered(&self) -> bool {
        !(self.types.is_empty() && self.from.is_empty() && self.to.is_empty())
    }

    /// New events belong on this page.
    pub(super) fn is_live(&self) -> bool {
        self.before.is_none() && self.to.is_empty()
    }

    pub(super) fn look(&self) -> Look {
        Look {
            types: split(&self.types),
            since: Timestamp::from_field(&self.from),
            until: Timestamp::from_field(&self.to),
            before: self.before,
        }
    }

    /// The address's query for what is older than a number, or for the newest.
    pub(super) fn query(&self, before: Option<i64>) -> String {
        let mut query = Serializer::new(String::new());
        for (key, value) in [("types", &self.types), ("from", &self.from), ("to", &self.to)] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

/// A time for a browser's field, which has no zone: here it is UTC.
pub(super) fn field(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_from_the_field_that_it_stands_in() {
        let wire = |text: &str| Timestamp::from_field(text).map(|at| at.to_string());
        assert_eq!(wire("2026-11-24T09:08"), Some("2026-11-24T09:08:00.000Z".to_owned()));
        assert_eq!(wire("2026-11-24T09:08:07"), Some("2026-11-24T09:08:07.000Z".to_owned()));
        assert_eq!(Timestamp::from_field("2026-11-24T09:08").map(field), Some("2026-11-24T09:08".to_owned()));
        for bad in ["", "yesterday", "2026-02-30T09:08", "2026-11-24 09:08", "２０２６-1"] {
            assert_eq!(Timestamp::from_field(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_address_of_older_events_keeps_the_filter() {
        let wanted = Wanted { types: "run. approval.".into(), from: "2026-11-24T09:08".into(), ..Wanted::default() };
        assert_eq!(wanted.query(Some(7)), "?types=run.+approval.&from=2026-11-24T09%3A08&before=7");
        assert_eq!(Wanted::default().query(None), "");
    }
}
