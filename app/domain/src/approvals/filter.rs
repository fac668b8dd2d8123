//! Which items a list shows, and in which order: the same words in addresses, over REST and in what somebody has saved.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Status, routing::Review};
use crate::ids::{AgentId, UserId};

/// The most characters that somebody looks for.
pub const MAX_TEXT: usize = 200;

/// Which items a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Only with this status.
    pub status: Option<Status>,
    /// Only of this tool.
    pub tool: Option<String>,
    /// Only what is decided, whatever the outcome.
    #[serde(default)]
    pub decided: bool,
    /// Only what went on by itself and waits for a look afterwards.
    #[serde(default)]
    pub sampled: bool,
    /// How much further it is narrowed down, and the order.
    #[serde(default)]
    pub narrow: Narrow,
}

/// How a list is narrowed down, and its order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Narrow {
    /// Only what this agent proposed.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// Only what this person is asked about.
    #[serde(default)]
    pub assignee: Option<Whose>,
    /// Only what gets this look.
    #[serde(default)]
    pub review: Option<Review>,
    /// Only what nobody has decided on for so long that a step was taken, or that was to be decided by now.
    #[serde(default)]
    pub overdue: bool,
    /// Only what has these words in its title, by their beginnings.
    #[serde(default)]
    pub text: Option<String>,
    /// In which order.
    #[serde(default)]
    pub sort: Sort,
}

/// A filter as REST and saved filters write it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "SavedQuery"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Query {
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only of this tool.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Only what is decided, whatever the outcome.
    #[serde(skip_serializing_if = "is_false")]
    pub decided: bool,
    /// Only what went on by itself and waits for a look afterwards.
    #[serde(skip_serializing_if = "is_false")]
    pub sampled: bool,
    /// Only what this agent proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// `me`, `nobody`, or a person's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Whose>,
    /// `auto`, `quick` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Only what nobody has decided on for so long that a step was taken, or that was to be decided by now.
    #[serde(skip_serializing_if = "is_false")]
    pub overdue: bool,
    /// Only what has these words in its title, by their beginnings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `newest`, `oldest`, `due` or `score`.
    pub sort: Sort,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about by reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl From<Query> for Filter {
    fn from(query: Query) -> Self {
        let Query { status, tool, decided, sampled, agent, assignee, review, overdue, q, sort } = query;
        let tool = tool.filter(|tool| !tool.is_empty());
        Self { status, tool, decided, sampled, narrow: Narrow { agent, assignee, review, overdue, text: q, sort } }
    }
}

/// Who is asked to look at something: `me`, `nobody`, or a person's id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub enum Whose {
    /// Whoever looks at the list.
    Me,
    /// No person.
    Nobody,
    /// This one.
    Person(UserId),
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Nobody => f.write_str("nobody"),
            Self::Person(user) => user.fmt(f),
        }
    }
}

impl FromStr for Whose {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "me" => Ok(Self::Me),
            "nobody" => Ok(Self::Nobody),
            id => id.parse().map(Self::Person).map_err(|_| "expected me, nobody or a person's id".to_owned()),
        }
    }
}

impl TryFrom<String> for Whose {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
    }
}

impl From<Whose> for String {
    fn from(whose: Whose) -> Self {
        whose.to_string()
    }
}

/// The order of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// What is due next first, and at the end what is never due. Only of what waits.
    Due,
    /// The highest score first, and at the end what has none. Only of what waits: elsewhere it would tell of scores that are
    /// hidden until somebody has looked.
    Score,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Oldest, Self::Due, Self::Score];

    /// The word on every wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Due => "due",
            Self::Score => "score",
        }
    }

    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Newest => "Newest first",
            Self::Oldest => "Oldest first",
            Self::Due => "Due next",
            Self::Score => "Highest score",
        }
    }

    /// From the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }

    /// Whether there is this order only of what waits.
    pub const fn is_of_what_waits(self) -> bool {
        matches!(self, Self::Due | Self::Score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_something_is_reads_as_it_is_written() {
        let person: Option<UserId> = "01890a5d-ac96-774b-bcce-b302099a8057".parse().ok();
        for whose in [Some(Whose::Me), Some(Whose::Nobody), person.map(Whose::Person)].into_iter().flatten() {
            assert_eq!(whose.to_string().parse(), Ok(whose));
        }
        assert!("somebody".parse::<Whose>().is_err());
        for sort in Sort::ALL {
            assert_eq!(Sort::parse(sort.as_str()), Some(sort));
        }
    }
}
