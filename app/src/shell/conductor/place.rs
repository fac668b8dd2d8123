//! Which place of the workspace shows.

use leptos::web_sys::Element;

use super::{all, by_id};

/// The places of the sidebar, with their addresses.
pub(super) fn places() -> Vec<(String, Element)> {
    all(".nav-link").into_iter().filter_map(|link| Some((link.get_attribute("href")?, link))).collect()
}

/// Marks the place that a path is in, in the sidebar and in the header.
pub(super) fn mark(path: &str) {
    let within = |href: &str| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let links = places();
    let here = links.iter().filter(|(href, _)| within(href)).max_by_key(|(href, _)| href.len());
    for (_, link) in &links {
        // Attributes with fixed names are always accepted.
        let _ = link.remove_attribute("aria-current");
    }
    if let (Some((href, link)), Some(crumb)) = (here, by_id("place")) {
        let _ = link.set_attribute("aria-current", "page");
        let _ = crumb.set_attribute("href", href);
        crumb.set_text_content(link.get_attribute("title").as_deref());
    }
}
