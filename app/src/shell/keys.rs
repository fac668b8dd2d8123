//! What pages do with single keys, while they show.

use std::sync::Arc;

use leptos::prelude::*;

type Handler = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Who understands keys, the newest last.
#[derive(Clone, Copy)]
pub(super) struct Keys(StoredValue<Vec<Handler>>);

/// Makes [`use_keys`] possible below.
pub(super) fn provide_keys() -> Keys {
    let keys = Keys(StoredValue::new(Vec::new()));
    provide_context(keys);
    keys
}

#[cfg(feature = "hydrate")]
impl Keys {
    /// Whether somebody took the key.
    pub(super) fn offer(self, key: &str) -> bool {
        self.0.get_value().iter().rev().any(|handler| handler(key))
    }
}

/// While this component lives, `handler` is asked about each single key that no field wants; it answers whether it took
/// the key.
pub(crate) fn use_keys(handler: impl Fn(&str) -> bool + Send + Sync + 'static) {
    let Some(Keys(handlers)) = use_context() else { return };
    let handler: Handler = Arc::new(handler);
    handlers.update_value(|all| all.push(handler.clone()));
    on_cleanup(move || {
        // The frame may go away first.
        handlers.try_update_value(|all| all.retain(|other| !Arc::ptr_eq(other, &handler)));
    });
}
