//! Which runs the list shows: the address says it.

use hyvve_domain::{agents::RunStatus, ids::AgentId};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::ui::Tab;

/// The tabs of the list.
const STATUSES: [(&str, Option<RunStatus>); 6] = [
    ("All", None),
    ("Running", Some(RunStatus::Running)),
    ("Waiting", Some(RunStatus::Paused)),
    ("Completed", Some(RunStatus::Completed)),
    ("Failed", Some(RunStatus::Error)),
    ("Cancelled", Some(RunStatus::Cancelled)),
];

/// What the address asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Wanted {
    pub(super) agent: Option<AgentId>,
    pub(super) status: Option<RunStatus>,
    pub(super) page: Option<i64>,
}

impl Wanted {
    /// The address's query; empty when everything is wanted.
    pub(super) fn query(self) -> String {
        let agent = self.agent.map(|agent| format!("agent={agent}"));
        let status = self.status.map(|status| format!("status={}", status.as_str()));
        let page = self.page.filter(|page| *page > 1).map(|page| format!("page={page}"));
        let parts: Vec<String> = [agent, status, page].into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// One tab per status.
    pub(super) fn tabs(self) -> Vec<Tab> {
        let tab = |(label, status)| Tab {
            label,
            href: format!("?{}", Self { status, page: None, ..self }.query().trim_start_matches('?')),
            count: None,
            current: status == self.status,
        };
        STATUSES.into_iter().map(tab).collect()
    }
}

/// What the address asks for, as it changes.
pub(super) fn use_wanted() -> Memo<Wanted> {
    let query = use_query_map();
    Memo::new(move |_| {
        let query = query.read();
        Wanted {
            agent: query.get_str("agent").and_then(|id| id.parse().ok()),
            status: query.get_str("status").and_then(RunStatus::parse),
            page: query.get_str("page").and_then(|page| page.parse().ok()),
        }
    })
}
