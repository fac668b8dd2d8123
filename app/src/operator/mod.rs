//! Pages of those who run the installation. They belong to no workspace, and are plain forms, without scripts.

pub mod api;
mod jobs;
mod letters;

pub(crate) use jobs::jobs_page;
pub(crate) use letters::letters_page;
