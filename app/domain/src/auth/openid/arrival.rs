//! Who it is that a provider vouches for: somebody known, somebody whose address has an account, or somebody new.

use super::{Registration, linked, provider::Identity, store};
use crate::{
    Code, Error, Result,
    auth::{
        Origin, User, account_store, attempts, factors, rules,
        service::{self, Begun, landing},
        sessions::Token,
        store as identity_store,
    },
    db::SystemTx,
    limits::Door,
    services::Services,
    workspaces::{
        invitations::{self, Key},
        newcomers,
    },
};

/// Somebody whom the provider vouched for.
pub struct Arrived {
    /// In, or asked for a second factor.
    pub begun: Begun,
    /// The account was just made.
    pub new: bool,
    /// In the workspace that it was invited to, where its person is by now.
    pub invited: bool,
}

/// Whose account it is.
struct Found {
    user: User,
    /// The PHC string of the account's password at that moment, if there was one.
    phc: Option<String>,
    /// The account was just made.
    new: bool,
}

/// Signs in whoever the provider vouches for. Somebody new who set out from an invitation comes in by it, also where nobody else
/// may sign up.
pub(super) async fn arrive(
    s: &Services,
    by: &Registration,
    identity: Identity,
    invitation: Option<&Token>,
    origin: &Origin,
) -> Result<Arrived> {
    let mut tx = s.db.system("whom a provider vouches for").await?;
    let Found { user, phc, new } = match store::owner(&mut tx, by, &identity.subject).await? {
        Some(id) => {
            factors::lock(&mut tx, id).await?;
            // It may have been unlinked while this waited.
            if store::owner(&mut tx, by, &identity.subject).await? != Some(id) {
                let told = "Your account was changed just now. Please sign in again.";
                return Err(Error::new(Code::Unauthorized, told));
            }
            let user = identity_store::person(&mut tx, id).await?;
            known(s, tx, user, &identity).await?
        }
        None => unknown(s, tx, by, &identity, invitation, origin).await?,
    };
    service::may_come_in(s, &user).await?;
    let invited = match invitation.filter(|_| new) {
        Some(link) => joins(s, &user, link).await?,
        None => false,
    };
    let workspace = landing(s, &user).await?;
    let origin = Origin { by: Some(by.id.clone()), ..origin.clone() };
    let action = if new { "auth.signed_up" } else { "auth.signed_in" };
    let begun = service::begin(s, user, workspace, &origin, action, phc.as_deref()).await?;
    Ok(Arrived { begun, new, invited })
}

/// Whether somebody new has come into the workspace of the invitation. Where it was used or taken back since it was looked at, the
/// account is made all the same.
async fn joins(s: &Services, user: &User, link: &Token) -> Result<bool> {
    match invitations::accept(s, user, Key::Link(link)).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.code, Code::Conflict | Code::Forbidden | Code::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Somebody who has come this way before. A provider that has proved the account's own address has proved it to us as well.
async fn known(s: &Services, mut tx: SystemTx, mut user: User, identity: &Identity) -> Result<Found> {
    let phc = account_store::password(&mut tx, user.id).await?;
    if !user.email_verified && proved(identity).is_some_and(|email| email == user.email) {
        user.email_verified = true;
        account_store::set_verified(&mut tx, user.id).await?;
        let stale = account_store::session_hashes(&mut tx, user.id).await?;
        tx.commit().await?;
        s.sessions.forget_all_of(stale);
    }
    Ok(Found { user, phc, new: false })
}

/// The address, if the provider has proved that it is the person's.
pub(super) fn proved(identity: &Identity) -> Option<String> {
    identity.email.as_deref().filter(|_| identity.email_verified).and_then(|email| rules::email(email).ok())
}

/// Somebody who comes this way for the first time: whose account it is says the address, if both sides have proved it.
async fn unknown(
    s: &Services,
    mut tx: SystemTx,
    by: &Registration,
    identity: &Identity,
    invitation: Option<&Token>,
    origin: &Origin,
) -> Result<Found> {
    let name = &by.name;
    let refused = |told: String| Error::new(Code::Unprocessable, told);
    let email = identity.email.as_deref().ok_or_else(|| {
        refused(format!("{name} did not tell us your e-mail address, without which there is no account here."))
    })?;
    let email = rules::email(email)?;
    if !identity.email_verified && s.settings.verify_email {
        let told = format!("{name} has not confirmed that {email} is your address. Confirm it there, then try again.");
        return Err(refused(told));
    }
    if let Some((user, _)) = identity_store::credential(&mut tx, &email).await? {
        let Some(user) = linked::link_proved(s, &mut tx, user, by, identity, origin).await? else {
            return Err(Error::new(
                Code::Conflict,
                format!(
                    "An account with the address {email} exists, and it is not certain that it is yours. Sign in with its \
                     password, or choose a new one, and then link {name} under Account → Security."
                ),
            ));
        };
        let phc = account_store::password(&mut tx, user.id).await?;
        tx.commit().await?;
        return Ok(Found { user, phc, new: false });
    }
    drop(tx);
    if !s.settings.sign_up {
        let Some(link) = invitation else {
            return Err(Error::forbidden("Sign-up is closed here. Ask whoever runs this server for an account."));
        };
        let newcomer = newcomers::for_newcomer(s, link, &email).await?;
        newcomers::keep_for(s, &newcomer, &email).await?;
    }
    let user = attempts::counted(s, Door::SignUp, &email, origin, make(s, by, identity, &email)).await?;
    Ok(Found { user, phc: None, new: true })
}

/// Makes the account.
async fn make(s: &Services, by: &Registration, identity: &Identity, email: &str) -> Result<User> {
    // Two tabs of the same person, at the same time.
    let again = || Error::new(Code::Conflict, "Your account was made just now. Please sign in again.");
    let mut tx = s.db.system("somebody new comes from a provider").await?;
    let person = store::insert_person(&mut tx, email, identity.email_verified, &called(identity, email)).await?;
    let user = person.ok_or_else(again)?;
    if !store::link(&mut tx, user.id, by, identity).await? {
        return Err(again());
    }
    tx.commit().await?;
    Ok(user)
}

/// What the person is called: as the provider says, as far as that is a name, else as the address begins.
fn called(identity: &Identity, email: &str) -> String {
    let given: String =
        identity.name.iter().flat_map(|name| name.chars()).filter(|c| !c.is_control()).take(100).collect();
    rules::name(&given).unwrap_or_else(|_| email.split('@').next().unwrap_or(email).to_owned())
}
