//! A menu behind a button: plain HTML that opens by itself; the frame's conductor closes it and moves in it.

use leptos::prelude::*;

/// The class of links and buttons that stand in a menu.
pub const MENU_ITEM: &str = "menu-item";

/// A button that unfolds a panel of links and buttons (give them the class [`MENU_ITEM`]).
#[component]
pub fn Menu(
    /// What the button is called.
    #[prop(into)]
    label: String,
    /// What the button shows.
    trigger: AnyView,
    /// Opens towards the left instead of the right.
    #[prop(optional)]
    end: bool,
    /// The panel.
    children: Children,
) -> AnyView {
    let side = if end { "menu-panel right-0" } else { "menu-panel left-0" };
    view! {
        <details class="menu">
            <summary class="btn btn-ghost" aria-label=label.clone() title=label>{trigger}</summary>
            <div class=side tabindex="-1">{children()}</div>
        </details>
    }
    .into_any()
}
