//! Authenticator apps: codes of six digits that change every 30 seconds (RFC 6238, SHA-1, which is what all apps speak).
//!
//! The secret is sealed. A code is taken from one step before the server's to one after it, and once: what was taken, and
//! everything older, is not taken again, so that a code that somebody saw opens nothing.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::{Method, added, lock_in, reassured, recovery_codes, removed, store};
use crate::{
    Code, Error, Result, Timestamp,
    auth::{
        Origin, Password, SignedIn,
        trail::{self, Change},
    },
    canonical,
    db::SystemTx,
    ids::UserId,
    keys::Swept,
    seal::Place,
    services::Services,
};

/// Who asks for the code, as the app shows it.
const ISSUER: &str = "HYVVE";
/// Seconds for which a code is shown.
const STEP: u64 = 30;
/// Steps around the present one whose codes are taken: clocks differ, and typing takes time.
const SKEW: u16 = 1;
/// Bytes of the secret, as RFC 4226 recommends.
const SECRET: usize = 20;

/// What an app has to know, while it is set up.
pub struct Setup {
    /// The secret, as one types it.
    pub secret: String,
    /// `otpauth://totp/…`: the same with everything else, as a link and as a QR code.
    pub uri: String,
}

/// A QR code as what an SVG draws.
pub struct Qr {
    /// Modules at each side, without the quiet zone.
    pub size: usize,
    /// The path of all dark modules.
    pub path: String,
}

impl Setup {
    fn of(s: &Services, user: UserId, email: &str, sealed: &[u8]) -> Result<Self> {
        let totp = open(s, user, email, sealed)?;
        Ok(Self { secret: totp.secret().to_base32(), uri: totp.to_url().map_err(Error::internal)? })
    }

    /// The link as a QR code.
    pub fn qr(&self) -> Result<Qr> {
        let code = QrCode::with_error_correction_level(&self.uri, EcLevel::M).map_err(Error::internal)?;
        let size = code.width();
        let mut path = String::new();
        for (x, y) in (0..size * size).map(|at| (at % size, at / size)).filter(|at| code[*at] == Color::Dark) {
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
        Ok(Qr { size, path })
    }
}

/// Begins to set an app up: it counts from the first right code on.
pub async fn begin(s: &Services, who: &SignedIn, password: Option<&Password>, origin: &Origin) -> Result<Setup> {
    let (tx, setup) = begun(s, who, password, origin).await?;
    tx.commit().await?;
    Ok(setup)
}

/// The same, with recovery codes at once, for clients that ask for both before the first right code. An account that has another
/// second factor has its codes already, and keeps them.
pub async fn begin_with_codes(
    s: &Services,
    who: &SignedIn,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<(Setup, Vec<String>)> {
    let (mut tx, setup) = begun(s, who, password, origin).await?;
    let is_first = store::methods(&mut tx, who.user.id).await?.is_empty();
    let codes = if is_first { recovery_codes::make(&mut tx, who.user.id).await? } else { Vec::new() };
    tx.commit().await?;
    Ok((setup, codes))
}

/// A secret that is kept for this session, in a transaction that holds the person's factors.
async fn begun(
    s: &Services,
    who: &SignedIn,
    password: Option<&Password>,
    origin: &Origin,
) -> Result<(SystemTx, Setup)> {
    reassured(s, who, password, false, origin).await?;
    let secret = Secret::from(canonical::random::<SECRET>()?.to_vec()).to_base32();
    let sealed = s.sealer.seal(Place::Authenticator(who.user.id), &SecretString::from(secret))?;
    let mut tx = s.db.system("an authenticator app").await?;
    lock_in(&mut tx, who).await?;
    if !store::begin_authenticator(&mut tx, who.user.id, who.session.id, &sealed).await? {
        return Err(Error::new(
            Code::Conflict,
            "There is an authenticator app already. Remove it first to set up another.",
        ));
    }
    Ok((tx, Setup::of(s, who.user.id, &who.user.email, &sealed)?))
}

/// What this session is setting up, if anything.
pub async fn setup(s: &Services, who: &SignedIn) -> Result<Option<Setup>> {
    let mut tx = s.db.system("an authenticator app that is set up").await?;
    let sealed = store::begun_authenticator(&mut tx, who.user.id, who.session.id).await?;
    sealed.map(|sealed| Setup::of(s, who.user.id, &who.user.email, &sealed)).transpose()
}

/// The link of the app that is there, for another device.
pub async fn uri(s: &Services, who: &SignedIn, password: Option<&Password>, origin: &Origin) -> Result<String> {
    reassured(s, who, password, false, origin).await?;
    let mut tx = s.db.system("an authenticator app").await?;
    let missing = || Error::new(Code::Conflict, "There is no authenticator app.");
    let sealed = match store::authenticator(&mut tx, who.user.id).await? {
        Some(sealed) => sealed,
        None => store::begun_authenticator(&mut tx, who.user.id, who.session.id).await?.ok_or_else(missing)?,
    };
    Ok(Setup::of(s, who.user.id, &who.user.email, &sealed)?.uri)
}

/// Whether recovery codes come with an app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codes {
    /// With the account's first factor come ten.
    WithTheFirst,
    /// They were made before.
    Made,
}

/// The app shows its first code, and counts from now on. Where it is the account's first factor, other sessions end.
pub async fn confirm(
    s: &Services,
    who: &SignedIn,
    code: &str,
    codes: Codes,
    origin: &Origin,
) -> Result<Option<Vec<String>>> {
    let user = who.user.id;
    let mut tx = s.db.system("the first code of an authenticator app").await?;
    lock_in(&mut tx, who).await?;
    let over = || Error::new(Code::Conflict, "Nothing is being set up any more. Please begin again.");
    let sealed = store::begun_authenticator(&mut tx, user, who.session.id).await?.ok_or_else(over)?;
    let Some(step) = step(&open(s, user, &who.user.email, &sealed)?, code) else {
        let why = "This is not the code that the app should show. Please look whether your clocks agree.";
        return Err(Error::invalid("code", "correct", why));
    };
    let had = store::methods(&mut tx, user).await?;
    store::enable_authenticator(&mut tx, user, step).await?;
    let stale = added(&mut tx, s, who, Method::Totp, &had, origin).await?;
    let made = if codes == Codes::WithTheFirst && had.is_empty() {
        Some(recovery_codes::make(&mut tx, user).await?)
    } else {
        None
    };
    let change = Change { after: json!({ "method": Method::Totp.as_str() }), ..Change::of("auth.second_factor_added") };
    trail::note(&mut tx, who, origin, change).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(made)
}

/// Removes the app.
pub async fn remove(s: &Services, who: &SignedIn, password: Option<&Password>, origin: &Origin) -> Result<()> {
    reassured(s, who, password, false, origin).await?;
    let mut tx = s.db.system("an authenticator app is removed").await?;
    lock_in(&mut tx, who).await?;
    if !store::remove_authenticator(&mut tx, who.user.id).await? {
        return Err(Error::new(Code::Conflict, "There is no authenticator app."));
    }
    let stale = removed(&mut tx, s, who, Method::Totp, origin).await?;
    let change =
        Change { before: json!({ "method": Method::Totp.as_str() }), ..Change::of("auth.second_factor_removed") };
    trail::note(&mut tx, who, origin, change).await?;
    tx.commit().await?;
    s.sessions.forget_all_of(stale);
    Ok(())
}

/// Takes a code of the person's app. Of many who show the same at once, one succeeds.
pub(super) async fn take(tx: &mut SystemTx, s: &Services, user: UserId, code: &str) -> Result<bool> {
    let Some(sealed) = store::authenticator(tx, user).await? else { return Ok(false) };
    match step(&open(s, user, "-", &sealed)?, code) {
        Some(step) => store::take_step(tx, user, step).await,
        None => Ok(false),
    }
}

/// Seals some secrets anew that another master key has sealed, in order from `after` on, which is moved.
pub(crate) async fn sweep(s: &Services, after: &mut Option<UserId>) -> Result<Swept> {
    let mut tx = s.db.system("authenticators that another master key sealed").await?;
    let mut swept = Swept::default();
    for (user, sealed) in store::stale_authenticators(&mut tx, &s.sealer.prefix(), *after).await? {
        *after = Some(user);
        let anew = s.sealer.again(Place::Authenticator(user), &sealed);
        swept += Swept::one(format_args!("the authenticator of person {user}"), &anew);
        if let Ok(anew) = anew {
            store::reseal_authenticator(&mut tx, user, &anew).await?;
        }
    }
    tx.commit().await?;
    Ok(swept)
}

fn open(s: &Services, user: UserId, email: &str, sealed: &[u8]) -> Result<Totp> {
    let secret = s.sealer.open(Place::Authenticator(user), sealed)?;
    totp(secret.expose_secret(), email)
}

fn totp(secret: &str, email: &str) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP)
        .with_skew(SKEW)
        .with_secret(Secret::try_from_base32(secret).map_err(|_| Error::internal("a secret is not base 32"))?)
        .with_issuer(Some(ISSUER))
        .with_account_name(email)
        .build()
        .map_err(Error::internal)
}

/// The step that a code belongs to, if it is one of those that are taken now.
fn step(totp: &Totp, code: &str) -> Option<i64> {
    step_at(totp, code, Timestamp::now())
}

fn step_at(totp: &Totp, code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    totp.check(&digits, u64::try_from(now.unix_seconds()).ok()?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    /// The secret of RFC 6238's test vectors: `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    #[test]
    fn codes_are_those_of_the_standard_and_one_step_around_is_taken() -> Result<()> {
        let totp = totp(SECRET, "ada@example.com")?;
        // Appendix B, the last six digits.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(step_at(&totp, code, at(seconds)), Some(seconds / 30), "{code}");
        }
        let spaced = " 081 804";
        for (later, expected) in [(0, true), (30, true), (60, false), (-30, true), (-60, false)] {
            let found = step_at(&totp, spaced, at(1_111_111_109 + later));
            assert_eq!(found.is_some(), expected, "{later}");
            // Whenever it is shown, it is the code of the same step.
            assert!(found.is_none_or(|step| step == 1_111_111_109 / 30));
        }
        for bad in ["", "08180", "0818044", "08180a", "٠٨١٨٠٤"] {
            assert_eq!(step_at(&totp, bad, at(1_111_111_109)), None, "{bad}");
        }
        Ok(())
    }

    #[test]
    fn the_link_names_who_asks_and_for_whom() -> Result<()> {
        let totp = totp(SECRET, "ada+x@example.com")?;
        let uri = totp.to_url().map_err(Error::internal)?;
        assert!(uri.starts_with("otpauth://totp/HYVVE:ada%2Bx%40example.com?"), "{uri}");
        assert!(uri.contains(&format!("secret={SECRET}")) && uri.contains("issuer=HYVVE"), "{uri}");
        let qr = Setup { secret: SECRET.to_owned(), uri }.qr()?;
        assert!(qr.size >= 33 && qr.path.starts_with("M0 0h1v1h-1z"), "{}", qr.size);
        Ok(())
    }
}
