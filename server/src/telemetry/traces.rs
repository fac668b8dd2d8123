//! The spans of model calls, sent to a collector of the operator's as OTLP over HTTP.
//!
//! A thread of its own sends them in batches. A collector that is away, or slow, costs spans and nothing else.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http::Uri;
use hyvve_domain::providers::telemetry::{TARGET, names};
use opentelemetry::{Array, KeyValue, Value, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// How long the last spans may take when the server ends.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where spans go, and under which name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traces {
    /// The collector.
    pub collector: Collector,
    /// What the collector knows this service as.
    pub service: String,
}

/// The base address of a collector: `http://127.0.0.1:4318`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collector(String);

impl FromStr for Collector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "it should look like http://127.0.0.1:4318, without user name and query";
        let uri: Uri = text.parse().map_err(|_| SHAPE)?;
        match (uri.scheme_str(), uri.authority(), uri.query()) {
            (Some("http" | "https"), Some(authority), None) if !authority.as_str().contains('@') => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err(SHAPE),
        }
    }
}

/// Sends spans until it is told to stop.
pub(super) struct Sending(SdkTracerProvider);

impl Sending {
    pub(super) fn start(traces: &Traces) -> Result<Self, String> {
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", traces.collector.0))
            .build()
            .map_err(|error| format!("otlp_endpoint: {error}"))?;
        let resource = Resource::builder()
            .with_service_name(traces.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let exporter = Exporter { to: exporter, is_away: AtomicBool::new(false) };
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// Takes the spans of model calls, whatever is logged, and none of the events in them.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::INFO))
    }

    /// Sends what is left.
    pub(super) fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(error.message = %error, "the last spans did not reach the collector");
        }
    }
}

/// Hands spans on to the collector, and says when it is away and when it is back.
struct Exporter {
    to: opentelemetry_otlp::SpanExporter,
    is_away: AtomicBool,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address has headers with it, which may be secret.
        f.write_str("Exporter")
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().flat_map(|span| &mut span.attributes).for_each(list);
        let sent = self.to.export(batch).await;
        match (&sent, self.is_away.swap(sent.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!(error.message = %error, "the collector takes no spans; they are lost until it does");
            }
            (Ok(()), true) => tracing::info!("the collector takes spans again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.to.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.to.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.to.set_resource(resource);
    }
}

/// What is a list by convention: fields of `tracing` cannot be lists.
fn list(attribute: &mut KeyValue) {
    if attribute.key.as_str() == names::FINISH_REASONS
        && let Value::String(reason) = &attribute.value
    {
        attribute.value = Value::Array(Array::String(vec![reason.clone()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_address_without_secrets() {
        let of = |text: &str| text.parse::<Collector>().map(|Collector(base)| base);
        assert_eq!(of("http://127.0.0.1:4318/").as_deref(), Ok("http://127.0.0.1:4318"));
        assert_eq!(of("https://otel.example/tenant").as_deref(), Ok("https://otel.example/tenant"));
        for bad in ["", "127.0.0.1:4318", "grpc://host:4317", "http://me:secret@host", "https://host/?key=1"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
