//! One JSON object per line, as HYVVE's logging rules name the fields.

use std::{fmt, io::Write};

use hyvve_domain::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::MakeWriter,
    layer::Context,
    registry::{LookupSpan, Scope, SpanRef},
};

/// What a span adds to the context of every line inside it.
#[derive(Default)]
struct SpanFields(Map<String, Value>);

/// Writes JSON lines.
pub(super) struct JsonLines<W> {
    writer: W,
}

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            record(&span, |fields| attributes.record(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            record(&span, |fields| values.record(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(SpanFields(more)) = span.extensions().get::<SpanFields>() {
                fields.context.extend(more.clone());
            }
        }
        event.record(&mut fields);
        let Fields { message, context, error } = fields;
        let level = event.metadata().level().as_str().to_lowercase();
        let line = Line { timestamp: Timestamp::now(), level, service: "hyvve", message, context, error };
        if let Ok(mut line) = serde_json::to_vec(&line) {
            line.push(b'\n');
            // A log that cannot be written has nowhere to complain.
            drop(self.writer.make_writer().write_all(&line));
        }
    }
}

/// A line, in the order in which people read it.
#[derive(Serialize)]
struct Line {
    timestamp: Timestamp,
    level: String,
    service: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    error: Map<String, Value>,
}

fn record<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>, visit: impl FnOnce(&mut Fields)) {
    let mut fields = Fields::default();
    visit(&mut fields);
    let mut extensions = span.extensions_mut();
    match extensions.get_mut::<SpanFields>() {
        Some(SpanFields(known)) => known.extend(fields.context),
        None => extensions.insert(SpanFields(fields.context)),
    }
}

/// The fields of one line: `message`, `error.*`, and everything else as context in camelCase, but for the names of others.
#[derive(Default)]
struct Fields {
    message: String,
    context: Map<String, Value>,
    error: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match field.name().split_once('.') {
            _ if field.name() == "message" => {
                self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            }
            Some(("error", key)) => drop(self.error.insert(camel(key), value)),
            // What an exporter of spans is told, and what was said: that is never for the log.
            Some(("otel", _) | ("gen_ai", "input.messages" | "output.messages")) => {}
            // Others know these by exactly these names.
            Some(("gen_ai", _)) => drop(self.context.insert(field.name().to_owned(), value)),
            _ => drop(self.context.insert(camel(field.name()), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// `workspace_id` in code is `workspaceId` in the log.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' | '.' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_carries_the_request_and_the_error() -> serde_json::Result<()> {
        let page = Page::default();
        let paper = page.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(move || paper.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", request_id = "r-1", user_id = tracing::field::Empty);
            span.record("user_id", "u-1");
            span.in_scope(|| tracing::error!(error.name = "database", error.message = "gone", tries = 3, "it failed"));
        });
        let line: Value = serde_json::from_slice(&page.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        assert_eq!(line["level"], "error");
        assert_eq!(line["message"], "it failed");
        assert_eq!(line["context"], json!({ "requestId": "r-1", "userId": "u-1", "tries": 3 }));
        assert_eq!(line["error"], json!({ "name": "database", "message": "gone" }));
        assert!(line["timestamp"].as_str().is_some_and(|t| t.ends_with('Z')));
        Ok(())
    }

    #[test]
    fn names_of_a_standard_stay_as_they_are() -> serde_json::Result<()> {
        let page = Page::default();
        let paper = page.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(move || paper.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("call", otel.name = "chat m", gen_ai.request.model = "m", run_id = "r-1");
            tracing::info!(parent: &span, gen_ai.usage.input_tokens = 3, "answered");
        });
        let line: Value = serde_json::from_slice(&page.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let expected = json!({ "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 3, "runId": "r-1" });
        assert_eq!(line["context"], expected);
        Ok(())
    }
}
