//! What opens where, and what does not.

use std::{
    collections::{BTreeSet, HashSet},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{DataKey, HEADER, NONCE, Place, Sealer, TwoKeys};
use crate::{
    Code, Error, Result,
    ids::{ProviderId, UserId, WorkspaceId},
};

#[test]
fn a_sealed_value_opens_only_in_its_place_and_survives_rotation() -> Result<(), Box<dyn std::error::Error>> {
    let old = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
    let rotated = Sealer::new([(2, [8u8; 32].as_slice()), (1, [7u8; 32].as_slice())]).ok_or("key")?;
    let (workspace, provider) = (WorkspaceId::new(), ProviderId::new());
    let place = Place::ProviderKey { workspace, provider, purpose: "https://a.example" };
    let sealed = old.seal(place, &SecretString::from("sk-secret"))?;
    assert!(!sealed.windows(9).any(|w| w == b"sk-secret"));
    assert_eq!(rotated.open(place, &sealed)?.expose_secret(), "sk-secret");
    assert!(old.open(Place::ProviderKey { workspace, provider, purpose: "https://b.example" }, &sealed).is_err());
    assert!(
        old.open(Place::ProviderKey { workspace: WorkspaceId::new(), provider, purpose: "https://a.example" }, &sealed)
            .is_err()
    );
    assert!(old.open(place, &rotated.seal(place, &SecretString::from("x"))?).is_err());
    for n in 0..sealed.len() {
        assert!(old.open(place, &sealed[..n]).is_err());
    }
    Ok(())
}

#[test]
fn a_mac_is_recognised_for_its_purpose_and_survives_rotation() -> Result<(), Box<dyn std::error::Error>> {
    let old = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
    let rotated = Sealer::new([(2, [8u8; 32].as_slice()), (1, [7u8; 32].as_slice())]).ok_or("key")?;
    let other = Sealer::new([(1, [9u8; 32].as_slice())]).ok_or("key")?;
    let mac = old.mac("device", b"ada");
    assert!(old.is_mac("device", b"ada", &mac) && rotated.is_mac("device", b"ada", &mac));
    assert_ne!(rotated.mac("device", b"ada"), mac, "the newest key vouches");
    assert!(!old.is_mac("device", b"eve", &mac) && !old.is_mac("limits", b"ada", &mac));
    assert!(!other.is_mac("device", b"ada", &mac) && !old.is_mac("device", b"ada", &mac[..31]));
    Ok(())
}

#[test]
fn a_key_that_was_learnt_opens_seals_when_told_to_and_opens_nothing_once_retired()
-> Result<(), Box<dyn std::error::Error>> {
    let (one, two) = ([7u8; 32], [8u8; 32]);
    let sealer = Sealer::new([(1, one.as_slice())]).ok_or("key")?;
    let place = Place::Authenticator(UserId(Uuid::nil()));
    let old = sealer.seal(place, &SecretString::from("x"))?;
    let later = Instant::now() + Duration::from_hours(1);
    assert!(!sealer.seal_with(2, BTreeSet::new(), later), "not known yet");
    assert_eq!(sealer.learn([(1, two.as_slice())]), Err(TwoKeys(1)));
    sealer.learn([(1, one.as_slice()), (2, two.as_slice())])?;
    assert_eq!(sealer.seals(), 1, "a new key does not seal by itself");
    assert!(sealer.seal_with(2, BTreeSet::new(), later));
    let new = sealer.again(place, &old)?;
    assert!(new.starts_with(&sealer.prefix()) && !old.starts_with(&sealer.prefix()));
    let mac = Sealer::new([(1, one.as_slice())]).ok_or("key")?.mac("device", b"ada");
    assert!(sealer.open(place, &old).is_ok() && sealer.open(place, &new).is_ok());
    assert!(sealer.seal_with(2, [1].into(), later));
    assert!(sealer.open(place, &old).is_err() && sealer.open(place, &new).is_ok());
    // Who has not asked for too long may be the last one to believe that it seals.
    assert!(sealer.seal_with(2, [1].into(), Instant::now()));
    std::thread::sleep(Duration::from_millis(2));
    assert!(sealer.seal(place, &SecretString::from("x")).is_err_and(|e| e.code == Code::Unavailable));
    assert!(sealer.open(place, &new).is_ok());
    assert!(sealer.is_mac("device", b"ada", &mac));
    Ok(())
}

#[test]
fn what_a_data_key_sealed_opens_for_its_workspace_provider_purpose_and_version_only() -> Result<()> {
    let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or_else(Error::unauthorized)?;
    let workspaces = [WorkspaceId::new(), WorkspaceId::new()];
    let providers = [ProviderId::new(), ProviderId::new()];
    let purposes = ["api key for https://a.example", "api key for https://b.example"];
    let mut kept = Vec::new();
    for workspace in workspaces {
        for version in [1, 2] {
            kept.push((workspace, version, sealer.make_data_key(workspace, version)?.1));
        }
    }
    let mut values = Vec::new();
    for (workspace, version, key) in &kept {
        for provider in providers {
            for purpose in purposes {
                let key = sealer.open_data_key(*workspace, *version, key)?;
                let sealed = key.seal(provider, purpose, &SecretString::from("sk"))?;
                assert_eq!(DataKey::version_of(&sealed), Some(*version));
                values.push(((*workspace, *version, provider, purpose), sealed));
            }
        }
    }
    // Every value in every other's place, and with every key in every other's place.
    let mut opened = 0;
    for (from, sealed) in &values {
        for (at, _) in &values {
            for (_, _, key) in &kept {
                let (workspace, version, provider, purpose) = *at;
                let Ok(key) = sealer.open_data_key(workspace, version, key) else { continue };
                let came = key.open(provider, purpose, sealed);
                assert_eq!(came.is_ok(), from == at, "{from:?} in the place of {at:?}");
                opened += usize::from(came.is_ok());
                let legacy = Place::ProviderKey { workspace, provider, purpose };
                assert!(sealer.open(legacy, sealed).is_err());
            }
        }
    }
    assert_eq!(opened, values.len());
    // Nor with a byte of it changed, or cut off.
    let ((workspace, version, provider, purpose), sealed) = &values[0];
    let key = sealer.open_data_key(*workspace, *version, &kept[0].2)?;
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key.open(*provider, purpose, &changed).is_err(), "byte {at}");
        assert!(key.open(*provider, purpose, &sealed[..at]).is_err(), "{at} bytes");
    }
    Ok(())
}

/// `HYVVE_TEST_SEALINGS=1000000` looks for longer.
#[test]
fn no_nonce_comes_twice() -> Result<(), Box<dyn std::error::Error>> {
    let sealings: usize = std::env::var("HYVVE_TEST_SEALINGS").map_or(Ok(20_000), |text| text.parse())?;
    let sealer = Sealer::new([(1, [7u8; 32].as_slice())]).ok_or("key")?;
    let (key, _) = sealer.make_data_key(WorkspaceId::new(), 1)?;
    let (provider, secret) = (ProviderId::new(), SecretString::from("sk"));
    let place = Place::Authenticator(UserId(Uuid::nil()));
    let mut seen = HashSet::with_capacity(2 * sealings);
    for _ in 0..sealings {
        for sealed in [key.seal(provider, "p", &secret)?, sealer.seal(place, &secret)?] {
            let nonce: [u8; NONCE] = sealed[HEADER..HEADER + NONCE].try_into()?;
            assert!(seen.insert(nonce), "{nonce:?} came twice");
        }
    }
    assert_eq!(seen.len(), 2 * sealings);
    Ok(())
}
