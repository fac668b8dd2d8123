//! What the forms of those who run the installation do.

use hyvve_domain::jobs::service;
use leptos::prelude::*;

use crate::{
    ApiError,
    account::layout::JOBS as HERE,
    context,
    forms::{answer, done_at},
};

/// Has a job that failed tried again now.
#[server(prefix = "/_fn", endpoint = "operator/run-job")]
pub async fn run_job(
    /// Which one.
    id: i64,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        service::run(&services, &who, id).await?;
        done_at(HERE, "It is tried again. If that works, it is gone from here.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Gives a job up that failed.
#[server(prefix = "/_fn", endpoint = "operator/give-up-job")]
pub async fn give_up_job(
    /// Which one.
    id: i64,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        service::give_up(&services, &who, id).await?;
        done_at(HERE, "Given up.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}
