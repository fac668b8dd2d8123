//! What pages of other sites may do: those that the settings list call AgentOS's addresses, with a key or a token that they hold. No
//! cookie ever counts for them: browsers keep replies to requests that carry one from such pages, and the check of other sites'
//! requests stays as it is.

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::WORKSPACE;
use crate::config::Origins;

/// How long a browser remembers what it may send.
const REMEMBERED: Duration = Duration::from_mins(10);

/// What tells browsers so; nothing where no origin is listed.
pub(crate) fn cors(origins: &Origins) -> Option<CorsLayer> {
    if origins.all().is_empty() {
        return None;
    }
    let sent = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("x-api-key"),
        HeaderName::from_static(WORKSPACE),
    ];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.all().iter().cloned()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(sent)
        .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER])
        .max_age(REMEMBERED);
    Some(layer)
}
