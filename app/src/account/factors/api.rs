//! What the forms of two-step verification and passkeys do.

use hyvve_domain::{
    auth::{
        Password,
        factors::{
            passkeys, recovery_codes,
            totp::{self, Codes},
        },
    },
    ids::PasskeyId,
};
use leptos::prelude::*;

use super::super::security::HERE;
use crate::{
    ApiError,
    auth::{challenge, party_here},
    context,
    forms::{answer, answer_with, done_at, go_on, tell},
};

/// The page that shows the secret and asks for the first code.
const CODE: &str = "/account/security?add=code";

/// Begins to set an authenticator app up.
#[server(prefix = "/_fn", endpoint = "account/authenticator-begin")]
pub async fn begin_authenticator(
    /// The person's password, where there is one.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        totp::begin(&services, &who, password.as_ref(), &context::request()?.origin).await?;
        go_on(CODE);
        Ok::<_, ApiError>(())
    })
    .await
}

/// The app shows its first code.
#[server(prefix = "/_fn", endpoint = "account/authenticator-confirm")]
pub async fn confirm_authenticator(
    /// The code.
    code: String,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        let origin = context::request()?.origin;
        let codes = totp::confirm(&services, &who, &code, Codes::WithTheFirst, &origin).await?;
        show("Your authenticator app is set up.", codes);
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes the app.
#[server(prefix = "/_fn", endpoint = "account/authenticator-remove")]
pub async fn remove_authenticator(
    /// The person's password, where there is one.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        totp::remove(&services, &who, password.as_ref(), &context::request()?.origin).await?;
        done_at(HERE, "The authenticator app is removed.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Replaces the recovery codes.
#[server(prefix = "/_fn", endpoint = "account/recovery-codes")]
pub async fn renew_recovery_codes(
    /// The person's password, where there is one.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        let codes = recovery_codes::renew(&services, &who, password.as_ref(), &context::request()?.origin).await?;
        show("These are your new recovery codes. The old ones do not work any more.", Some(codes));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Adds the passkey that the browser has made.
#[server(prefix = "/_fn", endpoint = "account/passkey-add")]
pub async fn add_passkey(
    /// `RegistrationResponseJSON`, as the browser gives it.
    credential: String,
    /// What the person calls it.
    #[server(default)]
    name: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone())], async move {
        let (services, who) = context::signed_in()?;
        let (party, asked) = (party_here()?, challenge()?);
        let credential = serde_json::from_str(&credential).unwrap_or_default();
        let origin = context::request()?.origin;
        let added = passkeys::add(&services, &who, &party, asked.as_ref(), credential, &name, &origin).await?;
        show(&format!("The passkey “{}” is added.", added.passkey.name), added.codes);
        Ok::<_, ApiError>(())
    })
    .await
}

/// Calls a passkey something else.
#[server(prefix = "/_fn", endpoint = "account/passkey-rename")]
pub async fn rename_passkey(
    /// Which one.
    id: PasskeyId,
    /// What the person calls it.
    name: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone())], async move {
        let (services, who) = context::signed_in()?;
        let origin = context::request()?.origin;
        passkeys::rename(&services, &who, id, &name, &origin).await?;
        done_at(HERE, "Saved.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Removes a passkey.
#[server(prefix = "/_fn", endpoint = "account/passkey-remove")]
pub async fn remove_passkey(
    /// Which one.
    id: PasskeyId,
    /// The person's password, where it is asked for.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        passkeys::remove(&services, &who, id, password.as_ref(), &context::request()?.origin).await?;
        done_at(HERE, "The passkey is removed.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Goes back to the overview, which shows the codes once.
fn show(done: &str, codes: Option<Vec<String>>) {
    tell(vec![("done", done.to_owned()), ("codes", codes.unwrap_or_default().join("\n"))]);
    go_on(HERE);
}
