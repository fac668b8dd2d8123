//! What people change about their own accounts, and how one ends.

use bytes::Bytes;
use serde_json::json;

use super::{
    Origin, Password, SignedIn, User, account_store as store, attempts, factors, letters,
    proofs::{self, Kind},
    proofs_store, rules, store as identity_store, strength,
    trail::{self, Change},
};
use crate::{
    Actor, Code, Error, Result, Role, audit,
    db::SystemTx,
    mail::letters::{each_time, post},
    pictures::{self, Change as PictureChange},
    services::Services,
    workspaces::{self, members},
};

/// What stays of a deleted account's name. What stays of its address is nobody's: without an `@`, no account can be made with it.
const DELETED: &str = "Deleted person";

/// What shall change about a person.
#[derive(Clone, Default, Debug)]
pub struct ProfileChanges {
    /// Another name.
    pub name: Option<String>,
    /// Another picture, as [`PictureChange::said`] reads it; `""` for none.
    pub image: Option<String>,
}

/// Changes name and picture.
pub async fn update(s: &Services, who: &SignedIn, changes: ProfileChanges, origin: &Origin) -> Result<User> {
    let name = changes.name.map(|name| rules::name(&name)).transpose()?;
    let picture = match changes.image {
        Some(text) => PictureChange::said(&text, who.user.image.as_deref())?,
        None => PictureChange::Keep,
    };
    change(s, who, name, picture, origin).await
}

/// Takes an uploaded file as the person's picture, or takes the picture away.
pub async fn set_picture(s: &Services, who: &SignedIn, file: Option<Bytes>, origin: &Origin) -> Result<User> {
    change(s, who, None, file.map_or(PictureChange::Remove, PictureChange::Take), origin).await
}

async fn change(
    s: &Services,
    who: &SignedIn,
    name: Option<String>,
    picture: PictureChange<Bytes>,
    origin: &Origin,
) -> Result<User> {
    let picture = pictures::service::draw(picture).await?;
    let mut after = who.user.clone();
    after.name = name.clone().unwrap_or(after.name);
    after.image = picture.after(after.image);
    if after == who.user {
        return Ok(after);
    }
    let mut tx = s.db.system("a person's profile").await?;
    after.updated_at = store::set_profile(&mut tx, after.id, name.as_deref(), picture.path().as_deref()).await?;
    pictures::service::set_of_person(&mut tx, after.id, &picture).await?;
    // The account may have ended while the picture was drawn; nothing of the person comes back.
    identity_store::session_hash(&mut tx, who.session.id).await?.ok_or_else(Error::unauthorized)?;
    let stale = store::session_hashes(&mut tx, who.user.id).await?;
    let facts = |user: &User| json!({ "name": user.name, "image": user.image });
    let change = Change { action: "account.updated", before: facts(&who.user), after: facts(&after) };
    trail::note(&mut tx, who, origin, change).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(after)
}

/// Whether the person gets letters about what waits for a decision.
pub async fn reminded(s: &Services, who: &SignedIn) -> Result<bool> {
    let mut tx = s.db.system("whether a person is reminded").await?;
    store::reminded(&mut tx, who.user.id).await
}

/// Says whether.
pub async fn set_reminded(s: &Services, who: &SignedIn, reminded: bool, origin: &Origin) -> Result<()> {
    let mut tx = s.db.system("whether a person is reminded").await?;
    let before = store::reminded(&mut tx, who.user.id).await?;
    if before == reminded {
        return Ok(());
    }
    store::set_reminded(&mut tx, who.user.id, reminded).await?;
    let facts = |reminded: bool| json!({ "reminded": reminded });
    let change = Change { action: "account.updated", before: facts(before), after: facts(reminded) };
    trail::note(&mut tx, who, origin, change).await?;
    tx.commit().await
}

/// Changes the password; it needs the one until now, and ends all other sessions.
pub async fn change_password(
    s: &Services,
    who: &SignedIn,
    current: &Password,
    new: &Password,
    origin: &Origin,
) -> Result<()> {
    let confirmed = confirm(s, who, current, "currentPassword", origin).await?;
    strength::check(&s.passwords, new, &[&who.user.name, &who.user.email]).await?;
    let phc = s.passwords.hash(new).await?;
    let mut tx = s.db.system("a new password").await?;
    still_so(&mut tx, who, Some(&confirmed)).await?;
    store::set_password(&mut tx, who.user.id, &phc).await?;
    factors::end_waiting(&mut tx, who.user.id).await?;
    proofs_store::forget(&mut tx, who.user.id).await?;
    let ended = store::end_sessions(&mut tx, who.user.id, Some(who.session.id)).await?;
    let cause = each_time("password-changed")?;
    post(tx.conn(), s, letters::password_changed(s, &who.user.name, &who.user.email, origin, cause)).await?;
    trail::note(&mut tx, who, origin, Change::of("account.password_changed")).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(ended);
    Ok(())
}

/// Asks the new address whether it is the person's, and tells the old one. It takes a session that has just begun, because whoever
/// has the address has the account. Whether another account has the new one is said to nobody but its owner.
pub async fn change_email(s: &Services, who: &SignedIn, email: &str, origin: &Origin) -> Result<()> {
    let email = rules::email(email)?;
    factors::fresh(who)?;
    if email == who.user.email {
        return Err(Error::invalid("email", "different", "This is your address already."));
    }
    let mut tx = s.db.system("another address").await?;
    factors::lock_in(&mut tx, who).await?;
    let Some(token) = proofs::issue(&mut tx, Kind::ChangeEmail, who.user.id, &email).await? else {
        return Err(Error::new(
            Code::RateLimited,
            "You asked for this often. Please look for the letters that you have.",
        )
        .with(json!({ "retryAfter": 3600 })));
    };
    let letter = match identity_store::credential(&mut tx, &email).await? {
        None => letters::new_address(s, &who.user, &email, &token),
        Some((owner, _)) => letters::address_taken(&owner, &token),
    };
    post(tx.conn(), s, letter).await?;
    post(tx.conn(), s, letters::address_asked(s, &who.user, &email, origin, &token)).await?;
    let change = Change {
        action: "account.email_asked",
        before: json!({ "email": who.user.email }),
        after: json!({ "email": email }),
    };
    trail::note(&mut tx, who, origin, change).await?;
    tx.commit().await
}

/// Ends the account. What the person did stays, under no name, and audit logs hold nothing personal of it any more; workspaces of
/// nobody else are deleted.
///
/// It takes the password, or, of accounts that have none, a session that has just begun.
///
/// The account goes last: should the server stop on the way, it is there to be deleted again.
pub async fn delete(s: &Services, who: &SignedIn, password: Option<&Password>, origin: &Origin) -> Result<()> {
    let confirmed = if let Some(password) = password.filter(|password| !password.0.is_empty()) {
        Some(confirm(s, who, password, "password", origin).await?)
    } else {
        factors::reassured(s, who, None, false, origin).await?;
        None
    };
    let user = who.user.id;
    let mut alone = Vec::new();
    let mut among_others = Vec::new();
    for membership in workspaces::service::memberships(s, user).await? {
        let actor = Actor::user(membership.workspace.id, user, membership.role);
        // HYVVE looks: guests do not see who else is there.
        let all = members::list(s, &Actor::system(actor.workspace)).await?;
        let is_other_owner = |m: &workspaces::Member| m.user_id != user && m.role == Role::Owner;
        if all.len() <= 1 {
            alone.push(actor);
        } else if all.iter().any(is_other_owner) {
            among_others.push(actor);
        } else {
            let name = membership.workspace.name;
            return Err(Error::new(
                Code::Conflict,
                format!("You are the only owner of {name}, and others are in it. Hand it over or delete it first."),
            )
            .with(json!({ "workspaceId": actor.workspace })));
        }
    }
    let mut tx = s.db.system("an account is to be deleted").await?;
    still_so(&mut tx, who, confirmed.as_deref()).await?;
    trail::note(&mut tx, who, origin, Change::of("account.delete_asked")).await?;
    tx.commit().await?;
    for actor in among_others {
        members::leave(s, &actor).await?;
    }
    for actor in alone {
        workspaces::service::delete_alone(s, &actor).await?;
    }
    let mut tx = s.db.system("a deleted account").await?;
    factors::lock(&mut tx, user).await?;
    let address = store::proved_address(&mut tx, user).await?;
    store::anonymise(&mut tx, user, DELETED, &format!("deleted-{user}")).await?;
    audit::service::erase(&mut tx, user, address.as_deref()).await?;
    factors::forget(&mut tx, user).await?;
    pictures::service::set_of_person(&mut tx, user, &PictureChange::Remove).await?;
    let ended = store::end_sessions(&mut tx, user, None).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(ended);
    Ok(())
}

/// Locks the person, and refuses a session that was ended, or a password that was changed, since it was confirmed: hashing takes
/// its time, and whoever chose another one by mail meanwhile has the last word.
async fn still_so(tx: &mut SystemTx, who: &SignedIn, confirmed: Option<&str>) -> Result<()> {
    factors::lock_in(tx, who).await?;
    if store::password(tx, who.user.id).await?.as_deref() == confirmed {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "Your password was changed just now. Nothing else was changed; please try again."))
}

/// Whether whoever has the session also knows the password; it can be guessed so often and not more. Answers its PHC string.
pub(super) async fn confirm(
    s: &Services,
    who: &SignedIn,
    password: &Password,
    field: &str,
    origin: &Origin,
) -> Result<String> {
    let wrong = || Error::invalid(field, "correct", "This is not your password.");
    if password.0.len() > rules::PASSWORD_MAX * 4 {
        return Err(wrong());
    }
    let mut tx = s.db.system("a password is asked for again").await?;
    let phc = store::password(&mut tx, who.user.id).await?;
    drop(tx);
    let Some(phc) = phc else {
        let told =
            "Your account has no password yet. Choose one first, with a link that we send you: see Account → Security.";
        return Err(Error::invalid(field, "chosen", told));
    };
    let attempt = attempts::password_again(s, &who.user, origin).await?;
    if s.passwords.verify(password, Some(phc.clone())).await? {
        attempt.undo().await;
        Ok(phc)
    } else {
        attempt.keep();
        Err(wrong())
    }
}
