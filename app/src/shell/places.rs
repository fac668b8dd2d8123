//! The places of a workspace: the one list for the sidebar, the command menu and the shortcuts.

use hyvve_domain::Role;

use crate::ui::Glyph;

/// A page that one can go to.
pub(crate) struct Place {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Its path in the workspace; empty for home.
    pub(crate) path: &'static str,
    /// Its icon.
    pub(crate) glyph: Glyph,
    /// The letter that goes there after `g`.
    pub(crate) key: char,
    /// Who sees it.
    pub(crate) allowed: fn(Role) -> bool,
    /// It stands at the bottom of the sidebar.
    pub(crate) bottom: bool,
}

const fn everyone(_: Role) -> bool {
    true
}

const fn insiders(role: Role) -> bool {
    !matches!(role, Role::Guest)
}

/// All of them.
pub(crate) const PLACES: [Place; 11] = [
    Place { name: "Home", path: "", glyph: Glyph::Home, key: 'h', allowed: everyone, bottom: false },
    Place {
        name: "Approvals",
        path: "/approvals",
        glyph: Glyph::Approvals,
        key: 'a',
        allowed: insiders,
        bottom: false,
    },
    Place { name: "Chat", path: "/chat", glyph: Glyph::Chat, key: 'c', allowed: Role::can_run_agents, bottom: false },
    Place { name: "Agents", path: "/agents", glyph: Glyph::Agent, key: 'g', allowed: insiders, bottom: false },
    Place { name: "Runs", path: "/runs", glyph: Glyph::Runs, key: 'r', allowed: insiders, bottom: false },
    Place { name: "Records", path: "/records", glyph: Glyph::Records, key: 'd', allowed: everyone, bottom: false },
    Place {
        name: "Mailbox",
        path: "/mailbox",
        glyph: Glyph::Mail,
        key: 'm',
        allowed: Role::can_read_mailbox,
        bottom: false,
    },
    Place { name: "Usage", path: "/usage", glyph: Glyph::Bolt, key: 'u', allowed: insiders, bottom: false },
    Place { name: "Settings", path: "/settings", glyph: Glyph::Settings, key: 's', allowed: everyone, bottom: true },
    Place {
        name: "AI providers",
        path: "/settings/ai-providers",
        glyph: Glyph::Key,
        key: 'p',
        allowed: Role::can_configure_ai,
        bottom: true,
    },
    Place {
        name: "Audit log",
        path: "/settings/audit-log",
        glyph: Glyph::Shield,
        key: 'l',
        allowed: Role::can_audit,
        bottom: true,
    },
];

/// The index of the place that a path of the workspace is in.
pub(crate) fn place_of(path: &str) -> usize {
    let within =
        |place: &Place| path.strip_prefix(place.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PLACES.iter().rposition(within).unwrap_or_default()
}

/// Whether the page of a path is a place itself.
pub(crate) fn is_place(path: &str) -> bool {
    PLACES.iter().any(|place| place.path == path)
}

#[cfg(test)]
mod tests {
    use super::{PLACES, place_of};

    #[test]
    fn a_page_is_in_the_place_that_it_stands_under() {
        let name = |path: &str| PLACES.get(place_of(path)).map(|place| place.name);
        assert_eq!(name(""), Some("Home"));
        assert_eq!(name("/approvals/123"), Some("Approvals"));
        assert_eq!(name("/settings/audit-log"), Some("Audit log"));
        assert_eq!(name("/settings/members"), Some("Settings"));
        assert_eq!(name("/chat"), Some("Chat"));
        assert_eq!(name("/elsewhere"), Some("Home"));
    }
}
