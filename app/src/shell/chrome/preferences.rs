//! Small preferences that the browser remembers in cookies, and style sheets follow as attributes of `<html>`.

use leptos::prelude::*;

use crate::context::{self, cookie};

/// What a visitor chose; else what a new visitor gets.
pub(in crate::shell) struct Preferences {
    pub(in crate::shell) theme: &'static str,
    pub(in crate::shell) sidebar: &'static str,
    pub(in crate::shell) dock: &'static str,
    pub(in crate::shell) keys: &'static str,
    width: Option<u16>,
}

impl Preferences {
    /// Those of the running request.
    pub(in crate::shell) fn of_request() -> Self {
        let headers = context::parts().map(|parts| parts.headers).unwrap_or_default();
        let said = |name: &str| cookie(&headers, &format!("hyvve_{name}"));
        let one_of = |name: &str, usual: &'static str, others: &[&'static str]| {
            let said = said(name);
            others.iter().find(|value| said.as_deref() == Some(**value)).copied().unwrap_or(usual)
        };
        Self {
            theme: one_of("theme", "system", &["light", "dark"]),
            sidebar: one_of("sidebar", "wide", &["narrow"]),
            dock: one_of("dock", "closed", &["open"]),
            keys: one_of("keys", "on", &["off"]),
            width: said("dock-width").and_then(|width| width.parse().ok()).map(|width: u16| width.clamp(300, 720)),
        }
    }

    /// The dock's width in pixels.
    pub(super) fn dock_width(&self) -> u16 {
        self.width.unwrap_or(360)
    }

    /// The dock's width, as a style sheet of one line: the policy allows no style attributes.
    pub(in crate::shell) fn dock_style(&self) -> Option<AnyView> {
        let rule = format!(":root{{--dock-width:{}px}}", self.width?);
        Some(view! { <style nonce=use_nonce()>{rule}</style> }.into_any())
    }
}
