//! Links in letters: whoever follows one has read the mail that was sent to its address.

use std::time::Duration;

use super::{proofs_store as store, sessions::Token};
use crate::{Code, Error, Result, Timestamp, db::SystemTx, ids::UserId};

/// How many links of a kind a person is sent within an hour, so that nobody's mailbox can be filled from here. Whoever asks
/// for more still has those.
const PER_HOUR: i64 = 5;

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The account's address is its owner's.
    VerifyEmail,
    /// Another password may be chosen.
    ResetPassword,
    /// The account gets this address.
    ChangeEmail,
    /// Whoever follows it signs in.
    SignIn,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail, Self::SignIn];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::SignIn => "sign_in",
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(24),
            Self::ResetPassword => Duration::from_mins(30),
            Self::ChangeEmail => Duration::from_hours(1),
            Self::SignIn => Duration::from_mins(15),
        }
    }
}

/// What a link says.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) kind: Kind,
    /// Whose account it is about.
    pub(super) user: UserId,
    /// The person's name.
    pub(super) name: String,
    /// The address that it was sent to.
    pub(super) email: String,
    /// The account's address until now.
    pub(super) current_email: String,
}

/// A new link to be sent to `email`; `None` when there were too many lately.
pub(super) async fn issue(tx: &mut SystemTx, kind: Kind, user: UserId, email: &str) -> Result<Option<Token>> {
    let token = Token::random()?;
    let expires_at = Timestamp::now().plus(kind.lifetime());
    let made = store::insert(tx, kind, user, email, token.hash(), expires_at, PER_HOUR).await?;
    Ok(made.then_some(token))
}

/// What a link says, without using it up.
pub(super) async fn look(tx: &mut SystemTx, kinds: &[Kind], token: &str) -> Result<Proof> {
    let token = Token::parse(token).ok_or_else(refused)?;
    store::find(tx, kinds, token.hash()).await?.ok_or_else(refused)
}

/// Uses a link up. Of many who do so at once, one succeeds.
pub(super) async fn redeem(tx: &mut SystemTx, kinds: &[Kind], token: &str) -> Result<Proof> {
    let token = Token::parse(token).ok_or_else(refused)?;
    store::take(tx, kinds, token.hash()).await?.ok_or_else(refused)
}

/// Unknown, used, too old and meant for something else are one answer.
fn refused() -> Error {
    Error::new(Code::InvalidToken, "This link has been used already, or is too old. Please ask for a new one.")
}
