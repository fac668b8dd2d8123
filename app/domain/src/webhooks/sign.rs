//! Secrets of endpoints, and what they sign: Standard Webhooks' symmetric scheme.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Error, Result, canonical};

/// How every secret begins.
const MARK: &str = "whsec_";

/// `whsec_` and 256 random bits, base64. Shown once, when it is made.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(super) fn random() -> Result<Self> {
        let bytes: [u8; 32] = canonical::random()?;
        Ok(Self(SecretString::from(format!("{MARK}{}", STANDARD.encode(bytes)))))
    }

    /// As it was sealed.
    pub(super) const fn of(text: SecretString) -> Self {
        Self(text)
    }

    /// For sealing.
    pub(super) const fn text(&self) -> &SecretString {
        &self.0
    }

    /// The secret itself: for the one reply that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `v1,` and the HMAC-SHA-256 of `id.timestamp.body`, base64. The time is in seconds since 1970.
    pub(super) fn signature(&self, id: &str, timestamp: i64, body: &str) -> Result<String> {
        let encoded = self.expose().strip_prefix(MARK).unwrap_or_default();
        let bytes = STANDARD.decode(encoded).map_err(|_| Error::internal("a webhook's secret is not base64"))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(tag)))
    }

    /// A text without this secret in it.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let bare = self.expose().strip_prefix(MARK).unwrap_or_default();
        if bare.is_empty() { text.to_owned() } else { text.replace(bare, "[secret]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that Standard Webhooks' own libraries are tested with.
    #[test]
    fn a_signature_is_the_one_that_everybody_else_computes() -> Result<()> {
        let secret = Secret::of(SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let signed = secret.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)?;
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        Ok(())
    }

    #[test]
    fn a_secret_is_random_and_tells_nothing() -> Result<()> {
        let (one, other) = (Secret::random()?, Secret::random()?);
        assert!(one.expose().starts_with("whsec_") && one.expose().len() == 50);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_eq!(one.hidden_in(&format!("you use {}!", one.expose())), "you use whsec_[secret]!");
        Ok(())
    }
}
