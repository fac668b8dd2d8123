//! Outside agents: proposing, waiting for the decision, and saying what became of it.

use axum::{extract::State, response::Response};
use hyvve_domain::{
    approvals::{
        attachments::Attachment,
        outside::{DecisionKind, NewProposal, Outcome, service},
    },
    canonical::StrictValue,
    ids::ApprovalId,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::patience::{Wait, patiently};
use crate::{
    asking::{Member, Propose},
    extract::{Ids, Json, Query, Strict},
    reply::{Answer, created, data},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    action: String,
    arguments: Value,
    title: Option<String>,
    reason: Option<String>,
    confidence: Option<u8>,
    #[serde(default)]
    reversible: bool,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    happened: bool,
    #[schemars(with = "Option<Value>")]
    result: Option<StrictValue>,
    error: Option<String>,
    hash: String,
}

/// `POST /api/approvals`: something that HYVVE cannot do itself.
pub(crate) async fn propose(asking: Member<Propose>, Strict(body): Strict<New>) -> Answer<Response> {
    Ok(created(service::propose(&asking.services, &asking.actor, body.into()).await?))
}

/// `GET /api/approvals/{id}/decision?waitSeconds`
pub(crate) async fn decision(
    asking: Member<Propose>,
    State(stopping): State<CancellationToken>,
    Ids(id): Ids<ApprovalId>,
    Query(wait): Query<Wait>,
) -> Answer<Response> {
    let look = async || {
        let decided = service::decision(&asking.services, &asking.actor, id).await?;
        let is_final = decided.approved.is_some();
        Ok((decided, is_final))
    };
    Ok(data(patiently(&asking, &stopping, &wait, look).await?))
}

/// `POST /api/approvals/{id}/outcome`
pub(crate) async fn report(
    asking: Member<Propose>,
    Ids(id): Ids<ApprovalId>,
    Json(input): Json<Report>,
) -> Answer<Response> {
    let Report { happened, result, error, hash } = input;
    let outcome = Outcome { happened, result: result.map(|StrictValue(value)| value), error, hash };
    Ok(data(service::report(&asking.services, &asking.actor, id, outcome).await?))
}

impl From<New> for NewProposal {
    fn from(New { action, arguments, title, reason, confidence, reversible, attachments }: New) -> Self {
        let allowed = DecisionKind::ALL.to_vec();
        Self { action, arguments, title, reason, confidence, reversible, attachments, allowed }
    }
}
