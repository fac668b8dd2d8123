//! The demo account: one workspace full of sample data, and a password that everybody knows.

use anyhow::{Context, Result, ensure};
use hyvve_domain::{
    auth::{self, Password},
    services::Services,
    workspaces,
};

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

/// Refuses to start where others come while the account is left from when HYVVE was tried out, and opens with that password.
pub async fn refuse_known(services: &Services) -> Result<()> {
    let password = Password(PASSWORD.to_owned());
    let opens = auth::service::opens(services, EMAIL, &password).await.context("looking for the demo account")?;
    ensure!(
        !opens,
        "there is the demo account {EMAIL}, whose password everybody knows, and this server is reached from elsewhere. Start it \
         once on 127.0.0.1 without public_url and trusted_proxies, sign in there, and change the password or delete the account"
    );
    Ok(())
}
