//! What HYVVE writes to people about their accounts.

use super::{Origin, User, devices, sessions::Token};
use crate::{Timestamp, address::percent_encode, mail::letters::Letter, services::Services};

fn link(s: &Services, path: &str, token: &Token) -> String {
    format!("{}{path}?token={}", s.settings.public_url, token.expose())
}

/// One letter for each link.
fn cause(what: &str, token: &Token) -> String {
    format!("{what}:{}", hex::encode(token.hash().0))
}

fn hello(name: &str) -> String {
    format!("Hello {name},")
}

/// Is this address yours?
pub(super) fn verify(s: &Services, user: &User, token: &Token) -> Letter {
    Letter::new(cause("verify", token), &user.email, "Confirm your e-mail address")
        .line(&hello(&user.name))
        .line("please confirm that this address is yours.")
        .action("Confirm your address", &link(s, "/verify-email", token))
        .line("The link works once, for 24 hours. If you are not signed in, you are asked for your password.")
        .line("If you did not make an account, there is nothing to do.")
}

/// Somebody signed up with an address that has an account.
pub(super) fn exists(s: &Services, user: &User, token: &Token) -> Letter {
    Letter::new(cause("exists", token), &user.email, "You have an account already")
        .line(&hello(&user.name))
        .line("somebody, probably you, signed up with this address. It has an account already, so nothing was changed.")
        .action("Sign in", &format!("{}/sign-in", s.settings.public_url))
        .line("Should you not know its password, you can choose another one within 30 minutes.")
        .action("Choose a new password", &link(s, "/reset-password", token))
}

/// The way back in.
pub(super) fn reset(s: &Services, user: &User, token: &Token) -> Letter {
    Letter::new(cause("reset", token), &user.email, "Choose a new password")
        .line(&hello(&user.name))
        .line("somebody, probably you, asked for a new password for your account.")
        .action("Choose a new password", &link(s, "/reset-password", token))
        .line("The link works once, for 30 minutes. If it was not you, there is nothing to do: your password stays as it is.")
}

/// The password is another one.
pub(super) fn password_changed(s: &Services, name: &str, email: &str, origin: &Origin, cause: String) -> Letter {
    Letter::new(cause, email, "Your password was changed")
        .line(&hello(name))
        .line(&format!(
            "the password of your account was changed {}. Everywhere else you were signed out.",
            from(origin)
        ))
        .line("If it was not you, choose a new password at once.")
        .action("Choose a new password", &format!("{}/forgot-password", s.settings.public_url))
}

/// The address is proved for the first time, so what was chosen before may be somebody else's.
pub(super) fn password_removed(s: &Services, name: &str, email: &str, origin: &Origin, cause: String) -> Letter {
    Letter::new(cause, email, "Please choose a password")
        .line(&hello(name))
        .line(&format!(
            "you signed in with a link {}, which has confirmed your address. Nobody had confirmed it before, so whatever else \
             opened the account may have been somebody else's and does not work any more: its password, and, if there were \
             any, two-step verification, linked providers and API keys.",
            from(origin)
        ))
        .action("Choose a password", &format!("{}/forgot-password", s.settings.public_url))
        .line("Until then you sign in with links like this one.")
}

/// Somebody who is past the first factor guesses at the second.
pub(super) fn codes_guessed(s: &Services, user: &User, origin: &Origin, cause: String) -> Letter {
    Letter::new(cause, &user.email, "Somebody is guessing at your codes")
        .line(&hello(&user.name))
        .line(&format!(
            "ten wrong codes were entered for your account within a quarter of an hour, lastly {}. Whoever did that knows \
             your password, or reads your mail. No more codes are taken for a while; your recovery codes work all the time.",
            from(origin)
        ))
        .line("If it was not you, choose a new password now.")
        .action("Choose a new password", &format!("{}/forgot-password", s.settings.public_url))
}

/// Is this new address yours?
pub(super) fn new_address(s: &Services, user: &User, email: &str, token: &Token) -> Letter {
    Letter::new(cause("new-address", token), email, "Confirm your new e-mail address")
        .line(&hello(&user.name))
        .line(&format!("please confirm that your account shall have this address instead of {}.", user.email))
        .action("Use this address", &link(s, "/verify-email", token))
        .line("The link works once, for an hour. If you did not ask for this, there is nothing to do.")
}

/// To the owner of an address that somebody else wants to have.
pub(super) fn address_taken(owner: &User, token: &Token) -> Letter {
    Letter::new(cause("address-taken", token), &owner.email, "Somebody wanted to use your e-mail address")
        .line(&hello(&owner.name))
        .line("somebody wanted to have this address for another account. It is yours, so nothing was changed.")
        .line("There is nothing to do. If it was you, delete this account first, or change its address.")
}

/// To the old address, while it is still the account's.
pub(super) fn address_asked(s: &Services, user: &User, email: &str, origin: &Origin, token: &Token) -> Letter {
    Letter::new(cause("address-asked", token), &user.email, "Your e-mail address is about to change")
        .line(&hello(&user.name))
        .line(&format!("somebody, probably you, asked {} to change your address to {email}.", from(origin)))
        .line("It changes when that address is confirmed. If it was not you, choose a new password at once.")
        .action("Choose a new password", &format!("{}/forgot-password", s.settings.public_url))
}

/// To the old address, when it is not the account's any more.
pub(super) fn address_changed(name: &str, old: &str, new: &str, cause: String) -> Letter {
    Letter::new(cause, old, "Your e-mail address was changed")
        .line(&hello(name))
        .line(&format!("your account has the address {new} from now on. This one is not used any more."))
        .line("If it was not you, write to whoever runs this server.")
}

/// The way in without a password.
pub(super) fn sign_in(s: &Services, user: &User, token: &Token, next: &str) -> Letter {
    let mut url = link(s, "/sign-in/link", token);
    if !next.is_empty() {
        url.push_str("&next=");
        url.push_str(&percent_encode(next));
    }
    Letter::new(cause("sign-in", token), &user.email, "Your link to sign in")
        .line(&hello(&user.name))
        .line("somebody, probably you, asked for a link to sign in with.")
        .action("Sign in", &url)
        .line("The link works once, for 15 minutes. If it was not you, there is nothing to do. Do not pass it on.")
}

/// There is another way in, or another second factor.
pub(super) fn factor_added(s: &Services, user: &User, what: &str, origin: &Origin, cause: String) -> Letter {
    factor(s, user, &format!("{what} was added to your account"), origin, cause)
        .line("From now on a password alone does not open your account. Keep your recovery codes in a safe place.")
}

/// There is one less.
pub(super) fn factor_removed(
    s: &Services,
    user: &User,
    what: &str,
    is_last: bool,
    origin: &Origin,
    cause: String,
) -> Letter {
    let letter = factor(s, user, &format!("{what} was removed from your account"), origin, cause);
    if is_last { letter.line("Two-step verification is off: your password alone opens your account.") } else { letter }
}

/// A recovery code is gone.
pub(super) fn recovery_code_used(s: &Services, user: &User, left: i64, origin: &Origin, cause: String) -> Letter {
    factor(s, user, "A recovery code was used to sign in to your account", origin, cause)
        .line(&format!("It does not work again. Codes that are left: {left}. You can make new ones at any time."))
}

/// There are other recovery codes.
pub(super) fn recovery_codes_renewed(s: &Services, user: &User, origin: &Origin, cause: String) -> Letter {
    factor(s, user, "Your recovery codes were replaced", origin, cause).line("Those that you had do not work any more.")
}

/// Something about the second factor, and what to do if it was somebody else.
fn factor(s: &Services, user: &User, what: &str, origin: &Origin, cause: String) -> Letter {
    Letter::new(cause, &user.email, what)
        .line(&hello(&user.name))
        .line(&format!("this happened at {}, {}: {}.", Timestamp::now(), from(origin), what.to_lowercase()))
        .line("If it was not you, choose a new password at once, and look at what your account is protected with.")
        .action("Look at your account", &format!("{}/account/security", s.settings.public_url))
}

/// Somebody signed in from where nobody did before.
pub(super) fn new_device(s: &Services, user: &User, origin: &Origin, cause: String) -> Letter {
    Letter::new(cause, &user.email, "A new device signed in to your account")
        .line(&hello(&user.name))
        .line(&format!("your account was signed in to {} at {}.", from(origin), Timestamp::now()))
        .line("If it was you, there is nothing to do. If not, choose a new password; that also signs the device out.")
        .action("Look at your sessions", &format!("{}/account/sessions", s.settings.public_url))
}

/// A provider can be signed in with from now on.
pub(super) fn linked(s: &Services, user: &User, provider: &str, cause: String) -> Letter {
    Letter::new(cause, &user.email, &format!("{provider} was linked to your account"))
        .line(&hello(&user.name))
        .line(&format!("from now on you can sign in to your account with {provider}."))
        .line("If it was not you, unlink it and choose a new password at once.")
        .action("Look at your account", &format!("{}/account/security", s.settings.public_url))
}

/// A provider cannot be signed in with any more.
pub(super) fn unlinked(s: &Services, user: &User, provider: &str, cause: String) -> Letter {
    Letter::new(cause, &user.email, &format!("{provider} was unlinked from your account"))
        .line(&hello(&user.name))
        .line(&format!("from now on {provider} does not sign you in to your account any more."))
        .line("If it was not you, choose a new password at once; that also signs out whoever it was.")
        .action("Choose a new password", &format!("{}/forgot-password", s.settings.public_url))
}

fn from(origin: &Origin) -> String {
    let device = devices::words(origin.user_agent.as_deref());
    match &origin.ip {
        Some(ip) => format!("from {device} ({ip})"),
        None => format!("from {device}"),
    }
}
