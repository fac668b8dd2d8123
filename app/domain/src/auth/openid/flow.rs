//! The way to a provider and back.
//!
//! Two secrets make one way: the browser's, in a cookie, and the state, which goes to the provider and comes back. PKCE's verifier
//! and the nonce are derived from both, so that the database keeps nothing but hashes, and that an answer is worth something only
//! in the browser that left: nobody can be signed in to somebody else's account by following a link.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{Nonce, RedirectUrl, url::Url};

use super::{
    arrival::{self, Arrived},
    linked,
    provider::Secrets,
    store,
};
use crate::{
    Code, Error, Result, Timestamp,
    auth::{Origin, SignedIn, cookies, factors, sessions::Token},
    canonical,
    ids::SessionId,
    services::Services,
    workspaces::newcomers,
};

/// How long the way there and back may take.
const LIFETIME: Duration = Duration::from_mins(10);

/// Where the browser goes afterwards: paths on this site, which whoever asks has looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Then {
    /// In general.
    pub next: Option<String>,
    /// Somebody new.
    pub welcome: Option<String>,
    /// After an error.
    pub on_error: Option<String>,
}

/// A sign-in on its way.
pub(super) struct Flow {
    pub(super) provider: String,
    /// The session that links the provider to its account; nothing to sign in.
    pub(super) session: Option<SessionId>,
    pub(super) then: Then,
}

/// What a browser needs in order to leave.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// The provider's id.
    pub provider: String,
    /// The browser's secret.
    pub browser: Token,
}

/// What a provider sends a browser back with.
#[derive(Clone, Default, Debug)]
pub struct Answer {
    /// Which provider it was, as the address says.
    pub provider: String,
    /// What it was given.
    pub state: Option<String>,
    /// What is exchanged for who it is.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
}

/// What has come of it.
pub enum Returned {
    /// Somebody is in.
    In(Box<Arrived>, Then),
    /// The provider, of this name, is linked.
    Linked(String, Then),
}

/// What went wrong, and what the browser had set out for.
pub struct Lost {
    /// What went wrong.
    pub error: Error,
    /// Whether a provider was to be linked.
    pub linking: bool,
    /// Where the browser wanted to go.
    pub then: Then,
}

/// What the browser's cookie is called; see [`crate::auth::sessions::cookie_name`].
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-hyvve_openid" } else { "hyvve_openid" }
}

/// The value of `Set-Cookie` that binds the way to the browser.
pub fn set_cookie(browser: &Token, secure: bool) -> String {
    cookies::set(cookie_name(secure), Some(browser.expose()), LIFETIME, secure)
}

/// Leaves for a provider: to sign in, or to link it to the account of `who`, which is another way in and takes a session that has
/// just begun. `browser` is the value of the cookie, if there is
/// one, so that two tabs can be on their way at once.
pub async fn leave(
    s: &Services,
    provider: &str,
    then: Then,
    browser: Option<&str>,
    who: Option<&SignedIn>,
) -> Result<Departure> {
    if let Some(who) = who {
        factors::fresh(who)?;
    }
    let provider = s.openid.get(provider)?;
    let browser = browser.and_then(Token::parse).map_or_else(Token::random, Ok)?;
    let state = Token::random()?;
    let url = provider.way_out(&redirect(s, &provider.registration().id)?, &secrets(&browser, &state)).await?;
    let provider = provider.registration().id.clone();
    let flow = Flow { provider: provider.clone(), session: who.map(|who| who.session.id), then };
    let mut tx = s.db.system("a sign-in leaves for a provider").await?;
    store::keep(&mut tx, state.hash(), browser.hash(), &flow, Timestamp::now().plus(LIFETIME)).await?;
    tx.commit().await?;
    Ok(Departure { url: url.into(), provider, browser })
}

/// The name of the provider, if the address leads to it; nothing for an address that [`leave`] cannot have given. Nobody waits
/// for another provider here.
pub async fn destination(s: &Services, provider: &str, url: &str) -> Option<String> {
    let (url, provider) = (Url::parse(url).ok()?, s.openid.get(provider).ok()?);
    let leads = provider.leads_to(&url).await.unwrap_or(false);
    leads.then(|| provider.registration().name.clone())
}

/// Comes back from a provider. `browser` is the value of the cookie, `who` the person who is signed in here.
pub async fn come_back(
    s: &Services,
    answer: Answer,
    browser: Option<&str>,
    who: Option<&SignedIn>,
    origin: &Origin,
) -> Result<Returned, Lost> {
    let lost = |error| Lost { error, linking: false, then: Then::default() };
    let (flow, secrets) = take(s, &answer, browser).await.map_err(lost)?;
    match settle(s, &flow, secrets, answer, who, origin).await {
        Ok(Some(arrived)) => Ok(Returned::In(Box::new(arrived), flow.then)),
        Ok(None) => Ok(Returned::Linked(name(s, &flow.provider), flow.then)),
        Err(error) => Err(Lost { error, linking: flow.session.is_some(), then: flow.then }),
    }
}

/// Uses the way up, before anything else: of many answers at once, one gets through.
async fn take(s: &Services, answer: &Answer, browser: Option<&str>) -> Result<(Flow, Secrets)> {
    let refused = || {
        let told = "This sign-in was not begun in this browser, has been used, or took too long. Please begin again.";
        Error::new(Code::InvalidToken, told)
    };
    let state = answer.state.as_deref().and_then(Token::parse).ok_or_else(refused)?;
    let browser = browser.and_then(Token::parse).ok_or_else(refused)?;
    let mut tx = s.db.system("a sign-in comes back from a provider").await?;
    let flow = store::take(&mut tx, state.hash(), browser.hash()).await?.ok_or_else(refused)?;
    tx.commit().await?;
    if flow.provider == answer.provider { Ok((flow, secrets(&browser, &state))) } else { Err(refused()) }
}

/// Answers who has arrived, or nothing where a provider was linked.
async fn settle(
    s: &Services,
    flow: &Flow,
    secrets: Secrets,
    answer: Answer,
    who: Option<&SignedIn>,
    origin: &Origin,
) -> Result<Option<Arrived>> {
    let provider = s.openid.get(&flow.provider)?;
    let by = provider.registration();
    if let Some(error) = answer.error {
        return Err(refusal(&by.name, &error));
    }
    if answer.issuer.is_some_and(|issuer| issuer != by.issuer.as_str()) {
        return Err(Error::new(
            Code::Unauthorized,
            format!("This is not the answer of {}. Please try again.", by.name),
        ));
    }
    let missing = || Error::invalid("code", "required", format!("{} sent no code. Please try again.", by.name));
    let code = answer.code.ok_or_else(missing)?;
    // Before the code is used up: whoever signed out meanwhile links nothing.
    let who = match (flow.session, who) {
        (Some(session), Some(who)) if who.session.id == session => Some(who),
        (Some(_), _) => return Err(Error::unauthorized()),
        (None, _) => None,
    };
    let identity = provider.identify(&code, &redirect(s, &by.id)?, secrets).await?;
    if let Some(who) = who {
        return linked::link(s, who, by, &identity, origin).await.map(|()| None);
    }
    let invitation = flow.then.next.as_deref().and_then(newcomers::link_in);
    Box::pin(arrival::arrive(s, by, identity, invitation.as_ref(), origin)).await.map(Some)
}

/// What a provider's error (RFC 6749, 4.1.2.1) means. Its own words are not shown: anyone can write them into a link.
fn refusal(name: &str, error: &str) -> Error {
    match error {
        "access_denied" => {
            Error::new(Code::Unauthorized, format!("You did not let {name} sign you in. Nothing was changed."))
        }
        "server_error" | "temporarily_unavailable" => {
            let told = format!("{name} has trouble right now. Please try again in a moment, or sign in another way.");
            Error::new(Code::Unavailable, told)
        }
        _ => {
            tracing::warn!(error.message = %error.escape_default(), "an OpenID provider refused a sign-in");
            Error::new(
                Code::Unauthorized,
                format!("{name} did not sign you in. Please try again, or sign in another way."),
            )
        }
    }
}

fn name(s: &Services, id: &str) -> String {
    s.openid.get(id).map_or_else(|_| id.to_owned(), |provider| provider.registration().name.clone())
}

/// Where a provider sends the browser back to; it has to know this address beforehand.
fn redirect(s: &Services, id: &str) -> Result<RedirectUrl> {
    RedirectUrl::new(format!("{}/api/auth/callback/{id}", s.settings.public_url)).map_err(Error::internal)
}

fn secrets(browser: &Token, state: &Token) -> Secrets {
    let derived = |what: &str| {
        let text = format!("hyvve.openid/1|{what}|{}|{}", browser.expose(), state.expose());
        URL_SAFE_NO_PAD.encode(canonical::sha256(text.as_bytes()))
    };
    Secrets { state: state.expose().to_owned(), nonce: Nonce::new(derived("nonce")), verifier: derived("verifier") }
}
