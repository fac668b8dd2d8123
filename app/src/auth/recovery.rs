//! The way back in, and the proof of an address: what the links in letters lead to. Opening such a page uses nothing up,
//! because programs open every link in a mail; its button does.

use hyvve_domain::auth::{
    Password,
    recovery::{self, Asked, Needed, Proved},
    rules::PASSWORD_MIN,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn as _;

use super::{
    door::Door,
    pages::{WRONG_EMAIL, with_next},
    session,
};
use crate::{
    ApiError, context,
    flash::Flash,
    forms::{answer, answer_with, done_at, go_on, tell},
    ui::{Button, Field, Form, Variant},
};

/// Sends a link to choose a new password with.
#[server(prefix = "/_fn", endpoint = "auth/forgot-password")]
pub async fn forgot_password(
    /// The person's address.
    email: String,
) -> Result<(), ApiError> {
    answer_with(vec![("email", email.clone())], async move {
        let request = context::request()?;
        recovery::forgot_password(&request.services, &email, &request.origin).await?;
        tell(vec![("sent", email)]);
        go_on("/forgot-password");
        Ok::<_, ApiError>(())
    })
    .await
}

/// Chooses a new password.
#[server(prefix = "/_fn", endpoint = "auth/reset-password")]
pub async fn reset_password(
    /// From the letter.
    token: String,
    /// The new password.
    password: Password,
) -> Result<(), ApiError> {
    answer(async move {
        let request = context::request()?;
        let user = recovery::reset_password(&request.services, &token, &password, &request.origin).await?;
        session::know(user).await?;
        done_at("/sign-in", "Your password is changed. Please sign in with it.".to_owned());
        Ok::<_, ApiError>(())
    })
    .await
}

/// Sends a link to prove an address with.
#[server(prefix = "/_fn", endpoint = "auth/send-verification")]
pub async fn send_verification(
    /// The person's address.
    email: String,
) -> Result<(), ApiError> {
    answer_with(vec![("email", email.clone())], async move {
        let request = context::request()?;
        recovery::ask_for_proof(&request.services, &email, &request.origin).await?;
        tell(vec![("sent", email)]);
        go_on("/verify-email");
        Ok::<_, ApiError>(())
    })
    .await
}

/// Proves an address, in a session of the account or with its password.
#[server(prefix = "/_fn", endpoint = "auth/verify-email")]
pub async fn verify_email(
    /// From the letter.
    token: String,
    /// The account's password, from whoever is not signed in.
    #[server(default)]
    password: Option<Password>,
) -> Result<(), ApiError> {
    answer(async move {
        let request = context::request()?;
        let (s, who, origin) = (&request.services, request.signed_in.as_ref(), &request.origin);
        let done = match recovery::prove_email(s, &token, who, password.as_ref(), origin).await? {
            Proved::Address => "Your address is confirmed.".to_owned(),
            Proved::NewAddress(email) => format!("Your address is {email} from now on."),
        };
        done_at(if request.signed_in.is_some() { "/account/profile" } else { "/sign-in" }, done);
        Ok::<_, ApiError>(())
    })
    .await
}

/// The page at `/forgot-password`.
pub(crate) fn forgot_password_page() -> AnyView {
    let flash = Flash::take().unwrap_or_default();
    let sent = Some(flash.typed("sent")).filter(|sent| !sent.is_empty());
    let sent = sent.map(|email| format!("If {email} has an account here, a link is on its way to it."));
    view! {
        <Door title="Forgot your password?" message=flash.beside(&["email"]) done=sent>
            <p>"Enter your address. We send you a link with which you can choose a new password."</p>
            <Form action=ForgotPassword::url()>
                <Field
                    name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=true
                    wrong=WRONG_EMAIL value=flash.typed("email") error=flash.at("email")
                />
                <Button variant=Variant::Primary kind="submit">"Send the link"</Button>
            </Form>
            <p class="door-other"><a class="link" href="/sign-in">"Back to sign-in"</a></p>
        </Door>
    }
    .into_any()
}

/// What the address brings from the letter.
fn token() -> String {
    use_query_map().get_untracked().get("token").unwrap_or_default()
}

/// The page at `/reset-password?token=`.
pub(crate) async fn reset_password_page() -> Result<AnyView, ApiError> {
    let (token, flash) = (token(), Flash::take().unwrap_or_default());
    let request = context::request()?;
    if let Err(error) = recovery::is_live(&request.services, &token, &request.origin).await {
        return Ok(view! {
            <Door title="Choose a new password" message=Some(error.message)>
                <p class="door-other"><a class="link" href="/forgot-password">"Ask for a new link"</a></p>
            </Door>
        }
        .into_any());
    }
    Ok(view! {
        <Door title="Choose a new password" message=flash.beside(&["password"])>
            <Form action=ResetPassword::url()>
                <input type="hidden" name="token" value=token/>
                <Field
                    name="password" label="New password" kind="password" autocomplete="new-password" required=true
                    autofocus=true minlength=PASSWORD_MIN wrong="This is too short." error=flash.at("password")
                    hint=format!("At least {PASSWORD_MIN} characters, and hard to guess. You are signed out everywhere.")
                />
                <Button variant=Variant::Primary kind="submit">"Change password"</Button>
            </Form>
        </Door>
    }
    .into_any())
}

/// The page at `/verify-email?token=`; without a token, where one waits for the letter.
pub(crate) async fn verify_email_page() -> Result<AnyView, ApiError> {
    let (token, flash) = (token(), Flash::take().unwrap_or_default());
    let request = context::request()?;
    if token.is_empty() {
        return Ok(waiting(None, flash));
    }
    let who = request.signed_in.as_ref();
    Ok(match recovery::asked(&request.services, &token, who, &request.origin).await {
        Ok(asked) => confirming(asked, token, &flash),
        Err(error) => waiting(Some(error.message), flash),
    })
}

/// The button that proves the address, which says what of. Whoever reads the mail need not be who made the account, and then
/// neither has a session of it nor knows its password: the way in is a new one.
fn confirming(asked: Asked, token: String, flash: &Flash) -> AnyView {
    let Asked { email, instead_of, needed } = asked;
    let told = match &instead_of {
        Some(old) => format!("The account {old} will have the address {email} instead."),
        None => format!("This confirms that {email} is yours."),
    };
    let body = match needed {
        Needed::Session => {
            let account = instead_of.unwrap_or(email);
            let why =
                format!("You have to be signed in as {account} for this. If it is not yours, there is nothing to do.");
            let sign_in = with_next("/sign-in", &format!("/verify-email?token={token}"));
            view! {
                <p>{why}</p>
                <p class="door-other"><a class="link" href=sign_in>"Sign in"</a></p>
            }
            .into_any()
        }
        Needed::Password | Needed::Nothing => {
            let password = (needed == Needed::Password).then(|| {
                view! {
                    <Field
                        name="password" label="Your password" kind="password" autocomplete="current-password" required=true
                        wrong="Please enter your password." error=flash.at("password")
                        hint="The one that this account was made with."
                    />
                }
            });
            let other = (needed == Needed::Password).then(|| {
                view! {
                    <p class="door-other">
                        "You did not choose one, or do not know it? "
                        <a class="link" href="/forgot-password">"Choose a new password"</a>
                        ": that confirms the address as well."
                    </p>
                }
            });
            view! {
                <Form action=VerifyEmail::url()>
                    <input type="hidden" name="token" value=token/>
                    {password}
                    <Button variant=Variant::Primary kind="submit">"Yes, this address is mine"</Button>
                </Form>
                {other}
            }
            .into_any()
        }
    };
    view! {
        <Door title="Confirm your address" message=flash.beside(&["password"])>
            <p>{told}</p>
            {body}
        </Door>
    }
    .into_any()
}

/// A letter is on its way, or can be asked for.
fn waiting(message: Option<String>, flash: Flash) -> AnyView {
    let sent = Some(flash.typed("sent")).filter(|sent| !sent.is_empty());
    let sent = sent.map(|email| format!("If {email} waits to be confirmed, a link is on its way to it."));
    view! {
        <Door title="Confirm your address" message=message.or_else(|| flash.beside(&["email"])) done=sent>
            <p>"We have sent you a letter. Follow the link in it, then sign in."</p>
            <Form action=SendVerification::url()>
                <Field
                    name="email" label="Nothing came? Your e-mail" kind="email" autocomplete="username" required=true
                    wrong=WRONG_EMAIL value=flash.typed("email") error=flash.at("email")
                />
                <Button kind="submit">"Send it again"</Button>
            </Form>
            <p class="door-other"><a class="link" href="/sign-in">"Back to sign-in"</a></p>
        </Door>
    }
    .into_any()
}
