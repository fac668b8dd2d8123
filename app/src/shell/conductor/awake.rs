//! When the application comes. A page that is only read needs none of it, and neither does a closed dock: it is loaded when
//! there is something on the screen that it renders.

use std::cell::Cell;

use wasm_bindgen_futures::spawn_local;

use super::{by_id, reading::PAGE};
use crate::{come_alive, shell::dock::DOCK};

thread_local! {
    static AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// Loads the application if something on the screen needs it; once.
pub(super) fn wake_if_needed() {
    let needed = by_id(PAGE).is_none() || by_id(DOCK).is_some_and(|dock| dock.client_width() > 0);
    if needed && !AWAKE.replace(true) {
        spawn_local(come_alive());
    }
}
