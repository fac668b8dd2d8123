//! LangChain's Agent Inbox: interrupts in both forms.

use axum::{extract::State, response::Response};
use hyvve_domain::{approvals::outside::inbox, ids::InterruptId};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::patience::{Wait, patiently};
use crate::{
    asking::{Member, Propose},
    extract::{Ids, Query, Strict},
    reply::{Answer, created, data},
};

/// `POST /api/inbox/interrupts`
pub(crate) async fn interrupt(asking: Member<Propose>, Strict(body): Strict<Value>) -> Answer<Response> {
    Ok(created(inbox::interrupt(&asking.services, &asking.actor, body).await?))
}

/// `GET /api/inbox/interrupts/{id}?waitSeconds`
pub(crate) async fn answer(
    asking: Member<Propose>,
    State(stopping): State<CancellationToken>,
    Ids(id): Ids<InterruptId>,
    Query(wait): Query<Wait>,
) -> Answer<Response> {
    let look = async || {
        let answered = inbox::answer(&asking.services, &asking.actor, id).await?;
        let is_final = answered.reply.is_some();
        Ok((answered, is_final))
    };
    Ok(data(patiently(&asking, &stopping, &wait, look).await?))
}
