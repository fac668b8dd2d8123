//! Keys and hashes, in the monospaced face.

use leptos::prelude::*;

/// A key of the keyboard.
#[component]
pub fn Kbd(
    /// What stands on it.
    #[prop(into)]
    key: String,
) -> impl IntoView {
    view! { <kbd class="kbd" aria-hidden="true">{key}</kbd> }
}

/// A hash: the digits that people compare, all of them in the tooltip.
#[component]
pub fn Hash(
    /// Hexadecimal.
    #[prop(into)]
    hash: String,
    /// What the hash is of.
    #[prop(default = "SHA-256 of exactly what will run")]
    of: &'static str,
) -> impl IntoView {
    view! { <code class="hash" title=format!("{of}: {hash}")>{short_hash(&hash)}</code> }
}

/// The first eight digits, as people compare them: `9c41·e07b`.
fn short_hash(hash: &str) -> String {
    match (hash.get(..4), hash.get(4..8)) {
        (Some(a), Some(b)) => format!("{a}·{b}"),
        _ => hash.to_owned(),
    }
}
