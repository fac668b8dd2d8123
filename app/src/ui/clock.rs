//! One clock for all relative times of the page.

use std::time::Duration;

use leptos::prelude::*;

/// Relative times are worth a look this often.
const TICK: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
struct Clock(RwSignal<i64>);

/// Now, in milliseconds since 1970, by the clock of wherever this runs.
pub fn now_millis() -> i64 {
    #[cfg(target_arch = "wasm32")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as i64)
    }
}

/// Starts the clock; once, at the root.
pub fn provide_clock() {
    let clock = RwSignal::new(now_millis());
    provide_context(Clock(clock));
    Effect::new(move || set_interval(move || clock.set(now_millis()), TICK));
}

/// Now, moving on every ten seconds; milliseconds since 1970.
pub fn use_now() -> Signal<i64> {
    match use_context::<Clock>() {
        Some(clock) => clock.0.into(),
        None => Signal::stored(now_millis()),
    }
}
