//! What the pages of settings have in common.

use hyvve_domain::Role;
use leptos::prelude::*;

use crate::{
    flash::Flash,
    shell::{Command, is_place, use_frame},
    ui::{Glyph, PageHeader},
};

/// A page of settings, and who may see it.
struct Section {
    name: &'static str,
    path: &'static str,
    allowed: fn(Role) -> bool,
}

/// All of them.
const SECTIONS: [Section; 10] = [
    Section { name: "General", path: "/settings/general", allowed: everyone },
    Section { name: "Notifications", path: "/settings/notifications", allowed: everyone },
    Section { name: "Members", path: "/settings/members", allowed: Role::sees_members },
    Section { name: "Security", path: "/settings/security", allowed: Role::can_secure_workspace },
    Section { name: "AI providers", path: "/settings/ai-providers", allowed: Role::can_configure_ai },
    Section { name: "Approval policy", path: "/settings/approval-policy", allowed: Role::can_decide },
    Section { name: "API keys", path: "/settings/api-keys", allowed: everyone },
    Section { name: "Webhooks", path: "/settings/webhooks", allowed: Role::manages_webhooks },
    Section { name: "Events", path: "/settings/events", allowed: Role::can_read_events },
    Section { name: "Audit log", path: "/settings/audit-log", allowed: Role::can_audit },
];

const fn everyone(_: Role) -> bool {
    true
}

/// The ways to those that a role sees, for the command menu; it has the places already.
pub(crate) fn section_commands(role: Role) -> Vec<Command> {
    let frame = use_frame();
    let shown = SECTIONS.iter().filter(|section| (section.allowed)(role) && !is_place(section.path));
    let go = |section: &Section| {
        Command::go(format!("Settings: {}", section.name), Glyph::Settings, &frame.href(section.path))
    };
    shown.map(go).collect()
}

/// What has come of the last form.
pub(crate) fn done(flash: &Flash) -> AnyView {
    let done = Some(flash.typed("done")).filter(|done| !done.is_empty());
    done.map(|done| view! { <p class="form-done" role="status">{done}</p> }).into_any()
}

/// The section of the page of that title: as a rule they are called the same.
fn section_of(title: &str) -> &str {
    if title == "Dead letters" { "Events" } else { title }
}

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
        let current = (section.name == section_of(title)).then_some("page");
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
    leptos_axum::redirect(&use_frame().href("/settings/general"));
    ().into_any()
}
