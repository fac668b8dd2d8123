//! The cookie by which a browser shows that an account was used in it before. It lets nobody in. It only lets its browser try:
//! attempts that carry it are counted apart, each browser's by themselves, so whoever keeps the account's door shut from
//! elsewhere, or from another browser that the owner has used, does not keep the owner out.
//!
//! What a browser says about itself (`devices.rs`) anybody can say. This is vouched for under a key of the installation, and it
//! ends with the password that it was given for: who once knew an old one gets no attempts at the new one.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Origin, account_store as store, cookies};
use crate::{Result, Timestamp, canonical, ids::UserId, seal::Sealer, services::Services};

/// How long a browser stays known after the last sign-in.
const LIFETIME: Duration = Duration::from_hours(365 * 24);
/// A device's own number. It is handed out to whoever has signed in, so nobody else can have many.
pub(super) type Device = [u8; 16];
/// The account, the device, and when it was made.
const BODY: usize = 16 + 16 + 8;
const MAC: usize = 32;

/// What the cookie carries.
#[derive(Clone)]
pub struct DeviceToken([u8; BODY + MAC]);

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

impl DeviceToken {
    /// From a cookie; anything that cannot be one is `None`. Whether it is genuine is looked at when it is used.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    fn new(sealer: &Sealer, user: UserId, device: Device, phc: &str) -> Self {
        let made = Timestamp::now().unix_seconds().to_be_bytes();
        let body = [user.0.as_bytes().as_slice(), &device, &made].concat();
        let mut whole = [0; BODY + MAC];
        whole[..BODY].copy_from_slice(&body);
        whole[BODY..].copy_from_slice(&sealer.mac(PURPOSE, &vouched(&body, phc)));
        Self(whole)
    }

    /// The device, if this was made here for this account while it had this password, in the last year. Until the MAC is
    /// checked these are anybody's bytes, and nothing is done with them.
    fn device_of(&self, sealer: &Sealer, user: UserId, phc: &str) -> Option<Device> {
        let (body, mac) = self.0.split_at(BODY);
        if !sealer.is_mac(PURPOSE, &vouched(body, phc), mac) {
            return None;
        }
        let (whose, rest) = body.split_first_chunk::<16>()?;
        let (device, made) = rest.split_first_chunk::<16>()?;
        let age = Timestamp::now().unix_seconds().checked_sub(i64::from_be_bytes(made.try_into().ok()?))?;
        let is_good = whose == user.0.as_bytes() && u64::try_from(age).is_ok_and(|age| age < LIFETIME.as_secs());
        is_good.then_some(*device)
    }
}

const PURPOSE: &str = "device";

/// The password's hash is part of what is vouched for, and not of what the cookie carries.
fn vouched(body: &[u8], phc: &str) -> Vec<u8> {
    [body, phc.as_bytes()].concat()
}

/// The browser that the request comes from, if the account was used in it before.
pub(super) fn known(s: &Services, origin: &Origin, user: UserId, phc: &str) -> Option<Device> {
    origin.device.as_ref().and_then(|token| token.device_of(&s.sealer, user, phc))
}

/// What the cookie is called; see [`super::sessions::cookie_name`].
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-hyvve_device" } else { "hyvve_device" }
}

/// The value of `Set-Cookie` that makes the browser a known one: for whoever has just signed in, or shown in another way that
/// the account is his or hers. `None` for an account without a password, at which nothing can be guessed; and when the database
/// is away, which is no reason to take back what was just done.
pub async fn cookie(s: &Services, user: UserId, origin: &Origin) -> Option<String> {
    let made = make(s, user, origin).await;
    let token = made.inspect_err(|e| tracing::warn!(error.message = %e, "a browser stays unknown")).ok()??;
    let value = URL_SAFE_NO_PAD.encode(token.0);
    let secure = s.settings.secure_cookies;
    Some(cookies::set(cookie_name(secure), Some(&value), LIFETIME, secure))
}

async fn make(s: &Services, user: UserId, origin: &Origin) -> Result<Option<DeviceToken>> {
    let mut tx = s.db.system("a browser becomes a known one").await?;
    let Some(phc) = store::password(&mut tx, user).await? else { return Ok(None) };
    drop(tx);
    let device = known(s, origin, user, &phc).map_or_else(canonical::random, Ok)?;
    Ok(Some(DeviceToken::new(&s.sealer, user, device, &phc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_to_its_account_while_the_password_lasts() -> Result<(), &'static str> {
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("a key")?;
        let (ada, eve) = (UserId::new(), UserId::new());
        let token = DeviceToken::new(&sealer, ada, [5; 16], "$argon2id$one");
        let back = DeviceToken::parse(&URL_SAFE_NO_PAD.encode(token.0)).ok_or("a token")?;
        assert_eq!(back.device_of(&sealer, ada, "$argon2id$one"), Some([5; 16]));
        assert_eq!(back.device_of(&sealer, ada, "$argon2id$two"), None, "another password");
        assert_eq!(back.device_of(&sealer, eve, "$argon2id$one"), None, "another account");
        let elsewhere = Sealer::new([(1, [8u8; 32].as_slice())]).ok_or("a key")?;
        assert_eq!(back.device_of(&elsewhere, ada, "$argon2id$one"), None, "another installation");
        for at in 0..BODY + MAC {
            let mut forged = token.clone();
            forged.0[at] ^= 1;
            assert_eq!(forged.device_of(&sealer, ada, "$argon2id$one"), None, "byte {at} can be changed");
        }
        for time in [i64::MIN, i64::MAX] {
            let mut forged = token.clone();
            forged.0[32..BODY].copy_from_slice(&time.to_be_bytes());
            assert_eq!(forged.device_of(&sealer, ada, "$argon2id$one"), None);
            // Even one that is vouched for takes nobody down.
            let mac = sealer.mac(PURPOSE, &vouched(&forged.0[..BODY], "$argon2id$one"));
            forged.0[BODY..].copy_from_slice(&mac);
            assert_eq!(forged.device_of(&sealer, ada, "$argon2id$one"), None);
        }
        assert!(DeviceToken::parse("").is_none() && DeviceToken::parse("AAAA").is_none());
        assert_eq!(format!("{token:?}"), "DeviceToken(…)");
        Ok(())
    }

    #[test]
    fn after_a_year_a_device_is_a_stranger() -> Result<(), &'static str> {
        let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("a key")?;
        let (ada, phc) = (UserId::new(), "$argon2id$one");
        for (seconds, is_known) in [(LIFETIME.as_secs() - 60, true), (LIFETIME.as_secs() + 1, false)] {
            let made = Timestamp::now().unix_seconds() - seconds as i64;
            let mut token = DeviceToken::new(&sealer, ada, [5; 16], phc);
            token.0[32..BODY].copy_from_slice(&made.to_be_bytes());
            let mac = sealer.mac(PURPOSE, &vouched(&token.0[..BODY], phc));
            token.0[BODY..].copy_from_slice(&mac);
            assert_eq!(token.device_of(&sealer, ada, phc).is_some(), is_known);
        }
        Ok(())
    }
}
