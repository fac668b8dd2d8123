//! What makes a name, an address and a password acceptable; the same rules in the form and on the server.

use crate::{Error, Result};

/// Fewest characters of a password.
pub const PASSWORD_MIN: usize = 8;
/// Most characters of a password.
pub const PASSWORD_MAX: usize = 128;

/// A person's name: 1 to 100 characters, no control characters.
pub fn name(text: &str) -> Result<String> {
    line(text, "name", 100, "Please enter your name.")
}

/// One line of text: trimmed, 1 to `max` characters, no control characters.
pub fn line(text: &str, field: &str, max: usize, missing: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, "required", missing));
    }
    if text.chars().count() > max {
        return Err(Error::invalid(field, "maxLength", format!("At most {max} characters, please.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "noControlCharacters", "Control characters are not allowed here."));
    }
    Ok(text.to_owned())
}

/// An e-mail address, in lower case. Whether it exists only a mail can tell; this refuses what cannot be one.
///
/// Only ASCII is taken, before and behind the `@`: with other letters, two addresses can look the same to people, or become the
/// same to some mail server, and be two accounts. A domain with other letters has an ASCII form, which is taken.
pub fn email(text: &str) -> Result<String> {
    let bad = || Error::invalid("email", "isEmail", "Please enter an e-mail address like ada@example.com.");
    let text = text.trim();
    // Before anything is lowered: the Kelvin sign, for one, becomes a plain k.
    if !text.is_ascii() {
        let why = "Please enter an address of plain letters a–z, digits and signs; others cannot be told apart safely.";
        return Err(Error::invalid("email", "isAscii", why));
    }
    let email = text.to_ascii_lowercase();
    let (local, domain) = email.rsplit_once('@').ok_or_else(bad)?;
    let plain = |s: &str| {
        !s.is_empty() && s.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c))
    };
    let host = domain.split('.').all(|part| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-'));
    if email.len() > 254 || local.len() > 64 || !plain(local) || !plain(domain) || !host {
        return Err(bad());
    }
    Ok(email)
}

/// A password's length in characters.
pub fn password_length(password: &str) -> Result<()> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(Error::invalid("password", "minLength", format!("At least {PASSWORD_MIN} characters, please.")));
    }
    if length > PASSWORD_MAX {
        return Err(Error::invalid("password", "maxLength", format!("At most {PASSWORD_MAX} characters, please.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lowered_and_nonsense_is_refused() {
        assert_eq!(email("  Ada@Example.COM ").ok().as_deref(), Some("ada@example.com"));
        assert_eq!(email("ada@localhost").ok().as_deref(), Some("ada@localhost"));
        for bad in
            ["", "ada", "@x", "a@", "a b@x.y", "a@x..y", "a@-x", "a\0@x.y", "a@x@y", &format!("{}@x.y", "a".repeat(65))]
        {
            assert_eq!(email(bad).err().as_ref().and_then(Error::field), Some("email"), "{bad:?} was taken");
        }
    }

    #[test]
    fn addresses_that_only_look_like_another_are_refused() {
        // A Cyrillic а, a Kelvin sign, an e with a combining accent, a full-width stop, a soft hyphen, a right-to-left mark.
        for bad in [
            "\u{430}da@example.com",
            "\u{212a}ate@example.com",
            "ade\u{301}@x.y",
            "a@x\u{ff0e}y",
            "a\u{ad}da@x.y",
            "\u{200f}a@x.y",
        ] {
            assert_eq!(email(bad).err().as_ref().and_then(Error::field), Some("email"), "{bad:?} was taken");
        }
        assert!(email("ada@xn--bcher-kva.example").is_ok());
    }
}
