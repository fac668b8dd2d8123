//! A conversation on its way to the browser: its turns, and the HTML of what is complete in them.

use std::collections::BTreeMap;

use hyvve_domain::agents::{AgentSession, RunStatus, Turn};
use serde::{Deserialize, Serialize};

/// A conversation with everything that shows of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Talk {
    /// The conversation.
    pub session: AgentSession,
    /// Oldest first; of many, the newest.
    pub turns: Vec<ShownTurn>,
    /// What was said before, if that is not all.
    pub earlier: Option<Earlier>,
}

/// Turns that do not show, and the page of the conversation's runs on which they begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// How many.
    pub count: i64,
    /// Which page.
    pub page: i64,
}

/// A turn with its finished texts as clean HTML.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShownTurn {
    /// The turn.
    pub turn: Turn,
    /// HTML by the place of the text among the turn's items.
    pub html: BTreeMap<usize, String>,
}

#[cfg(feature = "ssr")]
impl From<Turn> for ShownTurn {
    fn from(turn: Turn) -> Self {
        use hyvve_domain::agents::TurnItem;

        let html = turn.items.iter().enumerate().filter_map(|(at, item)| match item {
            TurnItem::Text { text } if is_complete(&turn, at) => Some((at, crate::markdown::to_html(text))),
            _ => None,
        });
        Self { html: html.collect(), turn }
    }
}

/// Whether nothing will be added to an item any more: something stands behind it, or the agent has stopped.
pub(super) fn is_complete(turn: &Turn, at: usize) -> bool {
    at + 1 < turn.items.len() || !is_working(turn.status)
}

/// Whether the agent is at it, or about to be.
pub(super) fn is_working(status: RunStatus) -> bool {
    matches!(status, RunStatus::Pending | RunStatus::Running)
}
