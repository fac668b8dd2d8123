//! What the forms of a record's page do.

use hyvve_domain::{
    Error,
    ids::{RecordId, UserId},
    records::{service, sharing},
};
use leptos::prelude::*;

use crate::{
    ApiError, context,
    forms::{answer, leave_form},
};

/// Gives the record to a member.
#[server(prefix = "/_fn", endpoint = "records/assign", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn assign_record(
    /// Which one.
    id: RecordId,
    /// To whom; empty for nobody.
    #[server(default)]
    user: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        let to = Some(user).filter(|user| !user.is_empty()).map(|user| person(&user)).transpose()?;
        sharing::assign(&services, &actor, id, to).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Shares the record with somebody.
#[server(prefix = "/_fn", endpoint = "records/share", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn share_record(
    /// Which one.
    id: RecordId,
    /// With whom.
    user: UserId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        sharing::share(&services, &actor, id, user).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Takes it back.
#[server(prefix = "/_fn", endpoint = "records/unshare", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn unshare_record(
    /// Which one.
    id: RecordId,
    /// From whom.
    user: UserId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        sharing::unshare(&services, &actor, id, user).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

/// Brings a deleted record back.
#[server(prefix = "/_fn", endpoint = "records/restore", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn restore_record(
    /// Which one.
    id: RecordId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, actor) = context::actor().await?;
        service::restore(&services, &actor, id).await?;
        leave_form();
        Ok::<_, ApiError>(())
    })
    .await
}

fn person(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| Error::not_found("member"))
}
