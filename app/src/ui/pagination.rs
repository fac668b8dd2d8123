//! Pages of a list, as links: Back works, and so does a reader without JavaScript.

use leptos::prelude::*;

/// Which page of how many, with links to its neighbours; nothing when there is only one.
#[component]
pub fn Pagination(
    /// This page, from 1.
    page: i64,
    /// How many there are.
    pages: i64,
    /// How many rows there are in all.
    total: i64,
    /// The address of a page.
    href: impl Fn(i64) -> String,
) -> AnyView {
    if pages <= 1 {
        return ().into_any();
    }
    let link = |target: i64, text: &'static str| {
        let there = (1..=pages).contains(&target);
        view! {
            <a class="btn" href=there.then(|| href(target)) aria-disabled=(!there).then_some("true")>{text}</a>
        }
    };
    view! {
        <nav class="flex items-center gap-2 py-3" aria-label="Pages">
            {link(page - 1, "Previous")}
            {link(page + 1, "Next")}
            <span class="text-muted-foreground text-sm">{format!("Page {page} of {pages} · {total} in all")}</span>
        </nav>
    }
    .into_any()
}
