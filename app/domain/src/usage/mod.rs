//! What AI costs: prices, a ledger with every call of a model, and budgets.
//!
//! A call is written down when it has ended, in the transaction that stores what came of it. Where a budget applies, what it may
//! cost is held back before it begins, and what it did cost is taken from the budget afterwards; so calls that go on at the same
//! time cannot all believe that there is enough for each. What is not known is said to be unknown, and is never a price of nothing.

#[cfg(feature = "ssr")]
pub mod budgets;
#[cfg(feature = "ssr")]
mod budgets_store;
#[cfg(feature = "ssr")]
pub(crate) mod ledger;
#[cfg(feature = "ssr")]
mod ledger_store;
mod money;
mod price;
#[cfg(feature = "ssr")]
pub mod prices;
#[cfg(feature = "ssr")]
mod prices_store;
#[cfg(feature = "ssr")]
mod shipped;
mod stats;
#[cfg(feature = "ssr")]
pub mod stats_service;
#[cfg(feature = "ssr")]
mod stats_store;
#[cfg(feature = "ssr")]
mod terms;

pub use money::{dollars, micros};
pub use price::{EVERY_MODEL, ModelPrice, Price, SetPrice, Source};
pub use stats::{Amounts, LedgerRow, Line, More, Period, UsageStats};
#[cfg(feature = "ssr")]
pub(crate) use terms::Terms;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::BudgetId;

/// Whose spending a budget limits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "BudgetScope"))]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everybody's.
    Workspace,
    /// One agent's.
    Agent,
    /// What agents spend for one person.
    User,
}

impl Scope {
    /// The word on every wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Agent => "agent",
            Self::User => "user",
        }
    }
}

/// How much may be spent in a month, and what has gone of it in the present one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// Whose spending it limits.
    pub scope: Scope,
    /// The agent or the person; none for the workspace.
    pub subject_id: Option<Uuid>,
    /// That one's name; none for the workspace, and where it is gone.
    pub subject: Option<String>,
    /// Millionths of a dollar in a month.
    pub limit_micros: i64,
    /// Millionths of a dollar spent in this month.
    pub spent_micros: i64,
    /// Held back for calls that are under way.
    pub reserved_micros: i64,
}

impl Budget {
    /// What has been spent, in percent; all of it where there is nothing to spend.
    pub fn percent(&self) -> i64 {
        share(self.spent_micros, self.limit_micros)
    }
}

/// A budget to set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBudget {
    /// Whose spending it limits.
    pub scope: Scope,
    /// The agent or the person; none for the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<Uuid>,
    /// Millionths of a dollar in a month.
    pub limit_micros: i64,
}

/// Another limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetChanges {
    /// Millionths of a dollar in a month.
    pub limit_micros: i64,
}

/// How much of a limit it is, in whole percent, rounded down.
pub(crate) fn share(spent: i64, limit: i64) -> i64 {
    if limit <= 0 {
        return 100;
    }
    let percent = i128::from(spent) * 100 / i128::from(limit);
    i64::try_from(percent).unwrap_or(i64::MAX)
}
