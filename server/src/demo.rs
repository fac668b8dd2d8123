//! The demo account: one workspace full of sample data, and a password that everybody knows.

use anyhow::{Context, Result};
use hyvve_domain::{auth::Password, services::Services, workspaces};

/// Who it signs in as.
pub const EMAIL: &str = "demo@hyvve.local";
/// Known to everybody, therefore offered on loopback only.
pub const PASSWORD: &str = "hyvve-demo-2026";

/// Makes what is missing of it.
pub async fn seed(services: &Services) -> Result<()> {
    let password = Password(PASSWORD.to_owned());
    workspaces::service::seed_demo(services, "Demo", EMAIL, &password).await.context("seeding the demo workspace")?;
    Ok(())
}
