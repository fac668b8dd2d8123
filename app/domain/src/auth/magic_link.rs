//! Signing in with a link by mail. It proves that the mail was read, which is a first factor and no more: where there is a
//! second, it is asked for.

use super::{
    Origin, User, account_store, attempts, letters,
    proofs::{self, Kind},
    recovery, rules,
    service::{self, Begun},
    store,
};
use crate::{
    Result,
    limits::Door,
    mail::letters::{each_time, post},
    services::Services,
};

/// Sends a link to sign in with, if there is such an account. `next` is the path to go to then, or empty.
pub async fn send(s: &Services, email: &str, next: &str, origin: &Origin) -> Result<()> {
    let email = rules::email(email)?;
    attempts::counted(s, Door::SignInLink, &email, origin, async {
        let mut tx = s.db.system("who asks for a link to sign in").await?;
        if let Some((user, _)) = store::credential(&mut tx, &email).await? {
            let next = next.to_owned();
            recovery::in_background(s, |s| async move { post_link(&s, &user, &next).await });
        }
        Ok(())
    })
    .await
}

async fn post_link(s: &Services, user: &User, next: &str) -> Result<()> {
    let mut tx = s.db.system("a link to sign in").await?;
    if let Some(token) = proofs::issue(&mut tx, Kind::SignIn, user.id, &user.email).await? {
        post(tx.conn(), s, letters::sign_in(s, user, &token, next)).await?;
    }
    tx.commit().await
}

/// Whose account a link opens, without using it up: pages ask before they show their button.
pub async fn look(s: &Services, token: &str, origin: &Origin) -> Result<String> {
    attempts::follow(s, origin, async {
        let mut tx = s.db.system("whether a link still works").await?;
        Ok(proofs::look(&mut tx, &[Kind::SignIn], token).await?.email)
    })
    .await
}

/// Signs in with a link, which also proves the address. Where nobody had proved it until now, whatever else opened the account
/// may be somebody else's, who made it with an address that was not theirs, and goes.
pub async fn sign_in(s: &Services, token: &str, origin: &Origin) -> Result<Begun> {
    let (user, phc) = attempts::follow(s, origin, redeem(s, token, origin)).await?;
    let workspace = service::landing(s, &user).await?;
    service::begin(s, user, workspace, origin, "auth.signed_in_by_link", phc.as_deref()).await
}

/// Answers whose link it is, and the PHC string of the password, if there is still one.
async fn redeem(s: &Services, token: &str, origin: &Origin) -> Result<(User, Option<String>)> {
    let mut tx = s.db.system("a link to sign in").await?;
    let proof = recovery::redeem(&mut tx, &[Kind::SignIn], token).await?;
    let first = recovery::proved(&mut tx, proof.user, origin).await?;
    if first.had_password {
        let cause = each_time("password-removed")?;
        post(tx.conn(), s, letters::password_removed(s, &proof.name, &proof.email, origin, cause)).await?;
    }
    let user = store::person(&mut tx, proof.user).await?;
    let phc = account_store::password(&mut tx, proof.user).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(first.ended);
    s.api_keys.forget_all();
    Ok((user, phc))
}
