//! Times: relative to now in the text, absolute and local in the tooltip.

use hyvve_domain::Timestamp;
use leptos::prelude::*;

use super::use_now;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

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

/// The absolute time: the browser's own way to write it; on the server, UTC.
fn absolute(at: Timestamp) -> String {
    #[cfg(target_arch = "wasm32")]
    {
        let date = js_sys::Date::new(&(at.unix_millis() as f64).into());
        date.to_locale_string("default", &js_sys::Object::new()).into()
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let t = at.0;
        format!("{}-{:02}-{:02} {:02}:{:02} UTC", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute())
    }
}

/// An instant: relative in the text, absolute in the tooltip.
#[component]
pub fn Time(
    /// When.
    at: Timestamp,
) -> AnyView {
    let now = use_now();
    shown(at, move || relative(at.unix_millis(), now.get()))
}

/// How old something is, in as few letters as possible: `4 min`.
#[component]
pub fn Age(
    /// When it began.
    since: Timestamp,
) -> AnyView {
    let now = use_now();
    shown(since, move || span(((now.get() - since.unix_millis()) / 1000).max(0)))
}

fn shown(at: Timestamp, text: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    let text = Memo::new(move |_| text());
    let title = RwSignal::new(absolute(at));
    // The server does not know the reader's time zone; the browser mends that after it took over.
    Effect::new(move || title.set(absolute(at)));
    view! { <time datetime=at.to_string() title=move || title.get()>{move || text.get()}</time> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::relative;

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
    }
}
