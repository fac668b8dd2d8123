//! The doors: what is counted, at which rate, and what those are told who have to wait.

use std::time::Duration;

use serde_json::json;

use super::{Rate, Rates, network::Breadth};
use crate::{Code, Error};

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// Signing in from anywhere: by the account's address and by network.
    SignIn,
    /// Asking for a link to sign in with: by address and by network.
    SignInLink,
    /// Signing in from a browser that the account was used in before: by account and browser.
    KnownDevice,
    /// Giving the password again while signed in: by account.
    PasswordAgain,
    /// Making an account: by address and by network.
    SignUp,
    /// Asking for an account with a password that will not do: by network.
    SignUpRefused,
    /// Asking for a link to choose a new password: by address and by network.
    ForgotPassword,
    /// Asking for a link that proves an address: by address and by network.
    Proof,
    /// Following a link that does not work: by network.
    Link,
    /// Calling the API: by person, by key, by the session that a token was minted from, else by network.
    Api,
    /// Asking about AI providers, and changing them: by workspace, and by person where somebody may only see what they cost.
    AiProviders,
    /// Comments that may mention somebody: by person.
    Mention,
    /// Being invited by mail: by address, whichever workspace it is.
    Invited,
    /// Inviting people by mail: by workspace and by network.
    Invite,
    /// Showing a session or an API key that this node has not seen to be good: by network.
    Credential,
    /// Writing down that an account's door is shut: once, by account and door.
    Note,
}

impl Door {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Note as usize + 1;

    /// As it stands in the names of counters, and in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInLink => "sign-in-link",
            Self::KnownDevice => "known-device",
            Self::PasswordAgain => "password-again",
            Self::SignUp => "sign-up",
            Self::SignUpRefused => "sign-up-refused",
            Self::ForgotPassword => "forgot-password",
            Self::Proof => "proof",
            Self::Link => "link",
            Self::Api => "api",
            Self::AiProviders => "ai-providers",
            Self::Mention => "mention",
            Self::Invited => "invited",
            Self::Invite => "invite",
            Self::Credential => "credential",
            Self::Note => "note",
        }
    }

    /// How often one subject may come. A site of 65,536 networks may as often as sixteen of them: as one customer it is one of
    /// few, as a provider's it is many people's.
    pub(super) const fn rate(self, rates: &Rates, breadth: Breadth) -> Rate {
        match breadth {
            Breadth::One => self.rate_of_one(rates),
            Breadth::Network => self.rate_of_network(rates),
            Breadth::Site => self.rate_of_network(rates).times(16),
        }
    }

    const fn rate_of_network(self, rates: &Rates) -> Rate {
        match self {
            Self::SignIn | Self::SignInLink => rates.sign_in_network,
            // Nobody owns more workspaces than five.
            Self::Invite => rates.invitations.times(5),
            _ => self.rate_of_one(rates),
        }
    }

    const fn rate_of_one(self, rates: &Rates) -> Rate {
        match self {
            Self::SignIn | Self::SignInLink | Self::KnownDevice | Self::PasswordAgain => rates.sign_in,
            Self::SignUp => rates.sign_up,
            Self::SignUpRefused => rates.sign_in_network,
            Self::ForgotPassword | Self::Proof | Self::Invited => rates.forgot_password,
            Self::Invite => rates.invitations,
            Self::Link => rates.links,
            Self::Api | Self::Credential => rates.api,
            Self::AiProviders => rates.ai_providers,
            Self::Mention => rates.mentions,
            Self::Note => Rate { max: 1, window: rates.sign_in.window },
        }
    }

    /// Whether nobody passes while nobody can count: where secrets are guessed, or letters sent. To refuse all other work as
    /// well would make an outage of Redis one of HYVVE.
    pub(super) const fn stays_shut(self) -> bool {
        !matches!(self, Self::Api | Self::AiProviders | Self::Mention | Self::Credential)
    }
}

/// A door that is shut for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    door: Door,
    is_of_network: bool,
    /// Seconds, rounded up.
    seconds: u64,
}

impl Refusal {
    pub(super) fn new(door: Door, breadth: Breadth, wait: Duration) -> Self {
        Self { door, is_of_network: breadth != Breadth::One, seconds: wait.as_millis().div_ceil(1_000).max(1) as u64 }
    }

    /// It is the account that is asked for too often, not the network that asks too often.
    pub const fn is_of_account(&self) -> bool {
        !self.is_of_network
    }

    fn words(&self) -> String {
        let wait = words(self.seconds);
        match (self.door, self.is_of_network) {
            (Door::SignIn, false) => format!(
                "There were too many attempts to sign in to this account. Please try again in {wait}, from a browser that you \
                 have signed in with before, or choose a new password with “Forgot password?”."
            ),
            (Door::SignIn, true) => {
                format!("There were too many attempts to sign in from your network. Please try again in {wait}.")
            }
            (Door::KnownDevice, _) => format!(
                "There were too many attempts to sign in to this account from this browser. Please try again in {wait}, or choose \
                 a new password with “Forgot password?”."
            ),
            (Door::PasswordAgain, _) => {
                format!("The password was wrong too often. Please try again in {wait}.")
            }
            (Door::SignUp, false) => {
                format!("An account was asked for with this address several times. Please try again in {wait}.")
            }
            (Door::SignUp, true) => {
                format!("Several accounts were made from your network lately. Please try again in {wait}.")
            }
            (Door::SignUpRefused, _) => {
                format!(
                    "Too many accounts that could not be made were asked for from your network. Please try again in {wait}."
                )
            }
            (Door::ForgotPassword | Door::Proof | Door::SignInLink, false) => format!(
                "A link was asked for with this address several times. Please look for the letters that have come, also among \
                 unwanted mail, or try again in {wait}."
            ),
            (Door::ForgotPassword | Door::Proof | Door::SignInLink, true) => {
                format!("Several links were asked for from your network lately. Please try again in {wait}.")
            }
            (Door::Link, _) => {
                format!("Too many links that do not work were opened from your network. Please try again in {wait}.")
            }
            (Door::AiProviders, _) => {
                format!("Too many requests about AI providers in this workspace. Please try again in {wait}.")
            }
            (Door::Mention, _) => {
                format!(
                    "Too many comments with an @ in them, each of which may tell somebody. Please try again in {wait}."
                )
            }
            (Door::Invited, _) => format!(
                "This address was written to several times because somebody invited it. Please ask the person to look for the \
                 letters that have come, or try again in {wait}."
            ),
            (Door::Invite, false) => {
                format!("Many people were invited to this workspace lately. Please try again in {wait}.")
            }
            (Door::Invite, true) => {
                format!("Many people were invited from your network lately. Please try again in {wait}.")
            }
            (Door::Credential, _) => {
                format!(
                    "Too many sessions and keys that nobody knows came from your network. Please try again in {wait}."
                )
            }
            (Door::Api | Door::Note, _) => format!("Too many requests. Please try again in {wait}."),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(Code::RateLimited, refusal.words()).with(json!({ "retryAfter": refusal.seconds }))
    }
}

/// Never less than it takes.
fn words(seconds: u64) -> String {
    let (count, unit) = if seconds < 100 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_long_and_never_too_short() {
        assert_eq!(words(1), "1 second");
        assert_eq!(words(99), "99 seconds");
        assert_eq!(words(100), "2 minutes");
        assert_eq!(words(900), "15 minutes");
        let of = |wait| Error::from(Refusal::new(Door::SignIn, Breadth::Network, wait));
        let error = of(Duration::from_millis(841_001));
        assert_eq!(error.code, Code::RateLimited);
        assert_eq!(error.details, Some(json!({ "retryAfter": 842 })));
        assert!(error.message.contains("15 minutes"), "{}", error.message);
        assert_eq!(of(Duration::ZERO).details, Some(json!({ "retryAfter": 1 })));
    }
}
