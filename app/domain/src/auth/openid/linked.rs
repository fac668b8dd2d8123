//! What a person can sign in with: linking a provider, unlinking it, and seeing what is linked.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Registration, arrival::proved, provider::Identity, store};
use crate::{
    Code, Error, Result, Timestamp,
    auth::{
        Origin, SignedIn, User, account_store, factors, letters,
        trail::{self, Change},
    },
    db::SystemTx,
    ids::UserId,
    mail::letters::{each_time, post},
    services::Services,
};

/// What the table calls a password.
const PASSWORD: &str = "credential";

/// One thing that a person can sign in with, as better-auth's client knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "LinkedAccount"))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// A handle for unlinking.
    pub id: Uuid,
    /// The provider's id in the settings; `credential` for a password.
    pub provider_id: String,
    /// Who the person is there.
    pub account_id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// HYVVE keeps no token of a provider, and so has no scope there.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whose word it is.
    #[serde(skip)]
    pub issuer: Option<String>,
    /// The address that the provider knows the person by.
    #[serde(skip)]
    pub email: Option<String>,
}

impl Account {
    /// Whether this is the password.
    pub fn is_password(&self) -> bool {
        self.provider_id == PASSWORD
    }

    /// Whether one gets in with it, as this server is set up now.
    fn works(&self, s: &Services) -> bool {
        self.is_password()
            || s.openid.iter().any(|by| by.id == self.provider_id && Some(by.issuer.as_str()) == self.issuer.as_deref())
    }
}

/// All that a person can sign in with, the oldest first.
pub async fn list(s: &Services, user: UserId) -> Result<Vec<Account>> {
    let mut tx = s.db.system("what a person can sign in with").await?;
    store::accounts(&mut tx, user).await
}

/// Links what the provider vouches for to the account of whoever is signed in. It may be known by another address there: whoever
/// links it has shown to be both.
pub(super) async fn link(
    s: &Services,
    who: &SignedIn,
    by: &Registration,
    identity: &Identity,
    origin: &Origin,
) -> Result<()> {
    let name = &by.name;
    let mut tx = s.db.system("a provider is linked").await?;
    factors::lock_in(&mut tx, who).await?;
    let (email, verified) = store::lock(&mut tx, who.user.id).await?.ok_or_else(Error::unauthorized)?;
    if !store::link(&mut tx, who.user.id, by, identity).await? {
        let own = store::owner(&mut tx, by, &identity.subject).await?.is_some_and(|owner| owner == who.user.id);
        let told = if own {
            format!("{name} is linked to your account already.")
        } else {
            format!(
                "This {name} account is linked to another account here, or yours is linked to another one of {name}."
            )
        };
        return Err(Error::new(Code::Conflict, told));
    }
    if !verified && proved(identity).is_some_and(|proved| proved == email) {
        account_store::set_verified(&mut tx, who.user.id).await?;
    }
    let stale = account_store::session_hashes(&mut tx, who.user.id).await?;
    tell(s, &mut tx, &who.user, by).await?;
    trail::note(&mut tx, who, origin, by_provider("auth.linked", by, identity)).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(())
}

/// Links it to the account that has the address, if both sides have proved the address; else answers nothing.
pub(super) async fn link_proved(
    s: &Services,
    tx: &mut SystemTx,
    user: User,
    by: &Registration,
    identity: &Identity,
    origin: &Origin,
) -> Result<Option<User>> {
    // Locked, so that the address is still the account's when the provider is linked.
    let Some((email, true)) = store::lock(tx, user.id).await? else { return Ok(None) };
    if proved(identity) != Some(email) || !store::link(tx, user.id, by, identity).await? {
        return Ok(None);
    }
    tell(s, tx, &user, by).await?;
    trail::note_of(tx, user.id, None, origin, by_provider("auth.linked", by, identity)).await?;
    Ok(Some(user))
}

/// Takes a provider away from the account, unless nothing would be left to sign in with. `account` is the handle that
/// [`list`] gives, or who the person is there; either may be left out if the other says it.
pub async fn unlink(
    s: &Services,
    who: &SignedIn,
    provider: Option<&str>,
    account: Option<&str>,
    origin: &Origin,
) -> Result<()> {
    let mut tx = s.db.system("a provider is unlinked").await?;
    factors::lock_in(&mut tx, who).await?;
    let all = store::accounts(&mut tx, who.user.id).await?;
    let is_meant = |one: &Account| {
        let by_handle = |account: &str| one.id.to_string() == account;
        match (provider, account) {
            (Some(provider), Some(account)) => {
                one.provider_id == provider && (one.account_id == account || by_handle(account))
            }
            (Some(provider), None) => one.provider_id == provider,
            (None, Some(account)) => by_handle(account),
            (None, None) => false,
        }
    };
    let gone = all.iter().find(|one| is_meant(one)).ok_or_else(|| Error::not_found("linked account"))?;
    if gone.is_password() {
        return Err(Error::new(Code::Unprocessable, "A password can be changed, but not taken away."));
    }
    if !all.iter().any(|one| one.id != gone.id && one.works(s)) {
        let told = "This is your only way to sign in. Choose a password first, or link another provider.";
        return Err(Error::new(Code::Conflict, told));
    }
    store::unlink(&mut tx, who.user.id, gone.id).await?;
    let name = s.openid.iter().find(|by| by.id == gone.provider_id).map_or(&gone.provider_id, |by| &by.name);
    post(tx.conn(), s, letters::unlinked(s, &who.user, name, each_time("unlinked")?)).await?;
    let before = json!({ "provider": gone.provider_id, "email": gone.email });
    trail::note(&mut tx, who, origin, Change { before, ..Change::of("auth.unlinked") }).await?;
    tx.commit().await
}

/// Takes away what was linked while nobody had proved the account's address: whoever proves it now need not be who linked it.
pub(in crate::auth) async fn unlink_unproved(tx: &mut SystemTx, user: UserId) -> Result<()> {
    store::unlink_unproved(tx, user).await
}

/// Tells the person of it, who need not be the one who did it.
async fn tell(s: &Services, tx: &mut SystemTx, user: &User, by: &Registration) -> Result<()> {
    post(tx.conn(), s, letters::linked(s, user, &by.name, each_time("linked")?)).await.map(drop)
}

/// The change as the audit log tells it.
fn by_provider(action: &'static str, by: &Registration, identity: &Identity) -> Change {
    Change { after: json!({ "provider": by.id, "email": identity.email }), ..Change::of(action) }
}
