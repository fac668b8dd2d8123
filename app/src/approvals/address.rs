//! What the page's address says: which tab, which page of it, which approval.

#[cfg(feature = "ssr")]
use hyvve_domain::approvals::{Filter, Status};
use hyvve_domain::ids::ApprovalId;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

use super::narrow::Narrowed;
use crate::shell::{Frame, use_frame};

/// A part of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    /// What waits for a decision.
    #[default]
    Waiting,
    /// What has had one.
    Decided,
    /// What a rule let through.
    Automatic,
    /// What a rule let through and somebody is asked to look at afterwards.
    Sampled,
    /// Everything.
    All,
}

impl Tab {
    pub(super) const EACH: [Self; 5] = [Self::Waiting, Self::Decided, Self::Automatic, Self::Sampled, Self::All];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Decided => "Decided",
            Self::Automatic => "By rule",
            Self::Sampled => "Second look",
            Self::All => "All",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Decided => "decided",
            Self::Automatic => "automatic",
            Self::Sampled => "sampled",
            Self::All => "all",
        }
    }

    /// What it asks of the queue.
    #[cfg(feature = "ssr")]
    pub(super) fn filter(self) -> Filter {
        match self {
            Self::Waiting => Filter { status: Some(Status::Pending), ..Filter::default() },
            Self::Decided => Filter { decided: true, ..Filter::default() },
            Self::Automatic => Filter { status: Some(Status::AutoApproved), ..Filter::default() },
            Self::Sampled => Filter { sampled: true, ..Filter::default() },
            Self::All => Filter::default(),
        }
    }
}

/// The address, read and written.
#[derive(Clone, Copy)]
pub(super) struct Address {
    frame: Frame,
    pub(super) tab: Memo<Tab>,
    pub(super) narrowed: Memo<Narrowed>,
    pub(super) page: Memo<i64>,
    pub(super) selected: Memo<Option<ApprovalId>>,
}

pub(super) fn use_address() -> Address {
    let (params, query) = (use_params_map(), use_query_map());
    let tab = move || {
        let word = query.read().get("tab").unwrap_or_default();
        Tab::EACH.into_iter().find(|tab| tab.word() == word).unwrap_or_default()
    };
    Address {
        frame: use_frame(),
        tab: Memo::new(move |_| tab()),
        narrowed: Memo::new(move |_| Narrowed::read(|name| query.read().get(name))),
        page: Memo::new(move |_| query.read().get("page").and_then(|page| page.parse().ok()).unwrap_or(1)),
        selected: Memo::new(move |_| params.read().get("id").and_then(|id| id.parse().ok())),
    }
}

impl Address {
    /// The address of an approval beside a page of a tab, or of the page alone, narrowed down as now if it is the tab of now.
    pub(super) fn of(self, id: Option<ApprovalId>, tab: Tab, page: i64) -> String {
        let same = tab == self.tab.get_untracked();
        let narrowed = if same { self.narrowed.get_untracked() } else { Narrowed::default() };
        self.whole(id, tab, &narrowed, page)
    }

    /// The address of a tab's first page, narrowed down so.
    pub(super) fn narrowed_to(self, tab: Tab, narrowed: &Narrowed) -> String {
        self.whole(None, tab, narrowed, 1)
    }

    fn whole(self, id: Option<ApprovalId>, tab: Tab, narrowed: &Narrowed, page: i64) -> String {
        self.frame.href(&path(id, tab, narrowed, page))
    }

    /// The address of an approval beside the list that shows.
    pub(super) fn beside(self, id: Option<ApprovalId>) -> String {
        self.of(id, self.tab.get(), self.page.get())
    }
}

/// The path in the workspace of an approval beside a page of a tab, or of the page alone.
pub(super) fn path(id: Option<ApprovalId>, tab: Tab, narrowed: &Narrowed, page: i64) -> String {
    let id = id.map(|id| format!("/{id}")).unwrap_or_default();
    let tab = if tab == Tab::default() { String::new() } else { format!("tab={}", tab.word()) };
    let page = if page == 1 { String::new() } else { format!("page={page}") };
    let parts = [tab].into_iter().chain(narrowed.query()).chain([page]);
    let query = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/approvals{id}{mark}{query}")
}
