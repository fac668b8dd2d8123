//! Signing in by a provider's word, and linking it, as better-auth's client calls them; and where providers send browsers back to.

use axum::{
    Json as Reply,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use hyvve_app::{context::cookie, flash::Flash, forms::local};
use hyvve_domain::{
    Error,
    auth::{
        SignedIn, device_token,
        openid::{
            flow::{self, Answer as FromProvider, Lost, Returned, Then},
            linked::{self, Account},
        },
        service::Begun,
    },
    services::Services,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::account::{Done, done, follow};
use crate::{
    asking::{Anyone, Person},
    extract::{Ids, Json, Query},
    reply::Answer,
};

/// Where what went wrong is said, to whoever wanted to be signed in.
const SIGN_IN: &str = "/sign-in";
/// The same, to whoever wanted to link a provider.
const SECURITY: &str = "/account/security";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Social {
    provider: String,
    #[serde(rename = "callbackURL", alias = "callbackUrl")]
    next: Option<String>,
    #[serde(rename = "newUserCallbackURL", alias = "newUserCallbackUrl")]
    welcome: Option<String>,
    #[serde(rename = "errorCallbackURL", alias = "errorCallbackUrl")]
    on_error: Option<String>,
    #[serde(default)]
    disable_redirect: bool,
    #[schemars(skip)]
    id_token: Option<IgnoredAny>,
}

/// Where the browser is to go, and whether the client shall take it there.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Leave {
    url: String,
    redirect: bool,
}

/// `POST /api/auth/sign-in/social`
pub(crate) async fn sign_in(Anyone(asking): Anyone, headers: HeaderMap, Json(input): Json<Social>) -> Answer<Response> {
    leave(&asking.services, &headers, input, None).await
}

/// `POST /api/auth/link-social`
pub(crate) async fn link(asking: Person, headers: HeaderMap, Json(input): Json<Social>) -> Answer<Response> {
    leave(&asking.services, &headers, input, Some(&asking.signed_in)).await
}

async fn leave(s: &Services, headers: &HeaderMap, input: Social, who: Option<&SignedIn>) -> Answer<Response> {
    if input.id_token.is_some() {
        let why = "An ID token that comes from a browser is not taken; leave it out to be sent to the provider.";
        return Err(Error::invalid("idToken", "unsupported", why).into());
    }
    let path = |given: Option<String>| follow(given.as_deref()).map(|path| path.map(str::to_owned));
    let then = Then { next: path(input.next)?, welcome: path(input.welcome)?, on_error: path(input.on_error)? };
    let secure = s.settings.secure_cookies;
    let browser = cookie(headers, flow::cookie_name(secure));
    let departure = flow::leave(s, &input.provider, then, browser.as_deref(), who).await?;
    let cookie = [(header::SET_COOKIE, flow::set_cookie(&departure.browser, secure))];
    Ok((cookie, Reply(Leave { url: departure.url, redirect: !input.disable_redirect })).into_response())
}

/// What a provider sends a browser back with.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Given {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// `GET /api/auth/callback/{provider}`: a browser comes here and is sent on, whatever has come of it.
pub(crate) async fn callback(
    Anyone(asking): Anyone,
    headers: HeaderMap,
    Ids(provider): Ids<String>,
    Query(Given { state, code, error, iss }): Query<Given>,
) -> Response {
    let (s, secure) = (&asking.services, asking.secure_cookies);
    let answer = FromProvider { provider, state, code, error, issuer: iss };
    let browser = cookie(&headers, flow::cookie_name(secure));
    match flow::come_back(s, answer, browser.as_deref(), asking.signed_in.as_ref(), &asking.origin).await {
        Ok(Returned::In(arrived, then)) => {
            let path = match (arrived.new, arrived.invited) {
                // The invitation is used up.
                (_, true) => None,
                (true, false) => then.welcome.or(then.next),
                (false, false) => then.next,
            };
            let path = path.as_deref().unwrap_or("/");
            let cookie = arrived.begun.cookie(secure);
            match arrived.begun {
                Begun::In(signed_in, _) => {
                    let device = device_token::cookie(s, signed_in.user.id, &asking.origin).await;
                    go(path, [cookie].into_iter().chain(device))
                }
                Begun::SecondFactor(_) => go(&second_factor(path), Some(cookie)),
            }
        }
        Ok(Returned::Linked(name, then)) => match then.next {
            Some(path) => go(&path, None),
            None => go(SECURITY, Some(Flash::done(format!("{name} is linked.")).set_cookie(secure))),
        },
        Err(Lost { error, then: Then { on_error: Some(path), .. }, .. }) => {
            let joint = if path.contains('?') { '&' } else { '?' };
            go(&format!("{path}{joint}error={}", error.code), None)
        }
        Err(Lost { error, linking, .. }) => {
            go(if linking { SECURITY } else { SIGN_IN }, Some(Flash::of(error).set_cookie(secure)))
        }
    }
}

/// Where the second factor is asked for, and where the browser goes from there.
fn second_factor(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/sign-in/second-factor?{query}")
}

/// To a path of this site, and nowhere else.
fn go(path: &str, cookies: impl IntoIterator<Item = String>) -> Response {
    let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    (StatusCode::FOUND, cookies, [(header::LOCATION, local(path).to_owned())]).into_response()
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Linked {
    provider_id: Option<String>,
    account_id: Option<String>,
}

/// `POST /api/auth/unlink-account`
pub(crate) async fn unlink(asking: Person, Json(input): Json<Linked>) -> Answer<Reply<Done>> {
    let (provider, account) = (input.provider_id.as_deref(), input.account_id.as_deref());
    linked::unlink(&asking.services, &asking.signed_in, provider, account, &asking.origin).await?;
    Ok(done())
}

/// `GET /api/auth/list-accounts`
pub(crate) async fn list(asking: Person) -> Answer<Reply<Vec<Account>>> {
    Ok(Reply(linked::list(&asking.services, asking.signed_in.user.id).await?))
}
