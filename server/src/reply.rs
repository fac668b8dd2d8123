//! The envelopes of the REST API.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyvve_domain::Page;
use schemars::JsonSchema;
use serde::Serialize;

use crate::problem::Problem;

/// What a handler answers.
pub(crate) type Answer<T> = Result<T, Problem>;

/// `{data}`.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Data<T> {
    data: T,
}

/// `{data, meta: {total, page, pageSize, hasMore}}`.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct List<T> {
    data: Vec<T>,
    meta: Meta,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Meta {
    total: i64,
    page: i64,
    page_size: i64,
    has_more: bool,
}

/// `{data, meta: {hasMore, nextCursor}}`.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Rows<T> {
    data: Vec<T>,
    meta: Onward,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct Onward {
    has_more: bool,
    next_cursor: Option<String>,
}

/// `{success: true}`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Success {
    success: bool,
}

impl Success {
    pub(crate) const fn new() -> Self {
        Self { success: true }
    }
}

/// One thing, or all of a few.
pub(crate) fn data<T: Serialize>(data: T) -> Response {
    Json(Data { data }).into_response()
}

/// One thing that has just come to be.
pub(crate) fn created<T: Serialize>(made: T) -> Response {
    (StatusCode::CREATED, data(made)).into_response()
}

/// Some of many, and where the next ones begin.
pub(crate) fn rows<T: Serialize>(data: Vec<T>, next_cursor: Option<String>) -> Response {
    Json(Rows { data, meta: Onward { has_more: next_cursor.is_some(), next_cursor } }).into_response()
}

/// One page of many.
pub(crate) fn page<T: Serialize>(page: Page<T>) -> Response {
    let has_more = page.has_more();
    let Page { items, total, page, page_size } = page;
    Json(List { data: items, meta: Meta { total, page, page_size, has_more } }).into_response()
}
