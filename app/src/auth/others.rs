//! Signing in by somebody else's word: the buttons, and the step out of this site.

use http::{HeaderName, header::SET_COOKIE};
use hyvve_domain::{
    auth::openid::flow::{self, Departure, Then},
    services::Services,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::door::Door;
use crate::{
    ApiError, context,
    flash::Flash,
    forms::{add_header, answer, local},
    ui::{Button, ButtonLink, Variant},
};

/// The page between this site and a provider.
const CONTINUE: &str = "/sign-in/continue";

/// Leaves to be signed in by a provider.
#[server(prefix = "/_fn", endpoint = "auth/sign-in-with")]
pub async fn sign_in_with(
    /// The provider's id.
    provider: String,
    /// Where to go then.
    #[server(default)]
    next: String,
) -> Result<(), ApiError> {
    answer(async move {
        let services = context::request()?.services;
        let then = Then { next: Some(local(&next).to_owned()), ..Then::default() };
        let departure = flow::leave(&services, &provider, then, browser(&services)?.as_deref(), None).await?;
        depart(&departure)
    })
    .await
}

/// The secret that the browser has from an earlier departure.
pub(crate) fn browser(s: &Services) -> Result<Option<String>, ApiError> {
    Ok(context::cookie(&context::parts()?.headers, flow::cookie_name(s.settings.secure_cookies)))
}

/// Sends the browser out. It goes by a page of its own: a form of ours may lead to this site only, and browsers hold that
/// against every redirect that follows.
pub(crate) fn depart(departure: &Departure) -> Result<(), ApiError> {
    add_header(SET_COOKIE, &flow::set_cookie(&departure.browser, context::request()?.secure_cookies));
    let typed = [("to", &departure.url), ("provider", &departure.provider)];
    let typed = typed.map(|(name, value)| (name.to_owned(), value.clone())).to_vec();
    Flash { typed, ..Flash::default() }.send();
    leptos_axum::redirect(CONTINUE);
    Ok(())
}

/// The page at `/sign-in/continue`: it leads on by itself, to a provider and nowhere else.
pub(crate) async fn continue_page() -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let (to, provider) = (flash.typed("to"), flash.typed("provider"));
    let Some(name) = flow::destination(&context::request()?.services, &provider, &to).await else {
        return Ok(view! {
            <Door title="Sign in" message=Some("There is nothing to go on with. Please begin again.".to_owned())>
                <p class="door-other"><a class="link" href="/sign-in">"Back to sign-in"</a></p>
            </Door>
        }
        .into_any());
    };
    add_header(HeaderName::from_static("refresh"), &format!("0;url={to}"));
    Ok(view! {
        <Door title="One moment" message=None>
            <p>{format!("You are on your way to {name}.")}</p>
            <ButtonLink variant=Variant::Primary href=to>{format!("Continue to {name}")}</ButtonLink>
        </Door>
    }
    .into_any())
}

/// A button for each provider that is set up.
pub(super) fn other_ways(next: &str) -> AnyView {
    let Ok(request) = context::request() else { return ().into_any() };
    let buttons: Vec<_> = request
        .services
        .openid
        .iter()
        .map(|provider| {
            view! {
                <form class="form" method="post" action=SignInWith::url()>
                    <input type="hidden" name="provider" value=provider.id.clone()/>
                    <input type="hidden" name="next" value=next.to_owned()/>
                    <Button kind="submit">{format!("Continue with {}", provider.name)}</Button>
                </form>
            }
        })
        .collect();
    if buttons.is_empty() {
        return ().into_any();
    }
    view! { <div class="door-ways" role="group" aria-label="Other ways to sign in">{buttons}</div> }.into_any()
}
