//! The few facts that the stream's bookkeeping needs of a frame, read by the browser's own JSON parser: serde stays out of
//! the first download.

use js_sys::{JSON, Reflect};
use leptos::wasm_bindgen::JsValue;

use super::LiveEvent;

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// An event's number, and the event.
pub(super) fn event(json: &str) -> Option<(i64, LiveEvent)> {
    let parsed = JSON::parse(json).ok()?;
    let name = get(&parsed, "type").as_string()?;
    Some((get(&parsed, "seq").as_f64()? as i64, LiveEvent { name, subject: get(&parsed, "subjectId").as_string() }))
}

/// That somebody came to an approval or left it, as an event without a number.
pub(super) fn presence(json: &str) -> Option<LiveEvent> {
    let subject = get(&JSON::parse(json).ok()?, "approvalId").as_string()?;
    Some(LiveEvent { name: "presence".to_owned(), subject: Some(subject) })
}

/// One event of a run.
pub(super) struct RunFrame {
    pub(super) run: String,
    pub(super) index: i32,
    /// Nothing more will come.
    pub(super) last: bool,
    /// The event itself.
    pub(super) json: String,
}

/// The name of a run's event, as a follower gets it.
pub(crate) fn name(json: &str) -> Option<String> {
    get(&JSON::parse(json).ok()?, "name").as_string()
}

pub(super) fn run(json: &str) -> Option<RunFrame> {
    let parsed = JSON::parse(json).ok()?;
    let event = get(&parsed, "event");
    let name = get(&event, "name").as_string()?;
    Some(RunFrame {
        run: get(&parsed, "runId").as_string()?,
        index: get(&event, "index").as_f64()? as i32,
        last: matches!(name.as_str(), "RunCompleted" | "RunCancelled" | "RunError"),
        json: JSON::stringify(&event).ok()?.into(),
    })
}

/// The run that cannot be followed.
pub(super) fn gone(json: &str) -> Option<String> {
    get(&JSON::parse(json).ok()?, "runId").as_string()
}

/// The cursor that the server starts from.
pub(super) fn hello(json: &str) -> Option<i64> {
    get(&JSON::parse(json).ok()?, "cursor").as_f64().map(|cursor| cursor as i64)
}
