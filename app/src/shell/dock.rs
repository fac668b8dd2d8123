//! The dock at the right, where the chat lives: it survives navigation, can be resized, and remembers both.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast as _, web_sys};

use crate::ui::{flip, preference, set_preference};

/// Widths in pixels that the dock may have.
const WIDTH: std::ops::RangeInclusive<i32> = 300..=720;
/// How far an arrow key moves the edge.
const STEP: i32 = 24;

/// What stands in the dock, given by the table of contents in `lib.rs`.
#[derive(Clone, Copy)]
pub struct InDock(pub fn() -> AnyView);

/// Shows or hides the dock.
pub fn toggle_dock() {
    flip("dock", "open", "closed");
}

/// Shows the dock.
pub fn open_dock() {
    set_preference("dock", "open");
}

/// The dock. `<html data-dock>` says whether it shows; the style sheet does the rest.
pub(super) fn dock() -> impl IntoView {
    let content = use_context::<InDock>();
    view! {
        <aside class="dock" aria-label="Chat">
            {edge()}
            <div class="dock-content">{content.map(|InDock(content)| content())}</div>
        </aside>
    }
}

/// The edge that one drags, or moves with the arrow keys.
fn edge() -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let dragging = RwSignal::new(false);
    let now = RwSignal::new(width());
    let down = move |event: ev::PointerEvent| {
        dragging.set(true);
        if let Some(edge) = node.get_untracked() {
            // Without capture the edge follows as long as the pointer stays on it.
            let _ = edge.set_pointer_capture(event.pointer_id());
        }
    };
    let drag = move |event: ev::PointerEvent| {
        if dragging.get_untracked() {
            now.set(resize(inner_width() - event.client_x()));
        }
    };
    let key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowLeft" => now.set(resize(width() + STEP)),
        "ArrowRight" => now.set(resize(width() - STEP)),
        _ => {}
    };
    view! {
        <div
            class="dock-edge"
            node_ref=node
            role="separator"
            aria-orientation="vertical"
            aria-label="Width of the chat"
            aria-valuemin=WIDTH.start().to_string()
            aria-valuemax=WIDTH.end().to_string()
            aria-valuenow=move || now.get().to_string()
            tabindex="0"
            on:pointerdown=down
            on:pointermove=drag
            on:pointerup=move |_| dragging.set(false)
            on:keydown=key
        ></div>
    }
}

fn inner_width() -> i32 {
    window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default() as i32
}

fn width() -> i32 {
    preference("dock-width").and_then(|width| width.parse().ok()).unwrap_or(360)
}

/// Makes the dock so wide, within its bounds, and answers how wide it is.
fn resize(to: i32) -> i32 {
    let to = to.clamp(*WIDTH.start(), *WIDTH.end());
    set_preference("dock-width", &to.to_string());
    let root = document().document_element().and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(root) = root {
        // Fails only for names that are no properties.
        let _ = root.style().set_property("--dock-width", &format!("{to}px"));
    }
    to
}
