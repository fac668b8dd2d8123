//! What the queue adds up to: the figures and the chart of the home page.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::{figures_store as store, service::reader};
#[cfg(feature = "ssr")]
use crate::{Actor, Result, Role, services::Services};

/// How many days the chart shows, today included.
pub const CHART_DAYS: i32 = 14;
/// How many days the share and the median look back.
pub const WINDOW_DAYS: i32 = 30;

/// The queue in numbers, of what the reader may see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Whether the reader may decide: then what waits, waits for him or her.
    pub decides: bool,
    /// Items that wait.
    pub waiting: i64,
    /// Decided since midnight in the workspace's time zone.
    pub decided_today: i64,
    /// Decided in the last [`WINDOW_DAYS`] days, by people or by rules.
    pub decided: i64,
    /// Of these, let through by a rule.
    pub auto_approved: i64,
    /// Median seconds from proposal to a person's decision in the same days; `None` while there was none.
    pub median_seconds: Option<i64>,
    /// The last [`CHART_DAYS`] days, oldest first.
    pub days: Vec<Day>,
}

impl Figures {
    /// The auto-approved share in percent; `None` while nothing was decided.
    pub fn auto_share(&self) -> Option<i64> {
        (self.decided > 0).then(|| (self.auto_approved * 100 + self.decided / 2) / self.decided)
    }
}

/// One day's decisions by outcome.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// `2026-11-24`, in the workspace's time zone.
    pub date: String,
    /// Approved by people.
    pub approved: i64,
    /// Approved by rules.
    pub auto_approved: i64,
    /// Rejected.
    pub rejected: i64,
    /// Timed out, cancelled or superseded.
    pub ended: i64,
}

impl Day {
    /// All of the day's outcomes.
    pub const fn total(&self) -> i64 {
        self.approved + self.auto_approved + self.rejected + self.ended
    }
}

/// The figures of what the actor may see.
#[cfg(feature = "ssr")]
pub async fn figures(s: &Services, actor: &Actor) -> Result<Figures> {
    reader(actor)?;
    let mut tx = s.db.tenant(actor).await?;
    let waiting = super::list_store::count_pending(&mut tx).await?;
    let totals = store::totals(&mut tx, WINDOW_DAYS).await?;
    let days = store::days(&mut tx, CHART_DAYS).await?;
    Ok(Figures {
        decides: actor.role().is_some_and(Role::can_decide),
        waiting,
        decided_today: totals.decided_today,
        decided: totals.decided,
        auto_approved: totals.auto_approved,
        median_seconds: totals.median_seconds,
        days,
    })
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn a_share_is_rounded_and_needs_something_to_share() {
        let figures = |decided, auto_approved| Figures {
            decides: true,
            waiting: 0,
            decided_today: 0,
            decided,
            auto_approved,
            median_seconds: None,
            days: Vec::new(),
        };
        assert_eq!(figures(0, 0).auto_share(), None);
        assert_eq!(figures(3, 2).auto_share(), Some(67));
        assert_eq!(figures(8, 8).auto_share(), Some(100));
    }
}
