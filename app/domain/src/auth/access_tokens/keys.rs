//! The keys that sign access tokens: made, published, followed by others, and forgotten.
//!
//! Each node holds all of them in memory, so that reading a token asks nobody. A key stands in the published set for
//! `signing_lead` before it signs: by then every node has it, and so has whoever else checks our tokens and keeps the set for
//! as long as it may. It is not used for signing once the next one begins to be, and is accepted until the last token that it
//! signed has expired. So a rotation refuses nothing that was valid a moment before.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{KeyPair as _, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{Mutex, MutexGuard},
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};

use super::keys_store::{self as store, Row};
use crate::{
    Error, Result, Timestamp,
    db::SystemTx,
    seal::Place,
    services::{Services, Settings},
};

/// How often the keys are looked at, at most and at least: often enough that a new one is known everywhere before it signs.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// For how long others may keep the published set, at most.
const KEPT_MAX: Duration = Duration::from_mins(5);
/// An unknown key is looked for in the database at most this often, whoever asks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A key is accepted for so much longer than its last token can last: clocks differ, and a node learns late that another key
/// signs.
const GRACE: Duration = Duration::from_mins(5);

/// A key's two halves.
pub(super) struct Material {
    public: Jwk,
    /// Checks signatures.
    pub(super) verifies: DecodingKey,
    /// Signs. `None` where the key that sealed it is not configured here.
    pub(super) signs: Option<RsaKeyPair>,
}

/// A key with its times.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) material: Arc<Material>,
    /// From when it signs.
    not_before: Timestamp,
    /// From when nothing that it signed is accepted, once that is known.
    pub(super) retire_at: Option<Timestamp>,
}

/// The keys, as this node knows them.
#[derive(Default)]
pub struct KeyRing {
    /// The first to sign first.
    keys: RwLock<Arc<[Key]>>,
    /// Held while the database is read.
    reading: Mutex<Option<Reading>>,
}

/// The last time that the keys were read.
struct Reading {
    began: Instant,
    /// Nothing while it lasts, or where whoever read went away in the middle.
    came: Option<Result<()>>,
}

/// A key that was made just now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// Its name in tokens.
    pub kid: String,
    /// From when it signs.
    pub not_before: Timestamp,
}

/// A key as whoever runs the server sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its name in tokens.
    pub kid: String,
    /// From when it signs.
    pub not_before: Timestamp,
    /// From when nothing that it signed is accepted, once that is known.
    pub retire_at: Option<Timestamp>,
    /// It is the one that signs now.
    pub signs: bool,
}

impl Material {
    pub(super) fn kid(&self) -> &str {
        self.public.common.key_id.as_deref().unwrap_or_default()
    }
}

impl Key {
    fn is_accepted(&self, now: Timestamp) -> bool {
        self.retire_at.is_none_or(|at| now < at)
    }
}

impl KeyRing {
    fn all(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key of that name, while tokens of it are accepted. One that is published and does not sign yet is known as well:
    /// another node's clock may be ahead.
    pub(super) fn find(&self, kid: &str, now: Timestamp) -> Option<Arc<Material>> {
        let keys = self.all();
        let key = keys.iter().find(|key| key.material.kid() == kid && key.is_accepted(now))?;
        Some(Arc::clone(&key.material))
    }

    /// The key that signs: the last one that has begun to. Where none has, as with the very first key and a clock that is
    /// late, the first.
    fn signer(&self, now: Timestamp) -> Option<Key> {
        let keys = self.all();
        let mut able = keys.iter().filter(|key| key.is_accepted(now) && key.material.signs.is_some());
        let begun = able.clone().rfind(|key| key.not_before <= now);
        begun.or_else(|| able.next()).cloned()
    }

    /// In how long a new key is to sign, if one is due.
    fn due(&self, now: Timestamp, settings: &Settings) -> Option<Duration> {
        if self.signer(now).is_none() {
            return Some(Duration::ZERO);
        }
        let keys = self.all();
        let ends = keys.last()?.not_before.plus(settings.signing_key);
        (ends <= now.plus(settings.signing_lead)).then_some(settings.signing_lead)
    }

    /// Takes in what the database holds. A key that is known already is not opened again: that takes a while.
    fn take_in(&self, s: &Services, rows: Vec<Row>) -> Result<()> {
        let known = self.all();
        let keep = |row: Row| {
            let before = known.iter().find(|key| key.material.kid() == row.kid);
            let (not_before, retire_at) = (row.not_before, row.retire_at);
            let material = match before {
                Some(key) => Arc::clone(&key.material),
                None => Arc::new(Material::open(s, row)?),
            };
            Ok(Key { material, not_before, retire_at })
        };
        let keys: Arc<[Key]> = rows.into_iter().map(keep).collect::<Result<_>>()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

impl Material {
    fn open(s: &Services, row: Row) -> Result<Self> {
        let public = row.public_jwk.0;
        let verifies = DecodingKey::from_jwk(&public).map_err(|e| Error::internal(format!("a public key: {e}")))?;
        let signs = s.sealer.open(Place::SigningKey(&row.kid), &row.private_key).ok().and_then(|pkcs8| {
            let der = STANDARD.decode(pkcs8.expose_secret()).ok()?;
            RsaKeyPair::from_pkcs8(&der).ok()
        });
        Ok(Self { public, verifies, signs })
    }
}

/// A key pair that nobody knows yet: RSA with 3072 bits, as strong as AES-128 (NIST SP 800-57).
async fn generate() -> Result<(Jwk, SecretString)> {
    let failed = |what: &str| Error::internal(format!("a new signing key: {what}"));
    let making = spawn_blocking(|| RsaKeyPair::generate(KeySize::Rsa3072));
    let pair = making.await.map_err(|_| failed("its making broke off"))?.map_err(|_| failed("it was not made"))?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed("it cannot be written"))?;
    let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
    let mut public = Jwk::from_decoding_key(&public, Some(Algorithm::RS256)).map_err(|e| failed(&e.to_string()))?;
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).map_err(|e| failed(&e.to_string()))?);
    Ok((public, SecretString::from(STANDARD.encode(der.as_ref()))))
}

/// The key that signs now. The first one ever is made on the way.
pub(super) async fn signer(s: &Services, now: Timestamp) -> Result<Key> {
    if let Some(key) = s.signing_keys.signer(now) {
        return Ok(key);
    }
    tend(s).await?;
    s.signing_keys.signer(Timestamp::now()).ok_or_else(|| Error::internal("no key can sign access tokens"))
}

/// What others check our tokens with, and for how long they may keep it: whoever does knows each key before it signs.
pub async fn published(s: &Services) -> Result<(JwkSet, Duration)> {
    if s.signing_keys.all().is_empty() {
        tend(s).await?;
    }
    let now = Timestamp::now();
    let keys =
        s.signing_keys.all().iter().filter(|key| key.is_accepted(now)).map(|key| key.material.public.clone()).collect();
    Ok((JwkSet { keys }, (s.settings.signing_lead / 3).min(KEPT_MAX)))
}

/// A token names a key that this node does not know. Another node may just have made it, so the database is asked, once for
/// all who wait, and at most once a second. Where it could not answer, nobody can say that the token is no good.
pub(super) async fn look_again(s: &Services) -> Result<()> {
    let asked = Instant::now();
    let mut reading = s.signing_keys.reading.lock().await;
    match &*reading {
        Some(Reading { began, came: Some(came) }) if *began >= asked => return came.clone(),
        Some(Reading { began, .. }) => sleep_until(*began + LOOK_AGAIN).await,
        None => {}
    }
    load(s, &mut reading).await
}

async fn load(s: &Services, reading: &mut MutexGuard<'_, Option<Reading>>) -> Result<()> {
    let began = Instant::now();
    **reading = Some(Reading { began, came: None });
    let came = read(s).await;
    **reading = Some(Reading { began, came: Some(came.clone()) });
    came
}

async fn read(s: &Services) -> Result<()> {
    let mut tx = s.db.system("the keys of access tokens").await?;
    let rows = store::all(&mut tx).await?;
    s.signing_keys.take_in(s, rows)
}

/// Takes in what other nodes did, removes keys whose time is over, and makes one when one is due.
pub async fn tend(s: &Services) -> Result<()> {
    let mut reading = s.signing_keys.reading.lock().await;
    load(s, &mut reading).await?;
    let now = Timestamp::now();
    if s.signing_keys.all().iter().any(|key| !key.is_accepted(now)) {
        forget_retired(s).await?;
        load(s, &mut reading).await?;
    }
    if s.signing_keys.due(now, &s.settings).is_none() {
        return Ok(());
    }
    let (public, private) = generate().await?;
    let mut tx = s.db.system("a signing key is due").await?;
    store::lock(&mut tx).await?;
    s.signing_keys.take_in(s, store::all(&mut tx).await?)?;
    // Unless another node has made one meanwhile.
    if let Some(lead) = s.signing_keys.due(Timestamp::now(), &s.settings) {
        let new = add(s, &mut tx, &public, &private, lead).await?;
        tx.commit().await?;
        tracing::info!(kid = new.kid, not_before = %new.not_before, "a new key will sign access tokens");
    }
    load(s, &mut reading).await
}

async fn forget_retired(s: &Services) -> Result<()> {
    let mut tx = s.db.system("signing keys that are over").await?;
    let gone = store::delete_retired(&mut tx).await?;
    tx.commit().await?;
    for kid in gone {
        tracing::info!(kid, "a retired signing key was removed");
    }
    Ok(())
}

/// Makes a key that follows the present one, as `hyvve keys rotate` asks. What was signed before stays good.
pub async fn rotate(s: &Services) -> Result<NewKey> {
    let (public, private) = generate().await?;
    let mut tx = s.db.system("signing keys are rotated by command").await?;
    store::lock(&mut tx).await?;
    let lead = if store::all(&mut tx).await?.is_empty() { Duration::ZERO } else { s.settings.signing_lead };
    let new = add(s, &mut tx, &public, &private, lead).await?;
    tx.commit().await?;
    tracing::info!(kid = new.kid, not_before = %new.not_before, "signing keys were rotated by command");
    Ok(new)
}

/// Removes every key and makes one that signs at once: for when a key may have come into wrong hands. Tokens that were signed
/// before are refused from now on, by other nodes within ten seconds.
pub async fn replace(s: &Services) -> Result<NewKey> {
    let (public, private) = generate().await?;
    let mut tx = s.db.system("signing keys are replaced by command").await?;
    store::lock(&mut tx).await?;
    let gone = store::delete_all(&mut tx).await?.len();
    let new = add(s, &mut tx, &public, &private, Duration::ZERO).await?;
    tx.commit().await?;
    tracing::warn!(kid = new.kid, gone, "signing keys were replaced by command; tokens that they signed are refused");
    Ok(new)
}

/// All keys, the first to sign first.
pub async fn list(s: &Services) -> Result<Vec<Listed>> {
    load(s, &mut s.signing_keys.reading.lock().await).await?;
    let signer = s.signing_keys.signer(Timestamp::now());
    let keys = s.signing_keys.all();
    Ok(keys
        .iter()
        .map(|key| Listed {
            kid: key.material.kid().to_owned(),
            not_before: key.not_before,
            retire_at: key.retire_at,
            signs: signer.as_ref().is_some_and(|signer| Arc::ptr_eq(&signer.material, &key.material)),
        })
        .collect())
}

async fn add(s: &Services, tx: &mut SystemTx, public: &Jwk, private: &SecretString, lead: Duration) -> Result<NewKey> {
    let kid = public.common.key_id.clone().unwrap_or_default();
    let sealed = s.sealer.seal(Place::SigningKey(&kid), private)?;
    let not_before = store::insert(tx, &kid, public, &sealed, lead).await?;
    store::retire_others(tx, &kid, not_before.plus(s.settings.access_token).plus(GRACE)).await?;
    Ok(NewKey { kid, not_before })
}

/// The very first key is made when somebody first asks for a token, or for the keys: many a server never has to.
async fn tend_those_there_are(s: &Services) -> Result<()> {
    load(s, &mut s.signing_keys.reading.lock().await).await?;
    if s.signing_keys.all().is_empty() { Ok(()) } else { tend(s).await }
}

/// A worker: looks after the keys.
pub async fn work(s: Services) {
    let every = (s.settings.signing_lead / 4).clamp(LOOKS.0, LOOKS.1);
    loop {
        if let Err(error) = tend_those_there_are(&s).await {
            tracing::warn!(error.message = %error, "signing keys were not looked after; trying again");
        }
        sleep(every).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring of keys by when they begin to sign and when they retire, in minutes from now.
    fn ring(times: &[(i64, Option<i64>)]) -> Result<KeyRing, Box<dyn std::error::Error>> {
        let key = |(number, (not_before, retire_at)): (usize, &(i64, Option<i64>))| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            let verifies = DecodingKey::from_rsa_der(pair.public_key().as_ref());
            let mut public = Jwk::from_decoding_key(&verifies, None)?;
            public.common.key_id = Some(number.to_string());
            let material = Arc::new(Material { public, verifies, signs: Some(pair) });
            Ok(Key { material, not_before: minutes(*not_before), retire_at: retire_at.map(minutes) })
        };
        let keys: Result<Arc<[Key]>, Box<dyn std::error::Error>> = times.iter().enumerate().map(key).collect();
        Ok(KeyRing { keys: RwLock::new(keys?), reading: Mutex::default() })
    }

    fn minutes(from_now: i64) -> Timestamp {
        Timestamp(Timestamp::now().0 + time::Duration::minutes(from_now))
    }

    fn signs(ring: &KeyRing, at: i64) -> Option<String> {
        ring.signer(minutes(at)).map(|key| key.material.kid().to_owned())
    }

    #[test]
    fn a_key_signs_until_the_next_one_does_and_is_accepted_for_longer() -> Result<(), Box<dyn std::error::Error>> {
        let ring = ring(&[(0, Some(40)), (25, Some(65)), (50, None)])?;
        for (at, kid) in [(-1, "0"), (1, "0"), (24, "0"), (26, "1"), (49, "1"), (51, "2"), (100, "2")] {
            assert_eq!(signs(&ring, at).as_deref(), Some(kid), "after {at} minutes");
        }
        for (at, accepted) in [(1, [true, true, true]), (41, [false, true, true]), (66, [false, false, true])] {
            assert_eq!(
                ["0", "1", "2"].map(|kid| ring.find(kid, minutes(at)).is_some()),
                accepted,
                "after {at} minutes"
            );
        }
        assert!(ring.find("../0", minutes(1)).is_none());
        Ok(())
    }

    #[test]
    fn a_key_is_made_in_time_to_be_published_before_it_signs() -> Result<(), Box<dyn std::error::Error>> {
        let settings = Settings { signing_key: Duration::from_hours(1), ..Settings::default() };
        let lead = Some(settings.signing_lead);
        let due = |ring: &KeyRing, at| ring.due(minutes(at), &settings);
        assert_eq!(due(&ring(&[])?, 0), Some(Duration::ZERO), "the first one signs at once");
        assert_eq!(due(&ring(&[(0, Some(10))])?, 11), Some(Duration::ZERO), "nothing else can sign");
        let one = ring(&[(0, None)])?;
        assert_eq!([1, 44, 46, 500].map(|at| due(&one, at)), [None, None, lead, lead]);
        let followed = ring(&[(0, Some(80)), (60, None)])?;
        assert_eq!([46, 61, 104, 106].map(|at| due(&followed, at)), [None, None, None, lead]);
        Ok(())
    }
}
