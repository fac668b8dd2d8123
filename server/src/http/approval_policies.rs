//! Policies, what they would have done, standing grants, and how well scores fit.

use axum::response::Response;
use hyvve_domain::{
    approvals::{
        grants::{self, NewGrant},
        policies::{Draft, dry_run, service},
        routing::report,
    },
    ids::GrantId,
};

use crate::{
    asking::{Admin, Member, Read},
    extract::{Empty, Ids, Json},
    reply::{Answer, created, data},
};

/// `GET /api/approval-policies`
pub(crate) async fn list(asking: Member<Read>) -> Answer<Response> {
    Ok(data(service::list(&asking.services, &asking.actor).await?))
}

/// `PUT /api/approval-policies`: at once, or as a proposal to somebody else.
pub(crate) async fn change(asking: Member<Admin>, Json(draft): Json<Draft>) -> Answer<Response> {
    Ok(data(service::change(&asking.services, &asking.actor, draft).await?))
}

/// `POST /api/approval-policies/dry-run`
pub(crate) async fn try_out(asking: Member<Read>, Json(draft): Json<Draft>) -> Answer<Response> {
    Ok(data(dry_run::dry_run(&asking.services, &asking.actor, draft).await?))
}

/// `GET /api/approval-grants`: those that hold first, then the newest.
pub(crate) async fn grants(asking: Member<Read>) -> Answer<Response> {
    Ok(data(grants::service::list(&asking.services, &asking.actor).await?))
}

/// `POST /api/approval-grants`
pub(crate) async fn make_grant(asking: Member<Admin>, Json(new): Json<NewGrant>) -> Answer<Response> {
    Ok(created(grants::service::create(&asking.services, &asking.actor, new).await?))
}

/// `DELETE /api/approval-grants/{id}`: it stays in the list, revoked.
pub(crate) async fn revoke_grant(asking: Member<Admin>, Ids(id): Ids<GrantId>, _: Empty) -> Answer<Response> {
    Ok(data(grants::service::revoke(&asking.services, &asking.actor, id).await?))
}

/// `GET /api/calibration`
pub(crate) async fn calibration(asking: Member<Read>) -> Answer<Response> {
    Ok(data(report::report(&asking.services, &asking.actor).await?))
}
