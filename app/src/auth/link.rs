//! Signing in with a link by mail. Opening the link signs nobody in, because programs open every link in a mail; its button does.

use hyvve_domain::auth::magic_link;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::ServerFn as _;

use super::{
    door::{Door, by_mail, link_sent},
    pages::{WRONG_EMAIL, use_next, with_next},
    session,
};
use crate::{
    ApiError, context,
    flash::Flash,
    forms::{answer, answer_with, go_on, local, tell},
    ui::{Button, Field, Form, Variant},
};

/// The page's address.
const HERE: &str = "/sign-in/link";

/// Sends a link to sign in with.
#[server(prefix = "/_fn", endpoint = "auth/send-link")]
pub async fn send_link(
    /// The person's address.
    email: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer_with(vec![("email", email.clone())], async move {
        let after = if next.is_empty() { "" } else { local(&next) };
        magic_link::send(&context::request()?.services, &email, after, &context::request()?.origin).await?;
        tell(vec![("sent", email)]);
        go_on(&with_next(HERE, after));
        Ok::<_, ApiError>(())
    })
    .await
}

/// Signs in with a link.
#[server(prefix = "/_fn", endpoint = "auth/use-link")]
pub async fn use_link(
    /// From the letter.
    token: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer(async move {
        let request = context::request()?;
        session::go_on(&magic_link::sign_in(&request.services, &token, &request.origin).await?, &next).await
    })
    .await
}

/// The page at `/sign-in/link`: asks for the address; with `?token=`, whether to sign in.
pub(crate) async fn link_page() -> Result<AnyView, ApiError> {
    let (flash, next) = (Flash::take().unwrap_or_default(), use_next());
    let token = use_query_map().get_untracked().get("token").unwrap_or_default();
    if token.is_empty() {
        return Ok(asking(None, flash, next));
    }
    Ok(match magic_link::look(&context::request()?.services, &token, &context::request()?.origin).await {
        Ok(email) => view! {
            <Door title="Sign in" message=flash.beside(&[])>
                <p>"You sign in as "<b>{email}</b>"."</p>
                <Form action=UseLink::url()>
                    <input type="hidden" name="token" value=token/>
                    <input type="hidden" name="next" value=next/>
                    <Button variant=Variant::Primary kind="submit">"Sign in"</Button>
                </Form>
            </Door>
        }
        .into_any(),
        Err(error) => asking(Some(error.message), flash, next),
    })
}

fn asking(message: Option<String>, flash: Flash, next: String) -> AnyView {
    let sent = link_sent(&flash, "has an account here");
    let back = with_next("/sign-in", &next);
    view! {
        <Door title="Sign in by e-mail" message=message.or_else(|| flash.beside(&["email"])) done=sent>
            {by_mail("Enter your address. We send you a link that signs you in, once, within 15 minutes.")}
            <Form action=SendLink::url()>
                <input type="hidden" name="next" value=next/>
                <Field
                    name="email" label="E-mail" kind="email" autocomplete="username" required=true autofocus=true
                    wrong=WRONG_EMAIL value=flash.typed("email") error=flash.at("email")
                />
                <Button variant=Variant::Primary kind="submit">"Send the link"</Button>
            </Form>
            <p class="door-other"><a class="link" href=back>"Back to sign-in"</a></p>
        </Door>
    }
    .into_any()
}
