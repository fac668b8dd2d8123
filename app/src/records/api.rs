//! What the pages of records ask the server.

use hyvve_domain::{
    Page,
    ids::RecordId,
    records::{Collection, Detail, Record},
};
use leptos::prelude::*;

use crate::ApiError;
#[cfg(feature = "ssr")]
use crate::{context, forms::answer};
#[cfg(feature = "ssr")]
use hyvve_domain::{PageRequest, records::service};

/// All collections.
#[server(prefix = "/_fn", endpoint = "records/collections", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_collections() -> Result<Vec<Collection>, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::collections(&services, &actor).await
    })
    .await
}

/// A page of a collection's records that have these words.
#[server(prefix = "/_fn", endpoint = "records/list", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn list_records(
    /// The collection’s slug.
    collection: String,
    /// Words that they have to have.
    #[server(default)]
    words: String,
    /// Which page, from 1.
    page: Option<i64>,
) -> Result<(Collection, Page<Record>), ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::list(&services, &actor, &collection, &words, PageRequest::new(page, None)).await
    })
    .await
}

/// One record with its history.
#[server(prefix = "/_fn", endpoint = "records/get", client = crate::client::InWorkspace, output = crate::client::Json)]
pub async fn get_record(
    /// Which one.
    id: RecordId,
) -> Result<Detail, ApiError> {
    answer(async {
        let (services, actor) = context::actor().await?;
        service::get(&services, &actor, id).await
    })
    .await
}
