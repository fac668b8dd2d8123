//! The text of the browser's tab: the page, the workspace around it, and how many approvals wait.

/// The whole text. Who has many tabs sees the number first.
pub fn full_title(page: &str, workspace: &str, waiting: i64) -> String {
    match waiting {
        0 => format!("{page} · {workspace} · HYVVE"),
        waiting => format!("({waiting}) {page} · {workspace} · HYVVE"),
    }
}

/// Says what the page shows. The frame adds the rest.
pub fn page_title(text: impl Into<String>) {
    let text = text.into();
    #[cfg(feature = "hydrate")]
    browser::set(&text);
    #[cfg(feature = "ssr")]
    server::set(&text);
}

#[cfg(feature = "ssr")]
pub use server::title_around;

#[cfg(feature = "hydrate")]
pub use browser::retitle;

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::document;

    use super::full_title;
    use crate::ui::fact;

    pub(super) fn set(page: &str) {
        let waiting = fact("pending").and_then(|count| count.parse().ok()).unwrap_or_default();
        document().set_title(&full_title(page, &fact("name").unwrap_or_default(), waiting));
    }

    /// Puts another number in front of the title.
    pub fn retitle(waiting: i64) {
        let now = document().title();
        let bare = now.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(now.as_str(), |(_, bare)| bare);
        document().set_title(&if waiting == 0 { bare.to_owned() } else { format!("({waiting}) {bare}") });
    }
}

/// The document's head has the title from the moment that it is made; in the page there is nothing to show. It goes there as it
/// stands, and what people and agents wrote is part of it: whatever is not a constant is escaped here, and nowhere else.
#[cfg(feature = "ssr")]
mod server {
    use leptos::view;
    use leptos_meta::Title;

    use super::full_title;

    pub(super) fn set(page: &str) {
        let _ = view! { <Title text=escaped(page)/> };
    }

    /// Says what stands around each page's own words.
    pub fn title_around(workspace: &str, waiting: i64) {
        let workspace = escaped(workspace);
        let _ = view! { <Title formatter=move |page: String| full_title(&page, &workspace, waiting)/> };
    }

    fn escaped(text: &str) -> String {
        html_escape::encode_text(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::full_title;

    #[test]
    fn what_waits_stands_first() {
        assert_eq!(full_title("Home", "Acme", 0), "Home · Acme · HYVVE");
        assert_eq!(full_title("Home", "Acme", 2), "(2) Home · Acme · HYVVE");
    }
}
