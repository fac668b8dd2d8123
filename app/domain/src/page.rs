//! Pages of lists.

use serde::{Deserialize, Serialize};

/// Rows per page unless asked otherwise.
pub const PAGE_SIZE: i64 = 25;
/// Most rows per page.
pub const PAGE_SIZE_MAX: i64 = 100;

/// Which page of a list is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PageRequest {
    /// From 1.
    pub page: i64,
    /// Rows per page.
    pub size: i64,
}

impl PageRequest {
    /// The page, brought into bounds: from 1, at most [`PAGE_SIZE_MAX`] rows.
    pub fn new(page: Option<i64>, size: Option<i64>) -> Self {
        Self { page: page.unwrap_or(1).clamp(1, 1_000_000), size: size.unwrap_or(PAGE_SIZE).clamp(1, PAGE_SIZE_MAX) }
    }

    /// How many rows come before it.
    pub const fn offset(self) -> i64 {
        (self.page - 1) * self.size
    }

    /// This page's rows, with how many there are in all.
    pub fn of<T>(self, items: Vec<T>, total: i64) -> Page<T> {
        Page { items, total, page: self.page, page_size: self.size }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(None, None)
    }
}

/// One page of a list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are in all.
    pub total: i64,
    /// This page, from 1.
    pub page: i64,
    /// Rows per page.
    pub page_size: i64,
}

impl<T> Page<T> {
    /// Whether a later page has rows.
    pub fn has_more(&self) -> bool {
        self.page * self.page_size < self.total
    }

    /// How many pages there are, at least one.
    pub fn pages(&self) -> i64 {
        let size = self.page_size.max(1);
        (self.total.max(1) + size - 1) / size
    }
}
