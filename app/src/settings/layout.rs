//! What the pages of settings have in common.

use hyvve_domain::Role;
use leptos::prelude::*;

use crate::{shell::use_frame, ui::PageHeader};

/// A page of settings, and who may see it.
struct Section {
    name: &'static str,
    path: &'static str,
    allowed: fn(Role) -> bool,
}

/// All of them.
const SECTIONS: [Section; 2] = [
    Section { name: "AI providers", path: "/settings/ai-providers", allowed: Role::can_configure_ai },
    Section { name: "Audit log", path: "/settings/audit-log", allowed: Role::can_audit },
];

/// A page of settings: its title, a sentence about it, the events that make it old, and what stands on it.
pub(super) fn settings_page(
    title: &'static str,
    lead: &'static str,
    follow: Option<&'static str>,
    content: AnyView,
) -> AnyView {
    let frame = use_frame();
    let role = frame.data().role;
    let links = SECTIONS.iter().filter(|section| (section.allowed)(role)).map(|section| {
        let current = (section.name == title).then_some("page");
        view! { <a href=frame.href(section.path) class="subnav-link" aria-current=current>{section.name}</a> }
    });
    view! {
        <div class="page settings" data-follow=follow>
            <nav class="subnav" aria-label="Settings">{links.collect_view()}</nav>
            <div class="min-w-0">
                <PageHeader title=title lead=lead/>
                {content}
            </div>
        </div>
    }
    .into_any()
}

/// The page at `/w/{workspace}/settings`: goes to the first of them.
pub(crate) fn first_page() -> AnyView {
    leptos_axum::redirect(&use_frame().href("/settings/ai-providers"));
    ().into_any()
}
