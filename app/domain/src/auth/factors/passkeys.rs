//! Passkeys (WebAuthn Level 3): a key pair that an authenticator keeps for this site. They sign in without a password, or are
//! the second factor beside one.
//!
//! Every ceremony demands that the authenticator verifies its user, by a finger, a face or a PIN: so a passkey is both factors
//! at once. What is to be signed is kept here under 256 random bits that a cookie holds, for five minutes, and is taken away by
//! the first answer, whether it is right or not.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    self as webauthn, AuthenticationResult, DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, WebauthnError,
};

use super::{
    Method, Party, added, challenges_store as challenges, lock_in, passkeys_store as store, pending, reassured,
    recovery_codes, removed, store as factors,
};
use crate::{
    Code, Error, Result, Timestamp,
    auth::{
        Origin, Password, SignedIn, cookies, rules,
        service::{self, Shown},
        sessions::Token,
        store as identity_store,
        trail::{self, Change},
    },
    ids::{PasskeyId, UserId},
    services::Services,
};

/// For how long a browser may take to answer.
const LIFETIME: Duration = Duration::from_mins(5);
/// The most that an account has.
const MOST: usize = 20;

/// A passkey, as its owner sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What the authenticator calls it.
    #[serde(rename = "credentialID", serialize_with = "as_base64url")]
    #[cfg_attr(feature = "ssr", schemars(with = "String"))]
    pub credential_id: Vec<u8>,
    /// How often the authenticator says that it has signed; 0 where it does not count.
    pub counter: i64,
    /// It is kept by a service, so that it outlives the device.
    pub backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

fn as_base64url<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
}

/// A passkey that is to be checked.
pub(super) struct Known {
    pub(super) id: PasskeyId,
    pub(super) user: UserId,
    pub(super) credential: webauthn::Passkey,
}

/// What is waited for.
#[derive(Serialize, Deserialize)]
enum Ceremony {
    /// Another passkey of one person.
    Add(PasskeyRegistration),
    /// A signature by one of one person's passkeys.
    One(PasskeyAuthentication),
    /// A signature by whichever passkey the browser offers.
    Any(DiscoverableAuthentication),
}

/// What a browser is to be asked.
pub struct Asked {
    /// `PublicKeyCredentialCreationOptionsJSON`, or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: Value,
    /// What the browser has to bring back, in a cookie.
    pub token: Token,
}

/// A passkey that was just added.
pub struct Added {
    /// It.
    pub passkey: Passkey,
    /// With the account's first factor come recovery codes, which are shown now and never again.
    pub codes: Option<Vec<String>>,
}

/// What the cookie is called; see [`crate::auth::sessions::cookie_name`].
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-hyvve_passkey" } else { "hyvve_passkey" }
}

/// The value of `Set-Cookie` that a browser brings back with its answer; without a token, the one that takes it away.
pub fn set_cookie(token: Option<&Token>, secure: bool) -> String {
    cookies::set(cookie_name(secure), token.map(Token::expose), LIFETIME, secure)
}

/// The person's passkeys.
pub async fn list(s: &Services, who: &SignedIn) -> Result<Vec<Passkey>> {
    let mut tx = s.db.system("a person's passkeys").await?;
    store::all(&mut tx, who.user.id).await
}

/// Asks the browser for another passkey. It takes the password, or a session that has just begun.
pub async fn ask_to_add(
    s: &Services,
    who: &SignedIn,
    party: &Party,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<Asked> {
    reassured(s, who, password, true, origin).await?;
    let mut tx = s.db.system("a passkey is asked for").await?;
    let known = store::credentials(&mut tx, who.user.id).await?;
    room(known.len())?;
    drop(tx);
    let exclude = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
    let (asked, state) = party
        .webauthn()
        .start_passkey_registration(who.user.id.0, &who.user.email, &who.user.name, Some(exclude))
        .map_err(Error::internal)?;
    let mut options = serde_json::to_value(asked.public_key).map_err(Error::internal)?;
    // So that one can sign in with it without saying who one is.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    keep(s, Some(who.user.id), &Ceremony::Add(state), options).await
}

fn room(known: usize) -> Result<()> {
    if known < MOST {
        return Ok(());
    }
    let why = format!("An account has at most {MOST} passkeys. Remove one that you do not use.");
    Err(Error::new(Code::Unprocessable, why))
}

/// Adds the passkey that the browser has made.
pub async fn add(
    s: &Services,
    who: &SignedIn,
    party: &Party,
    token: Option<&Token>,
    credential: Value,
    name: &str,
    origin: &Origin,
) -> Result<Added> {
    let user = who.user.id;
    let name = if name.trim().is_empty() { "Passkey" } else { name };
    let name = rules::line(name, "name", 100, "Please enter a name.")?;
    let (Some(asked), Ceremony::Add(state)) = taken(s, token).await? else { return Err(refused()) };
    let credential: RegisterPublicKeyCredential = serde_json::from_value(credential).map_err(|_| refused())?;
    if asked != user {
        return Err(refused());
    }
    let taken = || Error::new(Code::Conflict, "This passkey is in use already.");
    let mut tx = s.db.system("whether a passkey is in use").await?;
    if store::by_credential(&mut tx, &credential.raw_id).await?.is_some() {
        return Err(taken());
    }
    drop(tx);
    let made = party.webauthn().finish_passkey_registration(&credential, &state).map_err(because)?;
    let stored = serde_json::to_value(&made).map_err(Error::internal)?;
    let passkey = Passkey {
        id: PasskeyId::new(),
        user_id: user,
        name,
        credential_id: made.cred_id().clone(),
        counter: stored["cred"]["counter"].as_i64().unwrap_or_default(),
        backed_up: stored["cred"]["backup_state"].as_bool().unwrap_or_default(),
        created_at: Timestamp::now(),
        last_used_at: None,
    };
    let mut tx = s.db.system("another passkey").await?;
    lock_in(&mut tx, who).await?;
    room(store::all(&mut tx, user).await?.len())?;
    let had = factors::methods(&mut tx, user).await?;
    if !store::insert(&mut tx, &passkey, made.cred_id(), &stored).await? {
        return Err(taken());
    }
    let stale = added(&mut tx, s, who, Method::Passkey, &had, origin).await?;
    let codes = if had.is_empty() { Some(recovery_codes::make(&mut tx, user).await?) } else { None };
    let after = json!({ "method": Method::Passkey.as_str(), "name": passkey.name });
    trail::note(&mut tx, who, origin, Change { after, ..Change::of("auth.second_factor_added") }).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(Added { passkey, codes })
}

/// Asks the browser for a signature: by a passkey of whoever's sign-in waits, else by any that the browser offers.
pub async fn ask_to_sign_in(s: &Services, party: &Party, waiting: Option<&Token>) -> Result<Asked> {
    let mut tx = s.db.system("a signature is asked for").await?;
    // A sign-in that has ended meanwhile is no reason to refuse another.
    let user = pending::of(&mut tx, waiting).await.ok();
    let known = match user {
        Some(user) => store::credentials(&mut tx, user).await?,
        None => Vec::new(),
    };
    drop(tx);
    let webauthn = party.webauthn();
    let (asked, user, state) = if known.is_empty() {
        let (asked, state) = webauthn.start_discoverable_authentication().map_err(Error::internal)?;
        (asked, None, Ceremony::Any(state))
    } else {
        let (asked, state) = webauthn.start_passkey_authentication(&known).map_err(Error::internal)?;
        (asked, user, Ceremony::One(state))
    };
    let options = serde_json::to_value(asked.public_key).map_err(Error::internal)?;
    keep(s, user, &state, options).await
}

/// Signs in whose passkey has signed. It is both factors at once.
pub async fn sign_in(
    s: &Services,
    party: &Party,
    token: Option<&Token>,
    credential: Value,
    origin: &Origin,
) -> Result<(SignedIn, Token)> {
    let (asked, ceremony) = taken(s, token).await?;
    let answer: PublicKeyCredential = serde_json::from_value(credential).map_err(|_| refused())?;
    let mut tx = s.db.system("whose passkey it is").await?;
    let unknown = || Error::new(Code::Unauthorized, "HYVVE does not know this passkey. It may have been removed.");
    let mut known = store::by_credential(&mut tx, answer.get_credential_id()).await?.ok_or_else(unknown)?;
    let user = identity_store::person(&mut tx, known.user).await?;
    drop(tx);
    let shown = checked(party, asked, ceremony, &answer, &known)?;
    service::may_come_in(s, &user).await?;
    let workspace = service::landing(s, &user).await?;
    known.credential.update_credential(&shown);
    let stored = serde_json::to_value(&known.credential).map_err(Error::internal)?;
    let mut tx = s.db.system("a sign-in with a passkey").await?;
    factors::lock(&mut tx, user.id).await?;
    if !store::used(&mut tx, known.id, &stored, shown.counter().into(), shown.backup_state()).await? {
        return Err(because(WebauthnError::CredentialPossibleCompromise));
    }
    factors::end_pending(&mut tx, user.id).await?;
    factors::forgive(&mut tx, user.id).await?;
    service::open(s, tx, user, workspace, origin, "auth.signed_in_with_passkey", Shown::Second).await
}

/// What the passkey has signed, if that is what was asked of its owner.
fn checked(
    party: &Party,
    asked: Option<UserId>,
    ceremony: Ceremony,
    answer: &PublicKeyCredential,
    known: &Known,
) -> Result<AuthenticationResult> {
    let webauthn = party.webauthn();
    // Whom the authenticator made it for, if it says so.
    let handle = answer.get_user_unique_id().map(<[u8]>::to_vec);
    let is_owner = |handle: &[u8]| handle == known.user.0.as_bytes();
    let result = match ceremony {
        Ceremony::Any(state) if handle.as_deref().is_some_and(is_owner) => {
            webauthn.finish_discoverable_authentication_v2(answer, state, &known.credential)
        }
        Ceremony::One(state) if asked == Some(known.user) && handle.as_deref().is_none_or(is_owner) => {
            webauthn.finish_passkey_authentication(answer, &state)
        }
        Ceremony::Add(_) | Ceremony::Any(_) | Ceremony::One(_) => return Err(refused()),
    };
    let result = result.map_err(because)?;
    if result.user_verified() { Ok(result) } else { Err(because(WebauthnError::UserNotVerified)) }
}

/// Calls a passkey something else.
pub async fn rename(s: &Services, who: &SignedIn, id: PasskeyId, name: &str, origin: &Origin) -> Result<Passkey> {
    let name = rules::line(name, "name", 100, "Please enter a name.")?;
    let mut tx = s.db.system("a passkey's name").await?;
    let found = store::all(&mut tx, who.user.id).await?.into_iter().find(|passkey| passkey.id == id);
    let passkey = found.ok_or_else(|| Error::not_found("passkey"))?;
    if !store::rename(&mut tx, who.user.id, id, &name).await? {
        return Err(Error::not_found("passkey"));
    }
    let (before, after) = (json!({ "name": passkey.name }), json!({ "name": name }));
    trail::note(&mut tx, who, origin, Change { action: "auth.passkey_renamed", before, after }).await?;
    tx.commit().await?;
    Ok(Passkey { name, ..passkey })
}

/// Removes a passkey. It takes the password, or a session that has just begun.
pub async fn remove(
    s: &Services,
    who: &SignedIn,
    id: PasskeyId,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<()> {
    if !list(s, who).await?.iter().any(|passkey| passkey.id == id) {
        return Err(Error::not_found("passkey"));
    }
    reassured(s, who, password, true, origin).await?;
    let mut tx = s.db.system("a passkey is removed").await?;
    lock_in(&mut tx, who).await?;
    let name = store::remove(&mut tx, who.user.id, id).await?.ok_or_else(|| Error::not_found("passkey"))?;
    let stale = removed(&mut tx, s, who, Method::Passkey, origin).await?;
    let before = json!({ "method": Method::Passkey.as_str(), "name": name });
    trail::note(&mut tx, who, origin, Change { before, ..Change::of("auth.second_factor_removed") }).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(())
}

async fn keep(s: &Services, user: Option<UserId>, ceremony: &Ceremony, options: Value) -> Result<Asked> {
    let token = Token::random()?;
    let state = serde_json::to_value(ceremony).map_err(Error::internal)?;
    let mut tx = s.db.system("what a passkey is to sign").await?;
    challenges::insert(&mut tx, token.hash(), user, &state, Timestamp::now().plus(LIFETIME)).await?;
    tx.commit().await?;
    Ok(Asked { options, token })
}

/// What was asked, and of whom. It is gone from now on.
async fn taken(s: &Services, token: Option<&Token>) -> Result<(Option<UserId>, Ceremony)> {
    let Some(token) = token else { return Err(refused()) };
    let mut tx = s.db.system("what a passkey was to sign").await?;
    let (user, state) = challenges::take(&mut tx, token.hash()).await?.ok_or_else(refused)?;
    tx.commit().await?;
    Ok((user, serde_json::from_value(state).map_err(Error::internal)?))
}

/// Asked for something else, too long ago, or answered already.
fn refused() -> Error {
    Error::new(Code::Unauthorized, "This took too long, or was answered already. Please try again.")
}

/// The cause is for the log: it may tell an attacker what to try next.
fn because(cause: WebauthnError) -> Error {
    tracing::warn!(error.name = "passkey", error.message = ?cause, "a passkey was not accepted");
    Error::new(Code::Unauthorized, "This passkey was not accepted. Please try again, or sign in another way.")
}
