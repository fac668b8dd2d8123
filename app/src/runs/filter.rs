//! Which runs the list shows: the address says it.

use hyvve_domain::{
    agents::RunStatus,
    ids::{AgentId, AgentSessionId},
};

use crate::{shell::Visit, ui::Tab};

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
    pub(super) session: Option<AgentSessionId>,
    pub(super) status: Option<RunStatus>,
    pub(super) page: Option<i64>,
}

impl Wanted {
    pub(super) fn of(visit: &Visit) -> Self {
        Self {
            agent: visit.parsed("agent"),
            session: visit.parsed("session"),
            status: visit.query("status").as_deref().and_then(RunStatus::parse),
            page: visit.parsed("page"),
        }
    }

    /// The address's query; empty when everything is wanted.
    pub(super) fn query(self) -> String {
        let agent = self.agent.map(|agent| format!("agent={agent}"));
        let session = self.session.map(|session| format!("session={session}"));
        let status = self.status.map(|status| format!("status={}", status.as_str()));
        let page = self.page.filter(|page| *page > 1).map(|page| format!("page={page}"));
        let parts: Vec<String> = [agent, session, status, page].into_iter().flatten().collect();
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
