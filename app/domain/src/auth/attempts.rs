//! Attempts at accounts: counted before a password is looked at, and alike whether there is such an account or not.
//!
//! Nobody can keep an account's owner out by using its attempts up: from each browser that it was used in before, attempts are
//! counted apart; a new password by mail makes any browser such a one.

use serde_json::json;

use super::{Origin, User, device_token, recovery::in_background, store, trail};
use crate::{
    Code, Error, Result,
    limits::{Door, Knock, Network, Pass, Subject},
    services::Services,
};

/// An attempt to sign in, at an address that somebody has or nobody. `None` for what cannot be an address.
pub(super) async fn sign_in<'s>(
    s: &'s Services,
    email: Option<&str>,
    found: Option<(&User, &str)>,
    origin: &Origin,
) -> Result<Pass<'s>> {
    let Some(email) = email else { return s.limits.enter(Door::SignIn, &[network(origin)]).await };
    if let Some((user, phc)) = found
        && let Some(number) = device_token::known(s, origin, user.id, phc)
    {
        // A new password begins anew, so that one by mail lets its owner in whatever happened before.
        return at(s, Door::KnownDevice, email, &[Subject::Device { number, phc }], origin).await;
    }
    at(s, Door::SignIn, email, &[Subject::Address(email), network(origin)], origin).await
}

/// Somebody who is signed in gives the password again.
pub(super) async fn password_again<'s>(s: &'s Services, user: &User, origin: &Origin) -> Result<Pass<'s>> {
    at(s, Door::PasswordAgain, &user.email, &[Subject::Person(user.id)], origin).await
}

/// Makes an account, if `measuring` finds that its password will do. One that will not is no account, and a mistake; a network that
/// makes very many of them keeps us busy.
pub(super) async fn sign_up<T>(
    s: &Services,
    email: &str,
    origin: &Origin,
    measuring: impl Future<Output = Result<()>>,
    making: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mistake = s.limits.enter(Door::SignUpRefused, &[network(origin)]).await?;
    let pass = match at(s, Door::SignUp, email, &[Subject::Address(email), network(origin)], origin).await {
        Ok(pass) => pass,
        Err(error) => {
            mistake.undo().await;
            return Err(error);
        }
    };
    if let Err(error) = measuring.await {
        pass.undo().await;
        if error.code == Code::ValidationError {
            mistake.keep();
        } else {
            mistake.undo().await;
        }
        return Err(error);
    }
    mistake.undo().await;
    settle(pass, making.await).await
}

/// Does what may be asked for so often by an address, and from a network. What fails for a reason of ours is not counted.
pub(super) async fn counted<T>(
    s: &Services,
    door: Door,
    email: &str,
    origin: &Origin,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let pass = at(s, door, email, &[Subject::Address(email), network(origin)], origin).await?;
    settle(pass, work.await).await
}

async fn settle<T>(pass: Pass<'_>, outcome: Result<T>) -> Result<T> {
    match &outcome {
        Err(e) if matches!(e.code, Code::Unavailable | Code::InternalError) => pass.undo().await,
        _ => pass.keep(),
    }
    outcome
}

/// Follows a link; only those that do not work are counted.
pub(crate) async fn follow<T>(s: &Services, origin: &Origin, work: impl Future<Output = Result<T>>) -> Result<T> {
    let pass = s.limits.enter(Door::Link, &[network(origin)]).await?;
    let outcome = work.await;
    match &outcome {
        Err(e) if matches!(e.code, Code::InvalidToken | Code::NotFound) => pass.keep(),
        _ => pass.undo().await,
    }
    outcome
}

pub(super) fn network(origin: &Origin) -> Subject<'static> {
    Subject::Network(Network::of(origin.ip.as_deref()))
}

/// The account's members learn that its door was shut, once of each door for as long as attempts are counted.
async fn at<'s>(
    s: &'s Services,
    door: Door,
    email: &str,
    subjects: &[Subject<'_>],
    origin: &Origin,
) -> Result<Pass<'s>> {
    let refusal = match s.limits.knock(door, subjects).await? {
        Knock::Open(pass) => return Ok(pass),
        Knock::Shut(refusal) => refusal,
    };
    if refusal.is_of_account() {
        let (email, origin) = (email.to_owned(), origin.clone());
        in_background(s, |s| async move { note(&s, door, &email, &origin).await });
    }
    Err(Error::from(refusal))
}

async fn note(s: &Services, door: Door, email: &str, origin: &Origin) -> Result<()> {
    match s.limits.knock(Door::Note, &[Subject::Shut(door, email)]).await? {
        Knock::Open(pass) => pass.keep(),
        Knock::Shut(_) => return Ok(()),
    }
    let mut tx = s.db.system("whose door was shut").await?;
    let Some((user, _)) = store::credential(&mut tx, email).await? else { return Ok(()) };
    let details = json!({ "door": door.as_str() });
    trail::note_of_nobody(&mut tx, user.id, &user.email, origin, "auth.limited", details).await?;
    tx.commit().await
}
