//! Listening to the window: one function for all events, which is what keeps it small.

use leptos::{
    prelude::{document, window},
    wasm_bindgen::{JsCast as _, closure::Closure},
    web_sys::{Element, Event},
};

type Act = Box<dyn Fn(&Event, &Element)>;

/// Calls `act` with each event of this name that reaches the window, and with the element that it is about.
pub(super) fn on(name: &str, act: impl Fn(&Event, &Element) + 'static) {
    hear(name, Box::new(act));
}

fn hear(name: &str, act: Act) {
    let heard = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        // What happens to the window itself is about the whole document.
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(target) = target.or_else(|| document().document_element()) {
            act(&event, &target);
        }
    });
    // Fails only when memory is short.
    let _ = window().add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
    // As long as the document lives.
    heard.forget();
}

/// The nearest element around, or the element itself, that a selector fits.
pub(super) fn around(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}
