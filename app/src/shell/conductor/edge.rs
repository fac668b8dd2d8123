//! The edge of the dock: dragged, or moved with the arrow keys.

use leptos::{
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{HtmlElement, KeyboardEvent, PointerEvent},
};

use super::{by_id, hear::on};
use crate::ui::{preference, set_preference};

/// The edge's id.
const EDGE: &str = "dock-edge";
/// Widths in pixels that the dock may have.
const WIDTH: std::ops::RangeInclusive<i32> = 300..=720;
/// How far an arrow key moves the edge.
const STEP: i32 = 24;

pub(super) fn listen() {
    on("pointerdown", |event, target| {
        if let Some(event) = event.dyn_ref::<PointerEvent>().filter(|_| target.id() == EDGE) {
            // A pointer that is gone cannot be captured, and moves nothing.
            let _ = target.set_pointer_capture(event.pointer_id());
        }
    });
    on("pointermove", |event, target| {
        let Some(event) = event.dyn_ref::<PointerEvent>().filter(|_| target.id() == EDGE) else { return };
        if target.has_pointer_capture(event.pointer_id()) {
            let window = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default();
            resize(window as i32 - event.client_x());
        }
    });
    on("keydown", |event, target| {
        let key = event.dyn_ref::<KeyboardEvent>().filter(|_| target.id() == EDGE).map(KeyboardEvent::key);
        match key.as_deref() {
            Some("ArrowLeft") => resize(width() + STEP),
            Some("ArrowRight") => resize(width() - STEP),
            _ => {}
        }
    });
}

/// How wide the dock is, as its edge says.
fn width() -> i32 {
    let said = by_id(EDGE).and_then(|edge| edge.get_attribute("aria-valuenow"));
    said.or_else(|| preference("dock-width")).and_then(|width| width.parse().ok()).unwrap_or(*WIDTH.start())
}

fn resize(to: i32) {
    let to = to.clamp(*WIDTH.start(), *WIDTH.end());
    set_preference("dock-width", &to.to_string());
    if let Some(root) = document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok()) {
        // Properties and attributes with fixed names are always accepted.
        let _ = root.style().set_property("--dock-width", &format!("{to}px"));
    }
    if let Some(edge) = by_id(EDGE) {
        let _ = edge.set_attribute("aria-valuenow", &to.to_string());
    }
}
