//! Lists that people put in order: a row is dragged by its grip, and the form around the grip says where it was let go. What
//! stands beside it does the same for keyboards, and for browsers in which none of this runs.

use leptos::{
    prelude::document,
    wasm_bindgen::JsCast as _,
    web_sys::{Element, Event, HtmlElement, HtmlInputElement, PointerEvent},
};

use super::hear::{around, on};

/// What one takes hold of.
const GRIP: &str = "[data-grip]";
/// What is put in order.
const ROW: &str = "[data-ordered] > li";
/// The attribute of a row that is held.
const HELD: &str = "data-held";

pub(super) fn listen() {
    on("pointerdown", |event, target| {
        let Some(event) = event.dyn_ref::<PointerEvent>().filter(|event| event.button() == 0) else { return };
        if let Some((grip, row)) = around(target, GRIP).zip(around(target, ROW)) {
            // A pointer that is gone cannot be captured, and holds nothing.
            if grip.set_pointer_capture(event.pointer_id()).is_ok() {
                mark(&row, true);
            }
        }
    });
    on("pointermove", |event, target| {
        if let Some((event, row)) = held(event, target) {
            follow(&row, event);
        }
    });
    on("pointerup", |event, target| {
        if let Some((_, row)) = held(event, target) {
            mark(&row, false);
            let_go(target, &row);
        }
    });
    on("pointercancel", |event, target| {
        if let Some((_, row)) = held(event, target) {
            mark(&row, false);
            put_back(target, &row);
        }
    });
}

/// The row that this pointer holds by its grip.
fn held<'e>(event: &'e Event, target: &Element) -> Option<(&'e PointerEvent, Element)> {
    let row = around(target, ROW).filter(|row| row.has_attribute(HELD))?;
    event.dyn_ref::<PointerEvent>().map(|event| (event, row))
}

fn mark(row: &Element, held: bool) {
    // An attribute of a fixed name is always accepted.
    let _ = row.toggle_attribute_with_force(HELD, held);
}

/// Changes places with the row that the pointer has come to. Only the other one moves: one that leaves the document, however
/// shortly, is not held any more. A row that is larger than this one is passed in the direction of the pointer only.
fn follow(row: &Element, event: &PointerEvent) {
    let over = document().element_from_point(event.client_x() as f32, event.client_y() as f32);
    let Some(over) = over.and_then(|element| around(&element, ROW)).filter(|over| over != row) else { return };
    if over.parent_element() != row.parent_element() {
        return;
    }
    match event.movement_y() {
        1.. if place(&over) > place(row) => down(row),
        ..=-1 if place(&over) < place(row) => up(row),
        _ => {}
    }
}

/// How many rows stand before it.
fn place(row: &Element) -> usize {
    std::iter::successors(row.previous_element_sibling(), Element::previous_element_sibling).count()
}

fn down(row: &Element) {
    if let Some((list, next)) = row.parent_element().zip(row.next_element_sibling()) {
        // Both stand in the list.
        let _ = list.insert_before(&next, Some(row));
    }
}

fn up(row: &Element) {
    if let Some((list, before)) = row.parent_element().zip(row.previous_element_sibling()) {
        // Both stand in the list.
        let _ = list.insert_before(&before, row.next_sibling().as_ref());
    }
}

/// Where the row stood when the page came.
fn stood(grip: &Element) -> Option<usize> {
    field(grip, "position")?.value().parse().ok()
}

/// A field of the form around the grip.
fn field(grip: &Element, name: &str) -> Option<HtmlInputElement> {
    let form = around(grip, "form")?;
    form.query_selector(&format!("input[name={name}]")).ok().flatten()?.dyn_into().ok()
}

/// Sends the form where the row stands elsewhere now. Its button is pressed: a form that is sent by a program asks nobody.
fn let_go(grip: &Element, row: &Element) {
    let to = place(row);
    if stood(grip).is_none_or(|from| from == to) {
        return;
    }
    if let Some(field) = field(grip, "to") {
        field.set_value(&to.to_string());
    }
    let button = around(grip, "form").and_then(|form| form.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        button.click();
    }
}

/// Undoes what was not let go.
fn put_back(grip: &Element, row: &Element) {
    let Some(from) = stood(grip) else { return };
    while place(row) > from {
        up(row);
    }
    while place(row) < from && row.next_element_sibling().is_some() {
        down(row);
    }
}
