//! When the application comes. A page that is only read needs none of it, and neither does a closed dock: it is loaded when
//! there is something on the screen that it renders.

use std::cell::Cell;

use wasm_bindgen_futures::spawn_local;

use super::{by_id, reading::PAGE};
use crate::{come_alive, ui::preference};

thread_local! {
    static AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// Loads the application if something on the screen needs it; once.
pub(super) fn wake_if_needed() {
    let needed = by_id(PAGE).is_none() || preference("dock").as_deref() == Some("open");
    if needed && !AWAKE.replace(true) {
        spawn_local(come_alive());
    }
}
