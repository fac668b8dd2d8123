//! The HTML document around everything, rendered on the server only.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags};

use super::policy;
use crate::{
    App, auth,
    context::{self, cookie},
};

/// Preferences that style sheets follow: name, allowed values, the one of a new visitor.
const PREFERENCES: [(&str, &[&str]); 4] = [
    ("theme", &["system", "light", "dark"]),
    ("sidebar", &["wide", "narrow"]),
    ("dock", &["closed", "open"]),
    ("keys", &["on", "off"]),
];

/// A preference's cookie, if it says something that we could have written.
fn preference(name: &str) -> Option<&'static str> {
    let (_, allowed) = PREFERENCES.iter().find(|(known, _)| *known == name)?;
    let said = remembered(name);
    allowed.iter().find(|value| said.as_deref() == Some(**value)).or(allowed.first()).copied()
}

fn remembered(name: &str) -> Option<String> {
    cookie(&context::parts().ok()?.headers, &format!("hyvve_{name}"))
}

/// The dock's width, as a style sheet of one line: the policy allows no style attributes.
fn dock_width() -> Option<AnyView> {
    let width: u16 = remembered("dock-width")?.parse().ok()?;
    let rule = format!(":root{{--dock-width:{}px}}", width.clamp(300, 720));
    Some(view! { <style nonce=use_nonce()>{rule}</style> }.into_any())
}

/// The document. The theme stands in it before any script runs, so nothing flashes.
pub fn document(options: LeptosOptions) -> impl IntoView {
    policy::send();
    let plain = context::parts().is_ok_and(|parts| auth::is_plain(parts.uri.path()));
    let scripts = (!plain).then(|| view! { <HydrationScripts options=options.clone()/> });
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=preference("theme")
            data-sidebar=preference("sidebar")
            data-dock=preference("dock")
            data-keys=preference("keys")
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                <HashedStylesheet options id="style"/>
                {dock_width()}
                {scripts}
                <MetaTags/>
            </head>
            <body><App/></body>
        </html>
    }
}
