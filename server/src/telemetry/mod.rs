//! The log: JSON lines with the fields `timestamp, level, service, message, context, error`, or text for a terminal. Spans of
//! model calls go to a collector as well, where there is one.

mod json;
mod traces;

use std::{
    io::{self, IsTerminal},
    panic,
    str::FromStr,
};

use hyvve_domain::providers::telemetry::TARGET;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use json::JsonLines;
use traces::Sending;
pub use traces::{Collector, Traces};

/// Chatter of libraries that nobody asked for.
const QUIET: &str = "sqlx=warn,hyper=warn,h2=warn,rustls=warn,reqwest=warn,graphile_worker=warn";

/// What the log says, and how.
#[derive(Clone, Debug)]
pub struct Logs {
    /// `info`, or in detail: `warn,hyvve_domain::agents=debug`.
    pub filter: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line of the log looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

impl Default for Logs {
    fn default() -> Self {
        let format = if io::stderr().is_terminal() { Format::Text } else { Format::Json };
        Self { filter: "info".to_owned(), format }
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("it is json or text"),
        }
    }
}

/// What runs besides the log, and has to be ended.
#[must_use]
pub struct Telemetry(Option<Sending>);

impl Telemetry {
    /// Sends what is left; takes some seconds at most.
    pub fn end(self) {
        if let Some(sending) = self.0 {
            sending.end();
        }
    }
}

/// Starts logging to standard error, and sending spans where somebody wants them. A panic is logged as well, without its
/// backtrace.
pub fn start(logs: &Logs, traces: Option<&Traces>) -> Result<Telemetry, String> {
    let filter =
        EnvFilter::try_new(format!("{QUIET},{}", logs.filter)).map_err(|e| format!("log: {:?}: {e}", logs.filter))?;
    let lines = match logs.format {
        Format::Json => JsonLines::new(io::stderr).boxed(),
        Format::Text => tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false).compact().boxed(),
    };
    let sending = traces.map(Sending::start).transpose()?;
    let spans = sending.as_ref().map(Sending::layer);
    // What the log leaves out may still be sent.
    // Spans of model calls may say what was said. JSON lines leave it out by its name; text has no part of them.
    let is_text = logs.format == Format::Text;
    let may_be_logged = filter_fn(move |meta| !(is_text && meta.is_span() && meta.target().starts_with(TARGET)));
    let log = lines.with_filter(filter.and(may_be_logged));
    tracing_subscriber::registry().with(log).with(spans).try_init().map_err(|e| e.to_string())?;
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        let said = panic.payload_as_str().unwrap_or("a panic without words");
        tracing::error!(error.name = "panic", error.message = said, at, "a task panicked");
    }));
    Ok(Telemetry(sending))
}
