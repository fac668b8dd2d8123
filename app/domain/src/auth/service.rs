//! Sign-up, sign-in, sign-out, and the check of a session.

use serde_json::json;

use super::{
    Origin, Password, SignIn, SignUp, SignedIn, User, account_store, attempts, devices,
    factors::{
        self,
        pending::{self, Pending},
    },
    letters,
    proofs::{self, Kind},
    recovery, rules, sessions,
    sessions::Token,
    store, strength,
    trail::{self, Change},
};
use crate::{
    Code, Error, Result, Timestamp,
    db::SystemTx,
    ids::{SessionId, UserId, WorkspaceId},
    mail::letters::post,
    services::Services,
    workspaces::{
        self, invitations,
        newcomers::{self, Newcomer},
    },
};

/// What has come of a sign-up.
#[derive(Clone)]
pub enum SignedUp {
    /// The person is in.
    In(SignedIn, Token),
    /// A letter is on its way to the address. What is told of the account is the same whether it is new or not.
    Told(User),
}

/// What has come of a first proof: a right password, a link from a letter, the word of another provider.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each sign-in, and most are of the large kind")]
pub enum Begun {
    /// The person is in.
    In(SignedIn, Token),
    /// The account has a second factor, and there is no session before it was shown.
    SecondFactor(Pending),
}

impl Begun {
    /// The value of the `Set-Cookie` that hands a browser its session, or its sign-in that waits.
    pub fn cookie(&self, secure: bool) -> String {
        match self {
            Self::In(_, token) => sessions::set_cookie(Some(token), secure),
            Self::SecondFactor(pending) => pending::set_cookie(Some(&pending.token), secure),
        }
    }
}

/// Makes an account. Where addresses have to be proved, a letter says what is next, also to whoever has an account already;
/// elsewhere the person is signed in at once, to a workspace of his or her own.
///
/// Whoever comes with the link of an invitation may sign up where nobody else may, joins that workspace and gets none besides.
/// Where only a mail has held the link, it proves the address.
pub async fn sign_up(s: &Services, input: SignUp, invitation: Option<&Token>, origin: &Origin) -> Result<SignedUp> {
    if !s.settings.sign_up && invitation.is_none() {
        return Err(Error::forbidden("Sign-up is closed here. Ask whoever runs this server for an account."));
    }
    let (name, email) = (rules::name(&input.name)?, rules::email(&input.email)?);
    let about = [name.as_str(), email.as_str()];
    let measuring = strength::check(&s.passwords, &input.password, &about);
    let making = Box::pin(async {
        let invited = match invitation {
            Some(link) => Some(newcomers::for_newcomer(s, link, &email).await?),
            None => None,
        };
        if s.settings.verify_email && !invited.as_ref().is_some_and(|invited| invited.proves) {
            if let Some(invited) = &invited {
                newcomers::keep_for(s, invited, &email).await?;
            }
            return Ok(SignedUp::Told(sign_up_unproved(s, &name, &email, &input.password).await?));
        }
        let user = create_account(s, &name, &email, &input.password).await?;
        sign_up_in(s, user, invited, origin).await
    });
    attempts::sign_up(s, &email, origin, measuring, making).await
}

/// Lets a new person in: to where he or she was invited, else to a workspace of his or her own.
async fn sign_up_in(s: &Services, user: User, invited: Option<Newcomer<'_>>, origin: &Origin) -> Result<SignedUp> {
    let (user, workspace) = if let Some(invited) = invited {
        match invitations::accept(s, &user, invited.key()).await {
            Ok(joined) => (find_by_email(s, &user.email).await?, Some(joined.workspace_id)),
            // Used or taken back since it was looked at. The account is made; its person finds out at the invitation.
            Err(error) if error.code == Code::Conflict => (user, None),
            Err(error) => return Err(error),
        }
    } else {
        let workspace = workspaces::service::create_first(s, &user).await?.id;
        (user, Some(workspace))
    };
    let tx = s.db.system("the session of a new account").await?;
    let (signed_in, token) = open(s, tx, user, workspace, origin, "auth.signed_up", Shown::First).await?;
    Ok(SignedUp::In(signed_in, token))
}

/// A new address and one that has an account are answered alike, and before anything is written. An account that is there
/// stays as it is: neither its name nor its password come from somebody who has not shown to have the address.
async fn sign_up_unproved(s: &Services, name: &str, email: &str, password: &Password) -> Result<User> {
    let phc = s.passwords.hash(password).await?;
    let mut tx = s.db.system("sign-up").await?;
    let known = store::credential(&mut tx, email).await?.map(|(user, _)| user);
    drop(tx);
    let (id, at) = (UserId::new(), Timestamp::now());
    let (email, name) = (email.to_owned(), name.to_owned());
    let new = User { id, email, email_verified: false, name, image: None, created_at: at, updated_at: at };
    let told = new.clone();
    recovery::in_background(s, |s| async move {
        let mut tx = s.db.system("sign-up").await?;
        let made = match known {
            None => store::insert_user(&mut tx, new.id, &new.email, &new.name, &phc).await?,
            Some(_) => None,
        };
        if let Some(user) = made
            && let Some(token) = proofs::issue(&mut tx, Kind::VerifyEmail, user.id, &user.email).await?
        {
            post(tx.conn(), &s, letters::verify(&s, &user, &token)).await?;
        } else if let Some(user) = known
            && let Some(token) = proofs::issue(&mut tx, Kind::ResetPassword, user.id, &user.email).await?
        {
            post(tx.conn(), &s, letters::exists(&s, &user, &token)).await?;
        }
        tx.commit().await
    });
    Ok(told)
}

/// Makes an account whose password is taken as it is: the demo's, and a sign-up's that was looked at.
pub async fn create_account(s: &Services, name: &str, email: &str, password: &Password) -> Result<User> {
    let name = rules::name(name)?;
    let email = rules::email(email)?;
    rules::password_length(&password.0)?;
    let phc = s.passwords.hash(password).await?;
    let mut tx = s.db.system("sign-up").await?;
    let Some(user) = store::insert_user(&mut tx, UserId::new(), &email, &name, &phc).await? else {
        return Err(Error::new(Code::Conflict, "An account with this e-mail address exists. Sign in instead.")
            .with(json!({ "field": "email", "constraint": "unique" })));
    };
    tx.commit().await?;
    Ok(user)
}

/// The person with this address.
pub(crate) async fn find_by_email(s: &Services, email: &str) -> Result<User> {
    let mut tx = s.db.system("a person by the address").await?;
    let found = store::credential(&mut tx, email).await?;
    found.map(|(user, _)| user).ok_or_else(|| Error::not_found("account"))
}

/// Checks address and password, so often and not more. Which of the two is wrong is not said, and takes the same time.
pub async fn sign_in(s: &Services, input: SignIn, origin: &Origin) -> Result<Begun> {
    let wrong = || Error::new(Code::Unauthorized, "E-mail address or password is wrong.");
    if input.password.0.len() > rules::PASSWORD_MAX * 4 {
        return Err(wrong());
    }
    let email = rules::email(&input.email).ok();
    let found = match &email {
        Some(email) => {
            let mut tx = s.db.system("sign-in").await?;
            store::credential(&mut tx, email).await?
        }
        None => None,
    };
    let (user, phc) = match found {
        Some((user, phc)) => (Some(user), phc),
        None => (None, None),
    };
    let attempt = attempts::sign_in(s, email.as_deref(), user.as_ref().zip(phc.as_deref()), origin).await?;
    let right = s.passwords.verify(&input.password, phc.clone()).await?;
    let Some(user) = user.filter(|_| right) else {
        attempt.keep();
        return Err(wrong());
    };
    attempt.undo().await;
    may_come_in(s, &user).await?;
    let workspace = landing(s, &user).await?;
    begin(s, user, workspace, origin, "auth.signed_in", phc.as_deref()).await
}

/// Whether this password opens this account. The server asks itself so when it starts: it is not counted, and nobody is let in.
pub async fn opens(s: &Services, email: &str, password: &Password) -> Result<bool> {
    let mut tx = s.db.system("whether a password opens an account").await?;
    let found = store::credential(&mut tx, email).await?;
    drop(tx);
    match found {
        Some((_, Some(phc))) => s.passwords.verify(password, Some(phc)).await,
        _ => Ok(false),
    }
}

/// Refuses somebody whose address has to be proved first, and sends a link for it.
pub(super) async fn may_come_in(s: &Services, user: &User) -> Result<()> {
    if s.settings.verify_email && !user.email_verified {
        recovery::send_proof(s, user).await?;
        let told = "Please confirm your e-mail address first. We have sent you a link.";
        return Err(Error::new(Code::EmailNotVerified, told));
    }
    Ok(())
}

/// Where somebody lands who signs in. Who belongs nowhere yet gets a workspace, or is first asked about the invitations that
/// wait for the address. Where sign-up is closed, people work where they were invited: nobody gets one unasked.
pub(super) async fn landing(s: &Services, user: &User) -> Result<Option<WorkspaceId>> {
    if let Some(id) = workspaces::service::first_of(s, user.id).await? {
        return Ok(Some(id));
    }
    if !s.settings.sign_up || !invitations::waiting_for(s, user).await?.is_empty() {
        return Ok(None);
    }
    Ok(Some(workspaces::service::create_first(s, user).await?.id))
}

/// Begins a session for somebody who has shown a first factor, or asks for the second. `password` is the PHC string of the
/// account's password when the factor was shown, whichever it was: hashing, a provider and the way into a workspace take their
/// time, and whoever has chosen another password meanwhile wanted everybody else out.
pub(super) async fn begin(
    s: &Services,
    user: User,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    action: &'static str,
    password: Option<&str>,
) -> Result<Begun> {
    let mut tx = s.db.system("a new session").await?;
    factors::hold(&mut tx, user.id).await?;
    let is_same = store::person(&mut tx, user.id).await?.email == user.email
        && account_store::password(&mut tx, user.id).await?.as_deref() == password;
    if !is_same {
        return Err(Error::new(Code::Unauthorized, "Your account was changed just now. Please sign in again."));
    }
    if let Some(pending) = pending::ask(&mut tx, user.id).await? {
        tx.commit().await?;
        return Ok(Begun::SecondFactor(pending));
    }
    let (signed_in, token) = open(s, tx, user, workspace, origin, action, Shown::First).await?;
    Ok(Begun::In(signed_in, token))
}

/// What somebody has shown who is let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    /// One factor, and the account has no other.
    First,
    /// A second one as well, or a passkey, which is both.
    Second,
}

/// Begins a session in a transaction that has settled that there may be one, and commits it.
pub(super) async fn open(
    s: &Services,
    mut tx: SystemTx,
    user: User,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    action: &'static str,
    shown: Shown,
) -> Result<(SignedIn, Token)> {
    let token = Token::random()?;
    let expires_at = Timestamp::now().plus(sessions::LIFETIME);
    let session = store::insert_session(&mut tx, user.id, token.hash(), workspace, origin, expires_at, shown).await?;
    if account_store::remember_device(&mut tx, user.id, devices::fingerprint(origin)).await? {
        post(tx.conn(), s, letters::new_device(s, &user, origin, format!("new-device:{}", session.id))).await?;
    }
    trail::note_sign_in(&mut tx, user.id, workspace, origin, action).await?;
    tx.commit().await?;
    Ok((SignedIn { user, session }, token))
}

/// The person behind a session's secret, or `None`. Renews the session once a day, and notes once a minute that it is used.
pub async fn check(s: &Services, token: &Token) -> Result<Option<SignedIn>> {
    let hash = token.hash();
    if let Some(known) = s.sessions.get(hash).await {
        return Ok(Some(known));
    }
    let asked = s.sessions.ask(hash);
    let mut tx = s.db.system("a session check").await?;
    let Some(mut signed_in) = store::find_session(&mut tx, hash).await? else { return Ok(None) };
    let renewed = Timestamp::now().plus(sessions::LIFETIME);
    if signed_in.session.expires_at.plus(sessions::RENEW_AFTER) < renewed {
        store::renew_session(&mut tx, signed_in.session.id, renewed).await?;
        tx.commit().await?;
        signed_in.session.expires_at = renewed;
    } else if signed_in.session.updated_at.plus(sessions::TOUCH_AFTER) < Timestamp::now() {
        account_store::touch(&mut tx, signed_in.session.id).await?;
        tx.commit().await?;
    }
    s.sessions.put(hash, asked, signed_in.clone()).await;
    Ok(Some(signed_in))
}

/// The person behind a session, by its id: for whoever carries something that the session vouches for. Is as quick to notice
/// that the session has ended as [`check`], and does not make it last longer.
pub(super) async fn check_by_id(s: &Services, id: SessionId) -> Result<Option<SignedIn>> {
    let known = s.sessions.hash_of(id).await;
    if let Some(hash) = known
        && let Some(signed_in) = s.sessions.get(hash).await
    {
        return Ok(Some(signed_in));
    }
    let mut tx = s.db.system("a session check").await?;
    let hash = match known {
        Some(hash) => Some(hash),
        None => store::session_hash(&mut tx, id).await?,
    };
    let Some(hash) = hash else { return Ok(None) };
    let asked = s.sessions.ask(hash);
    let Some(signed_in) = store::find_session(&mut tx, hash).await? else {
        s.sessions.forget_hash_of(id).await;
        return Ok(None);
    };
    s.sessions.put_hash_of(id, hash).await;
    s.sessions.put(hash, asked, signed_in.clone()).await;
    Ok(Some(signed_in))
}

/// Remembers the workspace that a session used last.
pub async fn use_workspace(s: &Services, signed_in: &SignedIn, workspace: WorkspaceId) -> Result<()> {
    if signed_in.session.active_organization_id == Some(workspace) {
        return Ok(());
    }
    let mut tx = s.db.system("the workspace used last").await?;
    let changed = store::set_active(&mut tx, signed_in.session.id, workspace).await?;
    tx.commit().await?;
    if let Some(hash) = changed {
        s.sessions.forget(hash);
    }
    Ok(())
}

/// Somebody, or everybody, lost a workspace: sessions that used it last use none from now on.
pub(crate) async fn forget_workspace(s: &Services, workspace: WorkspaceId, user: Option<UserId>) -> Result<()> {
    let mut tx = s.db.system("the workspace used last is gone").await?;
    let hashes = store::forget_active(&mut tx, workspace, user).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(hashes);
    Ok(())
}

/// Ends a session. Signing out twice is no error.
pub async fn sign_out(s: &Services, token: &Token, origin: &Origin) -> Result<()> {
    let mut tx = s.db.system("sign-out").await?;
    let who = store::find_session(&mut tx, token.hash()).await?;
    store::delete_session(&mut tx, token.hash()).await?;
    if let Some(who) = who {
        trail::note(&mut tx, &who, origin, Change::of("auth.signed_out")).await?;
    }
    tx.commit().await?;
    s.sessions.forget(token.hash());
    Ok(())
}
