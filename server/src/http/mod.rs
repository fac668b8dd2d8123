//! HYVVE's own REST API, a file per capability.

pub(crate) mod account;
pub(crate) mod agents;
pub(crate) mod ai_providers;
pub(crate) mod api_keys;
pub(crate) mod approval_filters;
pub(crate) mod approval_policies;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod dead_letters;
pub(crate) mod events;
pub(crate) mod factors;
pub(crate) mod inbox;
pub(crate) mod invitations;
pub(crate) mod mails;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod openid;
pub(crate) mod operator;
pub(crate) mod organization;
pub(crate) mod outside;
mod patience;
pub(crate) mod pictures;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod stream;
pub(crate) mod tokens;
pub(crate) mod usage;
pub(crate) mod webhooks;
pub(crate) mod workspaces;

use hyvve_domain::PageRequest;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which page of a list is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Paging {
    page: Option<i64>,
    page_size: Option<i64>,
}

impl From<Paging> for PageRequest {
    fn from(Paging { page, page_size }: Paging) -> Self {
        Self::new(page, page_size)
    }
}
