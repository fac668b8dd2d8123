//! Recovery codes: for whoever has lost the app and the passkeys. Ten of 80 random bits, shown once; each works once.

use super::{lock_in, reassured, store, tell};
use crate::{
    Code, Error, Result,
    auth::{
        Origin, Password, SignedIn, letters,
        trail::{self, Change},
    },
    canonical,
    db::SystemTx,
    ids::UserId,
    mail::letters::each_time,
    services::Services,
};

/// How many there are.
pub const COUNT: usize = 10;
/// Characters of one, each of 5 bits.
const LENGTH: usize = 16;
/// Crockford's: without letters that look like digits, and without u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Replaces the codes by others, which are shown now and never again.
pub async fn renew(s: &Services, who: &SignedIn, password: Option<&Password>, origin: &Origin) -> Result<Vec<String>> {
    reassured(s, who, password, false, origin).await?;
    let mut tx = s.db.system("other recovery codes").await?;
    lock_in(&mut tx, who).await?;
    if store::methods(&mut tx, who.user.id).await?.is_empty() {
        return Err(Error::new(
            Code::Conflict,
            "Two-step verification is off. Add an authenticator app or a passkey first.",
        ));
    }
    let codes = make(&mut tx, who.user.id).await?;
    let letter = letters::recovery_codes_renewed(s, &who.user, origin, each_time("recovery-codes-renewed")?);
    tell(&mut tx, s, letter).await?;
    trail::note(&mut tx, who, origin, Change::of("auth.recovery_codes_renewed")).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Makes ten, in the place of those that there were.
pub(super) async fn make(tx: &mut SystemTx, user: UserId) -> Result<Vec<String>> {
    let codes = (0..COUNT).map(|_| random()).collect::<Result<Vec<_>>>()?;
    let hashes: Vec<_> = codes.iter().filter_map(|code| hash(user, code)).collect();
    store::set_codes(tx, user, &hashes).await?;
    Ok(codes)
}

/// Whether a code is written as a recovery code is. With 80 bits, nobody guesses one.
pub(super) fn is_one(user: UserId, code: &str) -> bool {
    hash(user, code).is_some()
}

/// Uses one up. Of many who do so at once, one succeeds.
pub(super) async fn take(tx: &mut SystemTx, user: UserId, code: &str) -> Result<bool> {
    match hash(user, code) {
        Some(hash) => store::take_code(tx, user, hash).await,
        None => Ok(false),
    }
}

/// `xxxx-xxxx-xxxx-xxxx`
fn random() -> Result<String> {
    let bits =
        canonical::random::<{ LENGTH * 5 / 8 }>()?.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut code = String::new();
    for place in 0..LENGTH {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[(bits >> (5 * place)) as usize % ALPHABET.len()]));
    }
    Ok(code)
}

/// What the database knows a code by; nothing of what cannot be one. Case, dashes and spaces do not count, and what looks like
/// a digit is one.
fn hash(user: UserId, code: &str) -> Option<[u8; 32]> {
    let plain: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    let is_code = plain.len() == LENGTH && plain.bytes().all(|b| ALPHABET.contains(&b));
    is_code.then(|| canonical::sha256(format!("hyvve.recovery/1|{user}|{plain}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_random_and_can_be_copied_by_hand() -> Result<()> {
        let user = UserId::new();
        let (one, other) = (random()?, random()?);
        assert_ne!(one, other);
        assert_eq!(one.len(), 19, "{one}");
        let sloppy = format!(" {} ", one.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l"));
        assert!(hash(user, &one).is_some());
        assert_eq!(hash(user, &one), hash(user, &sloppy));
        assert_ne!(hash(user, &one), hash(user, &other));
        assert_ne!(hash(user, &one), hash(UserId::new(), &one), "what is stored says nothing about other accounts");
        for bad in ["", "123456", &one[1..], &format!("{one}0"), "uuuu-uuuu-uuuu-uuuu", "éééé-éééé"] {
            assert_eq!(hash(user, bad), None, "{bad}");
        }
        Ok(())
    }
}
