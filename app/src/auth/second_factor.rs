//! The second step of a sign-in: a code of the app, a recovery code, or a passkey.

use hyvve_domain::auth::factors::{Method, passkeys, pending};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    door::Door,
    pages::{use_next, with_next},
    passkey::sign_in_with_passkey,
    session,
};
use crate::{
    ApiError, context,
    flash::Flash,
    forms::answer,
    ui::{Button, Field, Form, Variant},
};

/// Ends a sign-in that waits with a code, of the app or a recovery code.
#[server(prefix = "/_fn", endpoint = "auth/second-factor")]
pub async fn second_factor(
    /// The code.
    code: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer(async move {
        let request = context::request()?;
        let waiting = session::waiting()?;
        let (who, token) = pending::show_code(&request.services, waiting.as_ref(), &code, &request.origin).await?;
        session::begin(who.user.id, &token, &next).await
    })
    .await
}

/// Signs in with what a passkey has signed.
#[server(prefix = "/_fn", endpoint = "auth/passkey")]
pub async fn passkey_sign_in(
    /// `AuthenticationResponseJSON`, as the browser gives it.
    credential: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer(async move {
        let request = context::request()?;
        let credential = serde_json::from_str(&credential).unwrap_or_default();
        let (party, asked) = (session::party_here()?, session::challenge()?);
        let (who, token) =
            passkeys::sign_in(&request.services, &party, asked.as_ref(), credential, &request.origin).await?;
        session::begin(who.user.id, &token, &next).await
    })
    .await
}

/// The page at `/sign-in/second-factor`.
pub(crate) async fn second_factor_page() -> Result<AnyView, ApiError> {
    let (flash, next) = (Flash::take().unwrap_or_default(), use_next());
    let back = with_next("/sign-in", &next);
    let methods = match pending::look(&context::request()?.services, session::waiting()?.as_ref()).await {
        Ok(methods) => methods,
        Err(error) => {
            return Ok(view! {
                <Door title="Two-step verification" message=Some(error.message)>
                    <p class="door-other"><a class="link" href=back>"Back to sign-in"</a></p>
                </Door>
            }
            .into_any());
        }
    };
    let (label, hint) = if methods.contains(&Method::Totp) {
        ("Code", "The six digits that your authenticator app shows, or one of your recovery codes.")
    } else {
        ("Recovery code", "One of the ten that you kept when you added your passkey.")
    };
    let by_passkey =
        if methods.contains(&Method::Passkey) { Some(sign_in_with_passkey(&next, "Use a passkey")?) } else { None };
    Ok(view! {
        <Door title="Two-step verification" message=flash.beside(&["code"])>
            {by_passkey}
            <Form action=SecondFactor::url()>
                <input type="hidden" name="next" value=next/>
                <Field
                    name="code" label=label autocomplete="one-time-code" required=true autofocus=true
                    wrong="Please enter a code." hint=hint error=flash.at("code")
                />
                <Button variant=Variant::Primary kind="submit">"Continue"</Button>
            </Form>
            <p class="door-other"><a class="link" href=back>"Sign in as somebody else"</a></p>
        </Door>
    }
    .into_any())
}
