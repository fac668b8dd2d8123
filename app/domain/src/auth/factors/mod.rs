//! The second factor: an authenticator app, passkeys, and recovery codes for whoever has lost both.
//!
//! Whoever has an app or a passkey gets in with a password, a link by mail or another provider's word only together with one
//! of them (`pending.rs`). A passkey that verified its user is both factors at once. The first factor that an account gets
//! ends its other sessions; so each live session of an account with a second factor has shown it, and `second_factor_at` of the
//! session says since when. With the last factor, that goes as well.
//!
//! Whatever touches the factors of one person locks the person first: two requests that would both use a code, or add a
//! factor while somebody is let in without, come one after the other.

mod challenges_store;
pub mod passkeys;
mod passkeys_store;
pub mod pending;
pub mod recovery_codes;
mod relying_party;
mod store;
pub mod totp;

pub use relying_party::Party;

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::{
    Origin, Password, SignedIn, account, account_store, letters, sessions::TokenHash, store as identity_store,
};
use crate::{
    Code, Error, Result, Timestamp,
    db::SystemTx,
    ids::UserId,
    mail::letters::{Letter, each_time, post},
    services::Services,
};

/// For so long after it began a session counts as its owner's own, without the password being asked for again.
const FRESH: Duration = Duration::from_mins(10);

/// What a second factor can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A code from an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
}

impl Method {
    /// As letters and the audit log call it.
    const fn words(self) -> &'static str {
        match self {
            Self::Totp => "An authenticator app",
            Self::Passkey => "A passkey",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }
}

/// What an account is protected with.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Since when there is an authenticator app.
    pub authenticator: Option<Timestamp>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<passkeys::Passkey>,
    /// How many recovery codes were not used yet.
    pub recovery_codes: i64,
    /// Whether there is a password at all.
    pub has_password: bool,
    /// Whether the session is young enough for passkeys to be added and removed without the password.
    pub is_fresh: bool,
}

impl Overview {
    /// Whether a password alone does not open the account.
    pub fn is_on(&self) -> bool {
        self.authenticator.is_some() || !self.passkeys.is_empty()
    }
}

/// What the person's account is protected with.
pub async fn overview(s: &Services, who: &SignedIn) -> Result<Overview> {
    let mut tx = s.db.system("what an account is protected with").await?;
    Ok(Overview {
        authenticator: store::enabled_since(&mut tx, who.user.id).await?,
        passkeys: passkeys_store::all(&mut tx, who.user.id).await?,
        recovery_codes: store::codes_left(&mut tx, who.user.id).await?,
        has_password: account_store::password(&mut tx, who.user.id).await?.is_some(),
        is_fresh: is_fresh(who),
    })
}

/// Which of these people have no second factor.
pub(crate) async fn without(s: &Services, people: &[UserId]) -> Result<Vec<UserId>> {
    let mut tx = s.db.system("who has no second factor").await?;
    store::without(&mut tx, people).await
}

/// Erases what there is of a deleted account.
pub(super) async fn forget(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::forget(tx, user).await
}

/// Removes challenges and pending sign-ins whose time is over. Answers how many.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("challenges and sign-ins whose time is over").await?;
    let gone = challenges_store::purge(&mut tx).await? + store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Until `tx` ends, nobody is let in as this person, and nobody else changes what lets him or her in.
pub(super) async fn lock(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::lock(tx, user).await
}

/// The same for what somebody does in a session: it may have been ended while this waited, and what was ended, by a new password
/// by mail for one, leaves nothing behind that opens the account.
pub(super) async fn lock_in(tx: &mut SystemTx, who: &SignedIn) -> Result<()> {
    lock(tx, who.user.id).await?;
    if identity_store::stands(tx, who.session.id).await? { Ok(()) } else { Err(Error::unauthorized()) }
}

/// Until `tx` ends, what lets this person in stays as it is. Others may be let in as the same person meanwhile.
pub(super) async fn hold(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::hold(tx, user).await
}

/// Sign-ins that wait for a second factor are over, and wrong codes forgotten: what they began with is not what it was.
pub(super) async fn end_waiting(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::end_pending(tx, user).await?;
    store::forgive(tx, user).await
}

/// Whether the person has a second factor.
pub(crate) async fn has_one(tx: &mut SystemTx, user: UserId) -> Result<bool> {
    Ok(!store::methods(tx, user).await?.is_empty())
}

/// Refuses a session that began some time ago, for what gives an account another way in: somebody else may sit at an unlocked
/// screen.
pub(super) fn fresh(who: &SignedIn) -> Result<()> {
    if is_fresh(who) {
        return Ok(());
    }
    let why = "For this you must have signed in a moment ago. Please sign out, and in again.";
    Err(Error::new(Code::Forbidden, why).with(json!({ "reason": "session_not_fresh" })))
}

fn is_fresh(who: &SignedIn) -> bool {
    who.session.created_at.plus(FRESH) > Timestamp::now()
}

/// Whether it is the account's owner who asks, and not somebody at an unlocked screen: by the password, or, for accounts that
/// have none, by a session that has just begun. `or_fresh`: such a session is enough for others as well.
pub(super) async fn reassured(
    s: &Services,
    who: &SignedIn,
    password: Option<&Password>,
    or_fresh: bool,
    origin: &Origin,
) -> Result<()> {
    let mut tx = s.db.system("whether an account has a password").await?;
    let has_password = account_store::password(&mut tx, who.user.id).await?.is_some();
    drop(tx);
    match password.filter(|password| !password.0.is_empty()) {
        Some(password) if has_password => account::confirm(s, who, password, "password", origin).await.map(drop),
        _ if is_fresh(who) && (or_fresh || !has_password) => Ok(()),
        _ if has_password => Err(Error::invalid("password", "required", "Please enter your password.")),
        _ => fresh(who),
    }
}

/// A factor is there: what follows in the same transaction. `had` is what there was before. Answers the sessions that are
/// not what they were.
async fn added(
    tx: &mut SystemTx,
    s: &Services,
    who: &SignedIn,
    method: Method,
    had: &[Method],
    origin: &Origin,
) -> Result<Vec<TokenHash>> {
    let mut stale = Vec::new();
    if had.is_empty() {
        stale = account_store::end_sessions(tx, who.user.id, Some(who.session.id)).await?;
        identity_store::mark_second_factor(tx, who.session.id).await?;
    }
    stale.extend(account_store::session_hashes(tx, who.user.id).await?);
    let letter = letters::factor_added(s, &who.user, method.words(), origin, each_time("factor-added")?);
    tell(tx, s, letter).await?;
    Ok(stale)
}

/// A factor is gone: what follows in the same transaction. Answers the sessions that are not what they were.
async fn removed(
    tx: &mut SystemTx,
    s: &Services,
    who: &SignedIn,
    method: Method,
    origin: &Origin,
) -> Result<Vec<TokenHash>> {
    let is_last = store::methods(tx, who.user.id).await?.is_empty();
    if is_last {
        store::forget(tx, who.user.id).await?;
        identity_store::unmark_second_factor(tx, who.user.id).await?;
    }
    let letter = letters::factor_removed(s, &who.user, method.words(), is_last, origin, each_time("factor-removed")?);
    tell(tx, s, letter).await?;
    account_store::session_hashes(tx, who.user.id).await
}

async fn tell(tx: &mut SystemTx, s: &Services, letter: Letter) -> Result<()> {
    post(tx.conn(), s, letter).await
}
