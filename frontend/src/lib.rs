//! The browser's entry: gives life to what the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    hyvve_app::start();
}
