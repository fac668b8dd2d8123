//! Whether a password is hard to guess, and what would make it so.

use zxcvbn::{Score, zxcvbn};

use super::{Password, password::Hasher, rules};
use crate::{Error, Result};

/// Refuses a password that can be guessed: a score below 3 of 4, which the lists of common passwords never reach. `about` is
/// what somebody who knows the person would try first: name and address.
pub(super) async fn check(hasher: &Hasher, password: &Password, about: &[&str]) -> Result<()> {
    rules::password_length(&password.0)?;
    let text = password.0.clone();
    let about: Vec<String> =
        about.iter().flat_map(|text| text.split(['@', '.', ' ']).chain([*text])).map(str::to_owned).collect();
    // A long one takes tens of milliseconds: as much as a hash, and in the same line.
    let measure = move || {
        let about: Vec<&str> = about.iter().map(String::as_str).chain(["hyvve"]).filter(|t| !t.is_empty()).collect();
        Ok(zxcvbn(&text, &about))
    };
    let entropy = hasher.blocking(measure).await?;
    if entropy.score() >= Score::Three {
        return Ok(());
    }
    let mut advice = vec!["This password is easy to guess.".to_owned()];
    if let Some(feedback) = entropy.feedback() {
        advice.extend(feedback.warning().map(|warning| warning.to_string()));
        advice.extend(feedback.suggestions().iter().map(ToString::to_string));
    }
    Err(Error::invalid("password", "strength", advice.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_guessed_first_is_refused_with_advice() -> Result<()> {
        let hasher = Hasher::new(1)?;
        let ada = ["Ada Lovelace", "ada.lovelace@example.com"];
        for weak in ["password", "qwertyuiop", "12345678", "AdaLovelace", "lovelace1815", "P@ssw0rd1", "aaaaaaaaaaaa"] {
            let error = check(&hasher, &Password(weak.into()), &ada).await.err();
            assert_eq!(error.as_ref().and_then(Error::field), Some("password"), "{weak} was taken");
            assert!(error.is_some_and(|e| e.message.starts_with("This password is easy to guess. ")), "{weak}");
        }
        let pangram = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich";
        for strong in ["correct horse battery staple", "tr0ub4dor&Zwölf", pangram] {
            assert_eq!(check(&hasher, &Password(strong.into()), &ada).await, Ok(()), "{strong}");
        }
        Ok(())
    }
}
