//! What the forms of the account do.

use hyvve_domain::{
    auth::{
        Password,
        account::{self, ProfileChanges},
        recovery, session_list,
    },
    ids::SessionId,
};
use leptos::prelude::*;

use super::security::HERE as SECURITY;
use crate::{
    ApiError,
    auth::{end_session, know_browser},
    context,
    forms::{answer, answer_with, done_at},
    ui::counted,
};

const PROFILE: &str = "/account/profile";
const SESSIONS: &str = "/account/sessions";

/// Changes the name. Pictures come as files, to an address of their own.
#[server(prefix = "/_fn", endpoint = "account/profile")]
pub async fn change_profile(
    /// How others see the person.
    name: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone())], async move {
        let (services, who) = context::signed_in()?;
        let changes = ProfileChanges { name: Some(name), ..ProfileChanges::default() };
        account::update(&services, &who, changes, &context::request()?.origin).await?;
        done_at(PROFILE, "Saved.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Whether letters tell of what waits for a decision.
#[server(prefix = "/_fn", endpoint = "account/reminders")]
pub async fn change_reminders(
    /// They do.
    #[server(default)]
    reminded: bool,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        account::set_reminded(&services, &who, reminded, &context::request()?.origin).await?;
        done_at(PROFILE, "Saved.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Asks another address whether it is the person's.
#[server(prefix = "/_fn", endpoint = "account/change-email")]
pub async fn change_email(
    /// The new address.
    email: String,
) -> Result<(), ApiError> {
    answer_with(vec![("email", email.clone())], async move {
        let (services, who) = context::signed_in()?;
        account::change_email(&services, &who, &email, &context::request()?.origin).await?;
        done_at(PROFILE, "We have sent a link to the new address. Your address changes once you follow it.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends a link that proves the address.
#[server(prefix = "/_fn", endpoint = "account/prove-address")]
pub async fn prove_address() -> Result<(), ApiError> {
    answer(async {
        let (services, who) = context::signed_in()?;
        recovery::ask_for_proof(&services, &who.user.email, &context::request()?.origin).await?;
        done_at(PROFILE, "We have sent you a link.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Changes the password.
#[server(prefix = "/_fn", endpoint = "account/change-password")]
pub async fn change_password(
    /// The one until now.
    current_password: Password,
    /// The new one.
    password: Password,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        account::change_password(&services, &who, &current_password, &password, &context::request()?.origin).await?;
        know_browser(who.user.id).await?;
        done_at(SECURITY, "Your password is changed, and you are signed out everywhere else.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends the account.
#[server(prefix = "/_fn", endpoint = "account/delete")]
pub async fn delete_account(
    /// The person's password, if there is one.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        account::delete(&services, &who, password.as_ref(), &context::request()?.origin).await?;
        end_session()
    })
    .await
}

/// Ends one of the person's sessions.
#[server(prefix = "/_fn", endpoint = "account/revoke-session")]
pub async fn revoke_session(
    /// Which one.
    id: SessionId,
) -> Result<(), ApiError> {
    answer(async move {
        let (services, who) = context::signed_in()?;
        session_list::revoke(&services, &who, id, &context::request()?.origin).await?;
        done_at(SESSIONS, "It is signed out.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends all sessions of the person but this one.
#[server(prefix = "/_fn", endpoint = "account/revoke-other-sessions")]
pub async fn revoke_other_sessions() -> Result<(), ApiError> {
    answer(async {
        let (services, who) = context::signed_in()?;
        let ended = session_list::revoke_others(&services, &who, &context::request()?.origin).await?;
        done_at(SESSIONS, format!("Signed out: {}.", counted(ended as u64, "session")));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Ends all sessions of the person.
#[server(prefix = "/_fn", endpoint = "account/revoke-sessions")]
pub async fn revoke_sessions() -> Result<(), ApiError> {
    answer(async {
        let (services, who) = context::signed_in()?;
        session_list::revoke_all(&services, &who, &context::request()?.origin).await?;
        end_session()
    })
    .await
}
