//! Whether an element has been on the screen: what nobody looks at need not be loaded.

use leptos::{html::ElementType, prelude::*, wasm_bindgen::JsCast, web_sys::Element};

/// True once the element has been seen; false on the server.
pub fn use_seen<E>(node: NodeRef<E>) -> Signal<bool>
where
    E: ElementType + 'static,
    E::Output: JsCast + AsRef<Element> + Clone + 'static,
{
    let seen = RwSignal::new(false);
    Effect::new(move || {
        if let Some(element) = node.get() {
            watch(element.as_ref(), seen);
        }
    });
    seen.into()
}

#[cfg(target_arch = "wasm32")]
fn watch(element: &Element, seen: RwSignal<bool>) {
    use leptos::{
        wasm_bindgen::closure::Closure,
        web_sys::{IntersectionObserver, IntersectionObserverEntry},
    };

    let look = Closure::<dyn FnMut(js_sys::Array, IntersectionObserver)>::new(
        move |entries: js_sys::Array, observer: IntersectionObserver| {
            let visible = entries
                .iter()
                .filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok())
                .any(|e| e.is_intersecting());
            if visible {
                observer.disconnect();
                // The page may be gone by then.
                seen.try_set(true);
            }
        },
    );
    match IntersectionObserver::new(look.as_ref().unchecked_ref()) {
        Ok(observer) => {
            observer.observe(element);
            // As long as the document lives; there are few of them.
            look.forget();
        }
        // Without the means to tell, everything counts as seen.
        Err(_) => seen.set(true),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn watch(_: &Element, _: RwSignal<bool>) {}
