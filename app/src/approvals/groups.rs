//! The groups in which a list shows what waits.

use hyvve_domain::{
    approvals::{Item, routing::Review},
    ids::ApprovalId,
};

/// A group, in the order in which they show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Group {
    /// A glance is enough.
    Quick,
    /// Everything has to be looked at.
    Full,
    /// Others have to act first, or are asked.
    Others,
    /// Somebody has put it off.
    Later,
}

impl Group {
    pub(super) const EACH: [Self; 4] = [Self::Quick, Self::Full, Self::Others, Self::Later];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Quick => "Quick review",
            Self::Full => "Full review",
            Self::Others => "Waiting on others",
            Self::Later => "Put off",
        }
    }

    /// Of an item, at this moment in milliseconds since 1970; `others` wait for others than the reader.
    pub(super) fn of(item: &Item, others: &[ApprovalId], now: i64) -> Self {
        if item.is_put_off(now) {
            return Self::Later;
        }
        match item.review {
            _ if others.contains(&item.id) => Self::Others,
            Review::Full => Self::Full,
            Review::Auto | Review::Quick => Self::Quick,
        }
    }
}
