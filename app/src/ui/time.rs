//! Times: relative to now in the text, absolute and local in the tooltip. Every one is plain HTML; in the browser,
//! `tick` keeps them all up to date.

use hyvve_domain::Timestamp;
use leptos::prelude::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

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

/// A span of seconds, rounded down to its largest unit: `4 min`, `2 h`, `3 days`.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        DAY..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / DAY),
    }
}

/// How far an instant is from now, in words: `just now`, `4 min ago`, `in 2 h`. Both in milliseconds since 1970.
pub fn relative(at: i64, now: i64) -> String {
    let seconds = (now - at) / 1000;
    match seconds {
        -5..10 => "just now".to_owned(),
        10.. => format!("{} ago", span(seconds)),
        _ => format!("in {}", span(-seconds)),
    }
}

/// How old something is, in as few letters as possible: `4 min`. Both in milliseconds since 1970.
fn age(since: i64, now: i64) -> String {
    span(((now - since) / 1000).max(0))
}

/// The absolute time: the browser's own way to write it; on the server, UTC, until the browser has looked.
fn absolute(at: Timestamp) -> String {
    #[cfg(target_arch = "wasm32")]
    {
        local(at.unix_millis())
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let text = at.to_string();
        format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
    }
}

/// An instant in milliseconds since 1970, as the reader's browser writes it.
#[cfg(any(target_arch = "wasm32", feature = "hydrate"))]
fn local(at: i64) -> String {
    let date = js_sys::Date::new(&(at as f64).into());
    date.to_locale_string("default", &js_sys::Object::new()).into()
}

/// An instant: relative in the text, absolute in the tooltip.
#[component]
pub fn Time(
    /// When.
    at: Timestamp,
) -> AnyView {
    shown(at, false)
}

/// How old something is, in as few letters as possible: `4 min`.
#[component]
pub fn Age(
    /// When it began.
    since: Timestamp,
) -> AnyView {
    shown(since, true)
}

fn shown(at: Timestamp, short: bool) -> AnyView {
    let millis = at.unix_millis();
    let text = if short { age } else { relative }(millis, now_millis());
    view! {
        <time datetime=at.to_string() title=absolute(at) data-age=short.then_some("")>
            {text}
        </time>
    }
    .into_any()
}

/// Writes every time of the document anew, as of now and for the reader's time zone.
#[cfg(feature = "hydrate")]
pub fn tick() {
    use leptos::{wasm_bindgen::JsCast as _, web_sys::Element};

    let Ok(times) = document().query_selector_all("time[datetime]") else { return };
    let now = now_millis();
    for time in (0..times.length()).filter_map(|index| times.get(index)?.dyn_into::<Element>().ok()) {
        let at = js_sys::Date::parse(&time.get_attribute("datetime").unwrap_or_default());
        if !at.is_nan() {
            let at = at as i64;
            let text = if time.has_attribute("data-age") { age } else { relative }(at, now);
            // The text of a node, not another node: a component may hold on to it.
            time.first_child().into_iter().for_each(|node| node.set_node_value(Some(&text)));
            // An attribute of a fixed name is always accepted.
            let _ = time.set_attribute("title", &local(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{age, relative};

    #[test]
    fn distances_read_as_people_say_them() {
        let now = 1_000_000_000;
        for (seconds_ago, words) in [
            (0, "just now"),
            (-2, "just now"),
            (12, "12 s ago"),
            (61, "1 min ago"),
            (7200, "2 h ago"),
            (90_000, "1 day ago"),
            (-600, "in 10 min"),
        ] {
            assert_eq!(relative(now - seconds_ago * 1000, now), words);
        }
        assert_eq!(age(now - 240_000, now), "4 min");
        assert_eq!(age(now + 9_000, now), "0 s");
    }
}
