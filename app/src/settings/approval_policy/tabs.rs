//! What the pages have in common.

use leptos::prelude::*;

use crate::{
    settings::layout::settings_page,
    shell::use_frame,
    ui::{Tab, Tabs},
};

/// The pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Policies,
    Calibration,
    Grants,
}

impl Part {
    pub(super) const EACH: [Self; 3] = [Self::Policies, Self::Calibration, Self::Grants];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Policies => "Policies",
            Self::Calibration => "Earned confidence",
            Self::Grants => "Grants",
        }
    }

    /// Events that change what it shows.
    const fn follow(self) -> Option<&'static str> {
        match self {
            Self::Policies | Self::Calibration => None,
            Self::Grants => Some("approval_grant. approval.requested approval.withdrawn"),
        }
    }

    /// Its path in the workspace.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Policies => "/settings/approval-policy",
            Self::Calibration => "/settings/approval-policy/calibration",
            Self::Grants => "/settings/approval-policy/grants",
        }
    }
}

/// One of the pages.
pub(super) fn part_page(part: Part, lead: &'static str, content: AnyView) -> AnyView {
    let frame = use_frame();
    let tab =
        |other: Part| Tab { label: other.label(), href: frame.href(other.path()), count: None, current: other == part };
    let tabs = Part::EACH.map(tab).to_vec();
    let content = view! {
        <div class="page-tabs"><Tabs label="Approval policy" tabs=Signal::stored(tabs)/></div>
        <div class="stack">{content}</div>
    };
    settings_page("Approval policy", lead, part.follow(), content.into_any())
}
