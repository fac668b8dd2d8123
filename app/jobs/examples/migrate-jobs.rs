//! `migrate-jobs URL`: brings the library's schema up to date. For `cargo xtask prepare`; a server does so itself.

use anyhow::{Context as _, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("which database? Name its URL, as hyvve_owner")?;
    hyvve_jobs::migrate(&url).await.context("migrating the schema of jobs")
}
