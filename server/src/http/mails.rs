//! Mail that the workspace sent, or that was kept because there is no mail server.

use axum::response::Response;
use hyvve_domain::{PageRequest, mail::service};

use super::Paging;
use crate::{
    asking::{Member, Read},
    extract::Query,
    reply::{Answer, page},
};

/// `GET /api/mails?page&pageSize`
pub(crate) async fn list(asking: Member<Read>, Query(paging): Query<Paging>) -> Answer<Response> {
    Ok(page(service::list(&asking.services, &asking.actor, PageRequest::from(paging)).await?))
}
