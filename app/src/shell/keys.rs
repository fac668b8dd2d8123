//! What pages do with single keys, while they show.

#[cfg(feature = "hydrate")]
use std::{cell::RefCell, rc::Rc};

#[cfg(feature = "hydrate")]
use leptos::prelude::on_cleanup;

#[cfg(feature = "hydrate")]
type Handler = Rc<dyn Fn(&str) -> bool>;

#[cfg(feature = "hydrate")]
thread_local! {
    /// Who understands keys, the newest last.
    static HANDLERS: RefCell<Vec<(usize, Handler)>> = RefCell::default();
}

/// Whether somebody took the key.
#[cfg(feature = "hydrate")]
pub(super) fn offer(key: &str) -> bool {
    // A handler may change what shows, and the list with it.
    let handlers = HANDLERS.with_borrow(Clone::clone);
    handlers.iter().rev().any(|(_, handler)| handler(key))
}

/// While this component lives, `handler` is asked about each single key that no field wants; it answers whether it took
/// the key.
pub(crate) fn use_keys(handler: impl Fn(&str) -> bool + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let handler: Handler = Rc::new(handler);
        let id = Rc::as_ptr(&handler).cast::<()>().addr();
        HANDLERS.with_borrow_mut(|all| all.push((id, handler)));
        on_cleanup(move || HANDLERS.with_borrow_mut(|all| all.retain(|(other, _)| *other != id)));
    }
    #[cfg(not(feature = "hydrate"))]
    drop(handler);
}
