//! Server functions of the way in and out.

use leptos::prelude::*;

use super::session;
use crate::{
    ApiError, context,
    forms::{answer, answer_with},
};
use hyvve_domain::{
    auth::{
        self, Password, SignedIn,
        service::{self, SignedUp},
    },
    services::Services,
    workspaces::{self, newcomers},
};

/// Signs in and goes to `next`, a path on this site, or to the workspace used last; before that, to where a second factor is
/// asked for, if the account has one.
#[server(prefix = "/_fn", endpoint = "auth/sign-in")]
pub async fn sign_in(
    /// The person's address.
    email: String,
    /// The password.
    password: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer_with(vec![("email", email.clone())], async move {
        let request = context::request()?;
        let input = auth::SignIn { email, password: Password(password) };
        session::go_on(&service::sign_in(&request.services, input, &request.origin).await?, &next).await
    })
    .await
}

/// Makes an account and goes to its new workspace, to the one that the invitation at `next` is for, or to where one waits for
/// the letter that proves the address.
#[server(prefix = "/_fn", endpoint = "auth/sign-up")]
pub async fn sign_up(
    /// The person's name.
    name: String,
    /// The person's address.
    email: String,
    /// The password.
    password: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer_with(vec![("name", name.clone()), ("email", email.clone())], async move {
        let request = context::request()?;
        let input = auth::SignUp { name, email, password: Password(password) };
        let invitation = newcomers::link_in(&next);
        match service::sign_up(&request.services, input, invitation.as_ref(), &request.origin).await? {
            SignedUp::In(signed_in, token) => {
                let first = first_page(&request.services, &signed_in, invitation.is_some(), next).await?;
                session::begin(signed_in.user.id, &token, &first).await
            }
            SignedUp::Told(_) => {
                leptos_axum::redirect("/verify-email");
                Ok(())
            }
        }
    })
    .await
}

/// Where a new person begins.
async fn first_page(s: &Services, signed_in: &SignedIn, invited: bool, next: String) -> Result<String, ApiError> {
    let first = workspaces::service::memberships(s, signed_in.user.id).await?.into_iter().next();
    Ok(match first {
        Some(first) if invited => format!("/w/{}", first.workspace.slug),
        Some(first) if next.is_empty() => format!("/w/{}/welcome", first.workspace.slug),
        _ => next,
    })
}

/// Ends the session.
#[server(prefix = "/_fn", endpoint = "auth/sign-out")]
pub async fn sign_out() -> Result<(), ApiError> {
    answer(async {
        let request = context::request()?;
        if let Some(token) = &request.token {
            service::sign_out(&request.services, token, &request.origin).await?;
        }
        session::end()
    })
    .await
}
