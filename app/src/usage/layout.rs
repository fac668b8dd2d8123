//! What the pages of usage have in common.

use hyvve_domain::Role;
use leptos::prelude::*;

use crate::{
    shell::use_frame,
    ui::{PageHeader, Tab, Tabs},
};

/// The pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Overview,
    Budgets,
    Prices,
}

impl Part {
    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Budgets => "Budgets",
            Self::Prices => "Prices",
        }
    }

    /// Its path in the workspace.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/usage",
            Self::Budgets => "/usage/budgets",
            Self::Prices => "/usage/prices",
        }
    }
}

/// A page of usage. Prices are for those who configure AI.
pub(super) fn usage_page(part: Part, lead: &'static str, follow: &'static str, content: AnyView) -> AnyView {
    let frame = use_frame();
    let parts = [Part::Overview, Part::Budgets, Part::Prices];
    let may_see = |part: &Part| *part != Part::Prices || Role::can_configure_ai(frame.data().role);
    let tab =
        |other: Part| Tab { label: other.label(), href: frame.href(other.path()), count: None, current: other == part };
    let tabs: Vec<Tab> = parts.into_iter().filter(may_see).map(tab).collect();
    let title = match part {
        Part::Overview => "Usage",
        Part::Budgets => "Budgets",
        Part::Prices => "Prices",
    };
    view! {
        <div class="page" data-follow=follow>
            <PageHeader title=title lead=lead/>
            <div class="page-tabs"><Tabs label="Usage" tabs=Signal::stored(tabs)/></div>
            <div class="stack">{content}</div>
        </div>
    }
    .into_any()
}
