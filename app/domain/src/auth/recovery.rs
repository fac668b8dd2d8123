//! Proving an address, and the way back in for whoever has forgotten the password.
//!
//! What can be asked for without a session is answered alike whether or not there is such an account: the letter is written
//! after the answer, so that neither its status, its body nor its time says anything.

use serde_json::json;

use super::{
    Origin, Password, SignedIn, User, account_store, attempts, factors, letters,
    openid::linked,
    proofs::{self, Kind, Proof},
    proofs_store, rules,
    sessions::TokenHash,
    store, strength,
    trail::{self, Change},
};
use crate::{
    Code, Error, Result, api_keys,
    db::SystemTx,
    ids::UserId,
    limits::Door,
    mail::letters::{each_time, post},
    services::Services,
};

/// What a link in a letter has proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proved {
    /// The account's address is its owner's.
    Address,
    /// The account has this address from now on.
    NewAddress(String),
}

/// Sends a link to choose a new password with, if there is such an account.
pub async fn forgot_password(s: &Services, email: &str, origin: &Origin) -> Result<()> {
    let email = rules::email(email)?;
    attempts::counted(s, Door::ForgotPassword, &email, origin, async {
        let mut tx = s.db.system("who forgot a password").await?;
        if let Some((user, _)) = store::credential(&mut tx, &email).await? {
            in_background(s, |s| async move { send_reset(&s, &user).await });
        }
        Ok(())
    })
    .await
}

/// Sends a link to prove the address with, if there is such an account and it has not been proved.
pub async fn ask_for_proof(s: &Services, email: &str, origin: &Origin) -> Result<()> {
    let email = rules::email(email)?;
    attempts::counted(s, Door::Proof, &email, origin, async {
        let mut tx = s.db.system("whose address is to be proved").await?;
        if let Some((user, _)) = store::credential(&mut tx, &email).await?
            && !user.email_verified
        {
            in_background(s, |s| async move { send_proof(&s, &user).await });
        }
        Ok(())
    })
    .await
}

/// Does what nobody shall be able to time, after the answer.
pub(super) fn in_background<F: Future<Output = Result<()>> + Send + 'static>(
    s: &Services,
    work: impl FnOnce(Services) -> F,
) {
    let work = work(s.clone());
    tokio::spawn(async move {
        if let Err(e) = work.await {
            tracing::warn!(error.message = %e, "what was asked for without a session was not done; it can be asked for again");
        }
    });
}

async fn send_reset(s: &Services, user: &User) -> Result<()> {
    let mut tx = s.db.system("a link to reset a password").await?;
    if let Some(token) = proofs::issue(&mut tx, Kind::ResetPassword, user.id, &user.email).await? {
        post(tx.conn(), s, letters::reset(s, user, &token)).await?;
    }
    tx.commit().await
}

/// Sends the link to whoever is known to have the account's password, or just made the account.
pub(super) async fn send_proof(s: &Services, user: &User) -> Result<()> {
    let mut tx = s.db.system("a link to prove an address").await?;
    if let Some(token) = proofs::issue(&mut tx, Kind::VerifyEmail, user.id, &user.email).await? {
        post(tx.conn(), s, letters::verify(s, user, &token)).await?;
    }
    tx.commit().await
}

/// Whether a link may still be used, without using it up: pages ask before they show a form.
pub async fn is_live(s: &Services, token: &str, origin: &Origin) -> Result<()> {
    attempts::follow(s, origin, async {
        let mut tx = s.db.system("whether a link still works").await?;
        proofs::look(&mut tx, &Kind::ALL, token).await.map(drop)
    })
    .await
}

/// Chooses a new password with a link from a letter. It ends all sessions, and proves the address as well. Where nobody had
/// proved it until now, nothing else opens the account any more. Answers whose it is: the browser has shown to be that
/// person's.
pub async fn reset_password(s: &Services, token: &str, password: &Password, origin: &Origin) -> Result<UserId> {
    attempts::follow(s, origin, Box::pin(reset(s, token, password, origin))).await
}

async fn reset(s: &Services, token: &str, password: &Password, origin: &Origin) -> Result<UserId> {
    const KINDS: [Kind; 1] = [Kind::ResetPassword];
    let mut tx = s.db.system("a link to reset a password").await?;
    let proof = proofs::look(&mut tx, &KINDS, token).await?;
    drop(tx);
    strength::check(&s.passwords, password, &[&proof.name, &proof.email]).await?;
    let phc = s.passwords.hash(password).await?;
    let mut tx = s.db.system("a new password").await?;
    let proof = redeem(&mut tx, &KINDS, token).await?;
    let first = proved(&mut tx, proof.user, origin).await?;
    account_store::set_password(&mut tx, proof.user, &phc).await?;
    factors::end_waiting(&mut tx, proof.user).await?;
    proofs_store::forget(&mut tx, proof.user).await?;
    let mut ended = account_store::end_sessions(&mut tx, proof.user, None).await?;
    ended.extend(first.ended);
    let cause = each_time("password-changed")?;
    post(tx.conn(), s, letters::password_changed(s, &proof.name, &proof.email, origin, cause)).await?;
    trail::note_of(&mut tx, proof.user, None, origin, Change::of("auth.password_reset")).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(ended);
    s.api_keys.forget_all();
    Ok(proof.user)
}

/// Uses a link up, with the person locked before it, as whatever else ends a person's links does.
pub(super) async fn redeem(tx: &mut SystemTx, kinds: &[Kind], token: &str) -> Result<Proof> {
    let proof = proofs::look(tx, kinds, token).await?;
    factors::lock(tx, proof.user).await?;
    proofs::redeem(tx, kinds, token).await
}

/// Somebody reads the mail of the account's address. Where nobody had shown that before, whoever made the account need not be the
/// one who reads the mail: whatever else opens it goes, the password included, and the log says what. Answers whether that was so,
/// and whether there was a password.
///
/// Until `tx` ends, nobody is let in, and nothing that opens the account is added.
pub(super) async fn proved(tx: &mut SystemTx, user: UserId, origin: &Origin) -> Result<FirstProof> {
    factors::lock(tx, user).await?;
    let person = store::person(tx, user).await?;
    if person.email_verified {
        return Ok(FirstProof::default());
    }
    let had_factor = factors::has_one(tx, user).await?;
    linked::unlink_unproved(tx, user).await?;
    let had_password = account_store::forget_password(tx, user).await?;
    factors::forget(tx, user).await?;
    proofs_store::forget(tx, user).await?;
    api_keys::service::revoke_all_of(tx, user).await?;
    let ended = account_store::end_sessions(tx, user, None).await?;
    account_store::set_verified(tx, user).await?;
    let change = Change {
        action: "auth.email_verified",
        before: json!({ "password": had_password, "secondFactor": had_factor, "sessions": ended.len() }),
        after: json!({ "email": person.email, "password": false, "secondFactor": false, "sessions": 0 }),
    };
    trail::note_of(tx, user, None, origin, change).await?;
    Ok(FirstProof { had_password, ended })
}

/// What went when an address was proved for the first time; nothing when it had been proved before.
#[derive(Default)]
pub(super) struct FirstProof {
    /// There was a password.
    pub(super) had_password: bool,
    /// Sessions that are over.
    pub(super) ended: Vec<TokenHash>,
}

/// An account's address was proved otherwise than by a letter of its own: by an invitation, or as the demo's.
pub(crate) async fn address_proved(s: &Services, user: UserId) -> Result<()> {
    let mut tx = s.db.system("an address is proved otherwise than by a letter of its own").await?;
    account_store::set_verified(&mut tx, user).await?;
    let stale = account_store::session_hashes(&mut tx, user).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(())
}

/// Links that prove an address.
const OF_ADDRESS: [Kind; 2] = [Kind::VerifyEmail, Kind::ChangeEmail];

/// What a link that proves an address asks for besides its button. It shows who reads the mail, and not that the account is that
/// person's: whoever made the account with somebody else's address would have it proved by the one who presses the button.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needed {
    /// Nothing: whoever is signed in has the account.
    Nothing,
    /// The account's password.
    Password,
    /// A session of the account.
    Session,
}

/// What a link that proves an address is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The address that it proves.
    pub email: String,
    /// The account's address until now, if it is to have another one.
    pub instead_of: Option<String>,
    /// What it takes.
    pub needed: Needed,
}

/// What a link that proves an address is about, without using it up. `who` is the person who is signed in here.
pub async fn asked(s: &Services, token: &str, who: Option<&SignedIn>, origin: &Origin) -> Result<Asked> {
    attempts::follow(s, origin, async {
        let mut tx = s.db.system("what a link would prove").await?;
        let proof = proofs::look(&mut tx, &OF_ADDRESS, token).await?;
        let has_password = account_store::password(&mut tx, proof.user).await?.is_some();
        let needed = match proof.kind {
            _ if who.is_some_and(|who| who.user.id == proof.user) => Needed::Nothing,
            Kind::VerifyEmail if has_password => Needed::Password,
            _ => Needed::Session,
        };
        let instead_of = (proof.kind == Kind::ChangeEmail).then_some(proof.current_email);
        Ok(Asked { email: proof.email, instead_of, needed })
    })
    .await
}

/// Proves an address with a link from a letter: the account's own, or the one that it is to have. It takes a session of the
/// account, or, for the account's own address, its password: see [`Needed`].
pub async fn prove_email(
    s: &Services,
    token: &str,
    who: Option<&SignedIn>,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<Proved> {
    attempts::follow(s, origin, Box::pin(prove(s, token, who, password, origin))).await
}

/// By what whoever follows a link is the one who has the account.
enum Shown<'a> {
    Session(&'a SignedIn),
    /// The PHC string of the password.
    Password(String),
}

impl Shown<'_> {
    /// Whether it still is so, with the person locked.
    async fn holds(&self, tx: &mut SystemTx, user: UserId) -> Result<()> {
        let holds = match self {
            Self::Session(who) => store::stands(tx, who.session.id).await?,
            Self::Password(phc) => account_store::password(tx, user).await?.as_ref() == Some(phc),
        };
        if holds { Ok(()) } else { Err(Error::unauthorized()) }
    }
}

async fn shown<'a>(
    s: &Services,
    token: &str,
    who: Option<&'a SignedIn>,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<Shown<'a>> {
    let mut tx = s.db.system("whose address is to be proved").await?;
    let proof = proofs::look(&mut tx, &OF_ADDRESS, token).await?;
    if let Some(who) = who.filter(|who| who.user.id == proof.user) {
        return Ok(Shown::Session(who));
    }
    let user = store::person(&mut tx, proof.user).await?;
    let phc = account_store::password(&mut tx, proof.user).await?;
    drop(tx);
    let Some(phc) = phc.filter(|_| proof.kind == Kind::VerifyEmail) else {
        let why = "Please sign in to the account that this link is for, then open it again.";
        return Err(Error::new(Code::Unauthorized, why));
    };
    let Some(password) = password.filter(|password| !password.0.is_empty()) else {
        return Err(Error::invalid("password", "required", "Please enter your password."));
    };
    let wrong = || {
        let why =
            "This is not the account’s password. If you do not know it, choose a new one with “Forgot password?”.";
        Error::invalid("password", "correct", why)
    };
    if password.0.len() > rules::PASSWORD_MAX * 4 {
        return Err(wrong());
    }
    let attempt = attempts::sign_in(s, Some(&user.email), Some((&user, phc.as_str())), origin).await?;
    if s.passwords.verify(password, Some(phc.clone())).await? {
        attempt.undo().await;
        Ok(Shown::Password(phc))
    } else {
        attempt.keep();
        Err(wrong())
    }
}

async fn prove(
    s: &Services,
    token: &str,
    who: Option<&SignedIn>,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<Proved> {
    let shown = shown(s, token, who, password, origin).await?;
    let mut tx = s.db.system("the proof of an address").await?;
    let proof = redeem(&mut tx, &OF_ADDRESS, token).await?;
    shown.holds(&mut tx, proof.user).await?;
    // Written first: whoever holds the workspace's head may be waiting for the person's row, which a change of the address locks.
    let proved = if proof.kind == Kind::ChangeEmail {
        let change = Change {
            action: "auth.email_changed",
            before: json!({ "email": proof.current_email }),
            after: json!({ "email": proof.email }),
        };
        trail::note_of(&mut tx, proof.user, None, origin, change).await?;
        if !account_store::set_email(&mut tx, proof.user, &proof.email).await? {
            return Err(Error::new(Code::Conflict, "Another account has this address by now."));
        }
        // Links that were sent to the old address lead nowhere any more.
        proofs_store::forget(&mut tx, proof.user).await?;
        let cause = each_time("address-changed")?;
        let letter = letters::address_changed(&proof.name, &proof.current_email, &proof.email, cause);
        post(tx.conn(), s, letter).await?;
        Proved::NewAddress(proof.email)
    } else {
        account_store::set_verified(&mut tx, proof.user).await?;
        let change = Change { after: json!({ "email": proof.email }), ..Change::of("auth.email_verified") };
        trail::note_of(&mut tx, proof.user, None, origin, change).await?;
        Proved::Address
    };
    let stale = account_store::session_hashes(&mut tx, proof.user).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(proved)
}
