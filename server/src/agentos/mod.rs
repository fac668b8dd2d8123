//! The agent runtime API that AgentOS's clients speak, at the root. Facts are of agno 2.9.0; where HYVVE is stricter, the
//! function says so.

pub(crate) mod agents;
pub(crate) mod approvals;
pub(crate) mod confirm;
pub(crate) mod form;
pub(crate) mod resume;
pub(crate) mod runs;
mod shapes;
mod stream;
pub(crate) mod system;

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use hyvve_domain::approvals::{Decide, Verdict};

/// A rejection needs a reason; AgentOS's clients may send none.
const NO_REASON: &str = "Rejected without a reason.";

/// A decision that a program sends. It does not press Undo, so the effect begins at once.
fn decision(approved: bool, note: Option<String>) -> Decide {
    let (verdict, note) = match note {
        note if approved => (Verdict::Approve, note),
        note => (Verdict::Reject, note.or_else(|| Some(NO_REASON.to_owned()))),
    };
    Decide { verdict, note, hash: None, interactive: false }
}

/// A person who typed an address that speaks AgentOS is looking for the page, not for JSON.
fn to_the_page(headers: &HeaderMap) -> Option<Response> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    accept.contains("text/html").then(|| Redirect::to("/").into_response())
}
