//! A sign-in that has shown its first factor and waits for the second. There is no session until then: the browser holds 256
//! random bits in a cookie, which open nothing but the page that asks.
//!
//! Codes have six digits, so tries are few: five for each sign-in, and ten wrong ones for an account within a quarter of an
//! hour, over all of its sign-ins. Each costs its place before it is looked at.

use std::time::Duration;

use serde_json::json;

use super::{Method, recovery_codes, store, tell, totp};
use crate::{
    Code, Error, Result, Timestamp,
    auth::{
        Origin, SignedIn, User, cookies, letters,
        service::{self, Shown},
        sessions::Token,
        store as identity_store,
        trail::{self, Change},
    },
    db::SystemTx,
    ids::UserId,
    mail::letters::each_time,
    services::Services,
};

/// For how long a sign-in waits.
const LIFETIME: Duration = Duration::from_mins(10);
/// Codes that may be tried for one sign-in.
const TRIES: i16 = 5;
/// Wrong codes of an account within a quarter of an hour.
const WRONG: i32 = 10;
/// Seconds after which they are forgotten.
const FORGOTTEN: u64 = 15 * 60;

/// A sign-in that waits.
#[derive(Clone)]
pub struct Pending {
    pub(in crate::auth) token: Token,
    /// What it may be ended with, besides a recovery code.
    pub methods: Vec<Method>,
}

/// What the cookie is called; see [`crate::auth::sessions::cookie_name`].
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-hyvve_sign_in" } else { "hyvve_sign_in" }
}

/// The value of `Set-Cookie` that hands a browser its pending sign-in; without a token, the one that takes it away.
pub fn set_cookie(token: Option<&Token>, secure: bool) -> String {
    cookies::set(cookie_name(secure), token.map(Token::expose), LIFETIME, secure)
}

/// Begins one, if the account, which `tx` holds, has a second factor.
pub(in crate::auth) async fn ask(tx: &mut SystemTx, user: UserId) -> Result<Option<Pending>> {
    let methods = store::methods(tx, user).await?;
    if methods.is_empty() {
        return Ok(None);
    }
    let token = Token::random()?;
    store::insert_pending(tx, user, token.hash(), Timestamp::now().plus(LIFETIME)).await?;
    Ok(Some(Pending { token, methods }))
}

/// What the sign-in may be ended with; an error when it does not wait any more.
pub async fn look(s: &Services, token: Option<&Token>) -> Result<Vec<Method>> {
    let mut tx = s.db.system("whether a sign-in waits").await?;
    let user = of(&mut tx, token).await?;
    store::methods(&mut tx, user).await
}

/// Whose sign-in waits.
pub(super) async fn of(tx: &mut SystemTx, token: Option<&Token>) -> Result<UserId> {
    match token {
        Some(token) => store::pending(tx, token.hash(), TRIES).await?.ok_or_else(over),
        None => Err(over()),
    }
}

/// Unknown, ended, too old and tried too often are one answer.
fn over() -> Error {
    Error::new(Code::Unauthorized, "This sign-in has ended, or was tried too often. Please sign in again.")
}

/// Ends the sign-in with a code: of the app, or one of the recovery codes.
pub async fn show_code(s: &Services, token: Option<&Token>, code: &str, origin: &Origin) -> Result<(SignedIn, Token)> {
    let Some(token) = token else { return Err(over()) };
    let mut tx = s.db.system("whose second factor it is").await?;
    let user = of(&mut tx, Some(token)).await?;
    let person = identity_store::person(&mut tx, user).await?;
    drop(tx);
    let workspace = service::landing(s, &person).await?;
    let mut tx = s.db.system("a second factor").await?;
    store::lock(&mut tx, user).await?;
    let tried = store::count_try(&mut tx, token.hash(), TRIES).await?.ok_or_else(over)?;
    // The owner's way back in is not shut by codes that somebody else guesses.
    let wrong_ones =
        if recovery_codes::is_one(user, code) { Some(0) } else { store::count_wrong(&mut tx, user, WRONG).await? };
    let Some(wrong_ones) = wrong_ones else {
        tx.commit().await?;
        let why =
            "Too many codes of this account were wrong. Try again in a quarter of an hour, or use a recovery code.";
        return Err(Error::new(Code::RateLimited, why).with(json!({ "retryAfter": FORGOTTEN })));
    };
    let Some(shown) = Used::up(&mut tx, s, user, code).await? else {
        if wrong_ones == WRONG {
            // Whoever tries has shown the first factor.
            tell(&mut tx, s, letters::codes_guessed(s, &person, origin, each_time("codes-guessed")?)).await?;
            trail::note_of(&mut tx, user, workspace, origin, Change::of("auth.codes_refused")).await?;
        }
        tx.commit().await?;
        return Err(if tried < TRIES { wrong() } else { over() });
    };
    store::end_pending(&mut tx, user).await?;
    store::forgive(&mut tx, user).await?;
    shown.tell(&mut tx, s, &person, origin).await?;
    if shown == Used::RecoveryCode {
        trail::note_of(&mut tx, user, workspace, origin, Change::of("auth.recovery_code_used")).await?;
    }
    service::open(s, tx, person, workspace, origin, "auth.signed_in", Shown::Second).await
}

fn wrong() -> Error {
    Error::invalid("code", "correct", "This code is wrong, or was used already. Please try the next one.")
}

/// What a right code was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    Totp,
    RecoveryCode,
}

impl Used {
    /// Uses a code up, whichever it is; nothing when it is wrong.
    async fn up(tx: &mut SystemTx, s: &Services, user: UserId, code: &str) -> Result<Option<Self>> {
        if totp::take(tx, s, user, code).await? {
            return Ok(Some(Self::Totp));
        }
        Ok(recovery_codes::take(tx, user, code).await?.then_some(Self::RecoveryCode))
    }

    async fn tell(self, tx: &mut SystemTx, s: &Services, person: &User, origin: &Origin) -> Result<()> {
        if self == Self::Totp {
            return Ok(());
        }
        let left = store::codes_left(tx, person.id).await?;
        let letter = letters::recovery_code_used(s, person, left, origin, each_time("recovery-code-used")?);
        tell(tx, s, letter).await
    }
}
