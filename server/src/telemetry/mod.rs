//! The log: JSON lines with the fields `timestamp, level, service, message, context, error`, or text for a terminal.

mod json;

use std::{
    io::{self, IsTerminal},
    panic,
    str::FromStr,
};

use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use json::JsonLines;

/// Chatter of libraries that nobody asked for.
const QUIET: &str = "sqlx=warn,hyper=warn,h2=warn,rustls=warn,reqwest=warn";

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

/// Starts logging to standard error. A panic is logged as well, without its backtrace.
pub fn start(logs: &Logs) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(format!("{QUIET},{}", logs.filter)).map_err(|e| format!("log: {:?}: {e}", logs.filter))?;
    let lines = match logs.format {
        Format::Json => JsonLines::new(io::stderr).boxed(),
        Format::Text => tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false).compact().boxed(),
    };
    tracing_subscriber::registry().with(lines).with(filter).try_init().map_err(|e| e.to_string())?;
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        let said = panic.payload_as_str().unwrap_or("a panic without words");
        tracing::error!(error.name = "panic", error.message = said, at, "a task panicked");
    }));
    Ok(())
}
