//! The sign-in and sign-up pages.

use hyvve_domain::{
    address::percent_encode,
    auth::rules::PASSWORD_MIN,
    workspaces::{invitations, newcomers},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn as _;

use super::{
    api::{SignIn, SignUp},
    door::Door,
    others::other_ways,
    passkey::sign_in_with_passkey,
};
use crate::{
    ApiError, context,
    flash::Flash,
    invite,
    ui::{Button, Field, Form, Variant},
};

/// What the browser says about what cannot be an address.
pub(super) const WRONG_EMAIL: &str = "Please enter an e-mail address like ada@example.com.";

/// The page of people who have an account.
pub(crate) fn sign_in_page() -> Result<AnyView, ApiError> {
    let (flash, next) = (Flash::take().unwrap_or_default(), use_next());
    let done = Some(flash.typed("done")).filter(|done| !done.is_empty());
    let (other, link) = (with_next("/sign-up", &next), with_next("/sign-in/link", &next));
    let (others, by_passkey) = (other_ways(&next), sign_in_with_passkey(&next, "Sign in with a passkey")?);
    Ok(view! {
        <Door title="Sign in" message=flash.beside(&["email", "password"]) done=done>
            <Form action=SignIn::url()>
                <input type="hidden" name="next" value=next/>
                <Field
                    name="email" label="E-mail" kind="email" autocomplete="username webauthn" required=true
                    autofocus=true wrong=WRONG_EMAIL value=flash.typed("email") error=flash.at("email")
                />
                <Field
                    name="password" label="Password" kind="password" autocomplete="current-password" required=true
                    wrong="Please enter your password." error=flash.at("password")
                />
                <Button variant=Variant::Primary kind="submit">"Sign in"</Button>
            </Form>
            {others}
            {by_passkey}
            <p class="door-other"><a class="link" href=link>"E-mail me a sign-in link"</a></p>
            <p class="door-other"><a class="link" href="/forgot-password">"Forgot password?"</a></p>
            <p class="door-other">"New here? "<a class="link" href=other>"Create an account"</a></p>
        </Door>
    }
    .into_any())
}

/// The page of people who do not have one yet.
pub(crate) async fn sign_up_page() -> Result<AnyView, ApiError> {
    let (flash, next) = (Flash::take().unwrap_or_default(), use_next());
    let (other, others) = (with_next("/sign-in", &next), other_ways(&next));
    let invitation = match newcomers::link_in(&next) {
        Some(link) => {
            let request = context::request()?;
            Some(invitations::opened(&request.services, &link, &request.origin).await?)
        }
        None => None,
    };
    let typed = flash.typed("email");
    let asked = invitation.as_ref().and_then(|invitation| invitation.email.clone());
    let email = if typed.is_empty() { asked.unwrap_or_default() } else { typed };
    let to = invitation.map(|invitation| view! { <p>{invite::told(&invitation)}</p> });
    Ok(view! {
        <Door title="Create your account" message=flash.beside(&["name", "email", "password"])>
            {to}
            <Form action=SignUp::url()>
                <input type="hidden" name="next" value=next/>
                <Field
                    name="name" label="Your name" autocomplete="name" required=true autofocus=true
                    wrong="Please enter your name." value=flash.typed("name") error=flash.at("name")
                />
                <Field
                    name="email" label="E-mail" kind="email" autocomplete="username" required=true
                    wrong=WRONG_EMAIL value=email error=flash.at("email")
                />
                <Field
                    name="password" label="Password" kind="password" autocomplete="new-password" required=true
                    minlength=PASSWORD_MIN hint=format!("At least {PASSWORD_MIN} characters, and hard to guess.")
                    wrong="This is too short." error=flash.at("password")
                />
                <Button variant=Variant::Primary kind="submit">"Create account"</Button>
            </Form>
            {others}
            <p class="door-other">"Have an account? "<a class="link" href=other>"Sign in"</a></p>
        </Door>
    }
    .into_any())
}

/// Where to go afterwards, as the address says; the server follows only paths of this site.
pub(super) fn use_next() -> String {
    use_query_map().read_untracked().get("next").unwrap_or_default()
}

pub(super) fn with_next(page: &str, next: &str) -> String {
    if next.is_empty() { page.to_owned() } else { format!("{page}?next={}", percent_encode(next)) }
}
