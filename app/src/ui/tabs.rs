//! Tabs that are links: the address says which one shows.

use leptos::prelude::*;

/// One tab.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tab {
    /// What it is called.
    pub label: &'static str,
    /// Its address.
    pub href: String,
    /// How many rows it has, where that is known.
    pub count: Option<i64>,
    /// Whether it shows.
    pub current: bool,
}

/// A row of tabs.
#[component]
pub fn Tabs(
    /// What they choose.
    #[prop(into)]
    label: String,
    /// The tabs; they follow the address.
    #[prop(into)]
    tabs: Signal<Vec<Tab>>,
) -> AnyView {
    let tab = |tab: Tab| {
        let count = tab.count.map(|count| view! { <span class="tab-count">{count}</span> });
        view! {
            <a class="tab" href=tab.href aria-current=tab.current.then_some("page") data-noscroll="true">
                {tab.label}{count}
            </a>
        }
    };
    let all = move || tabs.get().into_iter().map(tab).collect_view();
    view! { <nav class="tabs" aria-label=label>{all}</nav> }.into_any()
}
