//! Account → Security: two-step verification and passkeys. What asks for a password stands on a page of its own.

pub mod api;
mod authenticator;
mod codes;
mod passkeys;

use hyvve_domain::{
    address::percent_encode,
    auth::{
        SignedIn,
        factors::{Overview, overview},
    },
    ids::PasskeyId,
    services::Services,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::security::HERE;
use crate::{
    ApiError,
    flash::Flash,
    ui::{ButtonLink, Field},
};

/// Where somebody is sent whose workspace asks for a second factor.
pub(crate) fn set_up_for(slug: &str) -> String {
    format!("{HERE}?for={}", percent_encode(slug))
}

/// The card that the address asks for, if any; the page shows nothing else then.
pub(super) async fn asked_for(
    services: &Services,
    who: &SignedIn,
    query: &ParamsMap,
    flash: &Flash,
) -> Result<Option<AnyView>, ApiError> {
    let is = |key: &str, value: &str| query.get_str(key) == Some(value);
    let here = async || overview(services, who).await;
    Ok(match () {
        () if is("add", "app") => Some(authenticator::begin_card(&here().await?, flash)),
        () if is("add", "code") => authenticator::confirm_card(services, who, flash).await?,
        () if is("add", "passkey") => Some(passkeys::add_card(&here().await?, flash)?),
        () if is("remove", "app") => Some(authenticator::remove_card(&here().await?, flash)),
        () if is("codes", "new") => Some(codes::renew_card(&here().await?, flash)),
        () => match query.get_str("passkey").and_then(|id| id.parse::<PasskeyId>().ok()) {
            Some(id) => passkeys::one_card(&here().await?, id, flash),
            None => None,
        },
    })
}

/// What an account is protected with, and the codes that were just made.
pub(super) async fn cards(
    services: &Services,
    who: &SignedIn,
    query: &ParamsMap,
    flash: &Flash,
) -> Result<AnyView, ApiError> {
    let found = overview(services, who).await?;
    let made = Some(flash.typed("codes")).filter(|codes| !codes.is_empty());
    Ok(view! {
        {wanted(query.get_str("for").unwrap_or_default(), found.is_on())}
        {made.map(codes::made_card)}
        {authenticator::card(&found)}
        {passkeys::card(&found)}
        {found.is_on().then(|| codes::card(&found))}
    }
    .into_any())
}

/// Why somebody is here who wanted to open a workspace, and the way there.
fn wanted(slug: &str, is_on: bool) -> AnyView {
    if slug.is_empty() {
        return ().into_any();
    }
    if is_on {
        let href = format!("/w/{}", percent_encode(slug));
        return view! {
            <p class="form-done" role="status">"Your account has two-step verification. "<a class="link" href=href>"Go to the workspace"</a></p>
        }
        .into_any();
    }
    view! {
        <p class="form-message" role="alert">
            "The workspace asks for two-step verification. Add an authenticator app or a passkey here; then it opens."
        </p>
    }
    .into_any()
}

/// Asks for the password where there is one. Accounts without must have signed in a moment ago.
fn password_field(found: &Overview, flash: &Flash) -> AnyView {
    if !found.has_password {
        return ().into_any();
    }
    view! {
        <Field
            name="password" label="Your password" kind="password" autocomplete="current-password" required=true
            wrong="Please enter your password." error=flash.at("password")
        />
    }
    .into_any()
}

fn back(label: &'static str) -> AnyView {
    view! { <ButtonLink href=HERE>{label}</ButtonLink> }.into_any()
}
