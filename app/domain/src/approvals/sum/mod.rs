//! What several actions would do together: grouped by action, with totals of what adds up. Made of what their cards show.

#[cfg(feature = "ssr")]
mod adding;
#[cfg(feature = "ssr")]
mod exact;

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub(super) use self::adding::groups;

/// What a selection would do.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    /// By action, the most frequent first.
    pub groups: Vec<Group>,
    /// How many of these cannot be taken back.
    pub irreversible: usize,
    /// How many of these need the approval of others as well.
    pub want_several: usize,
    /// How many the reader may not decide on. They are in no group.
    pub barred: usize,
    /// How many are not, or not any more, what the reader was shown as waiting. They are in no group.
    pub moved_on: usize,
}

/// Actions of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "SumGroup"))]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The tool that would run.
    pub tool: String,
    /// What outside agents call it; `None`: HYVVE does it.
    pub action: Option<String>,
    /// How many there are.
    pub actions: usize,
    /// How many of them cannot be taken back.
    pub irreversible: usize,
    /// What they come to.
    pub facts: Vec<Fact>,
}

/// What actions of one kind come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "SumFact"))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Fact {
    /// Records of a collection change.
    Records {
        /// Its name.
        collection: String,
        /// How many different ones.
        records: usize,
    },
    /// A field of records changes.
    Field {
        /// Its title.
        label: String,
        /// In how many actions.
        actions: usize,
        /// The lowest and the highest number that it becomes, if it becomes numbers.
        becomes: Option<(String, String)>,
        /// By how much it changes in total, if that means anything.
        by: Option<String>,
    },
    /// Mails leave.
    Recipients {
        /// To how many different addresses.
        addresses: usize,
    },
    /// Web servers are asked.
    Hosts {
        /// Which ones, in the order of the alphabet.
        hosts: Vec<String>,
    },
    /// An argument adds up.
    Total {
        /// Its name.
        name: String,
        /// ISO 4217's code, if the action says which currency it is.
        currency: Option<String>,
        /// The total.
        total: String,
        /// Of how many actions.
        actions: usize,
    },
}
