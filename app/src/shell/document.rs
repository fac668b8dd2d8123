//! The HTML document around everything, rendered on the server only.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags};

use super::{
    bell::Unread,
    chrome::{chrome, preferences::Preferences},
    entry::{Entry, Pictures},
    policy,
};
use crate::{App, context};

/// The document. What style sheets need to know stands in it before any script runs, so nothing flashes.
pub fn document(options: LeptosOptions) -> impl IntoView {
    policy::send();
    let parts = context::parts().ok();
    let path = parts.as_ref().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    let entry = parts.as_ref().and_then(|parts| parts.extensions.get::<Entry>().cloned());
    let unread = parts.as_ref().and_then(|parts| parts.extensions.get::<Unread>().copied()).unwrap_or_default();
    let pictures = parts.and_then(|parts| parts.extensions.get::<Pictures>().cloned()).unwrap_or_default();
    let preferences = Preferences::of_request();
    let facts = entry.as_ref().and_then(|Entry(entry)| entry.as_ref().ok());
    let workspace = facts.map(|data| data.name.slug.clone());
    let name = facts.map(|data| data.name.name.clone());
    let (pending, cursor) = (facts.map(|data| data.pending), facts.map(|data| data.cursor));
    // What stands outside of every workspace works without.
    let scripts = path.starts_with("/w/").then(|| view! { <HydrationScripts options=options.clone()/> });
    let body = match entry {
        Some(Entry(Ok(data))) => chrome(&data, &pictures, unread, &path, &preferences, view! { <App/> }.into_any()),
        _ => view! { <main id="main"><App/></main> }.into_any(),
    };
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=preferences.theme
            data-sidebar=preferences.sidebar
            data-dock=preferences.dock
            data-keys=preferences.keys
            data-workspace=workspace
            data-name=name
            data-pending=pending
            data-cursor=cursor
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                <HashedStylesheet options id="style"/>
                {preferences.dock_style()}
                {scripts}
                <MetaTags/>
            </head>
            <body>{body}</body>
        </html>
    }
}
