//! Writing tokens by hand, with the server's own key or with any other.

use aws_lc_rs::{
    digest, hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hyvve_domain::seal::{Place, Sealer};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{Connection, PgConnection, Row};

use crate::support::TestApp;

/// What the servers under test seal with.
const ENCRYPTION_KEY: [u8; 32] = [0xaa; 32];

/// Somebody who has a key.
pub(super) struct Forge {
    pub(super) kid: String,
    pub(super) key: RsaKeyPair,
}

impl Forge {
    /// With the key that the server signs with, taken from its database.
    pub(super) async fn of(app: &TestApp) -> Self {
        let mut conn = PgConnection::connect(app.setting("DATABASE_SYSTEM_URL")).await.unwrap();
        let row = sqlx::query("SELECT kid, private_key FROM signing_keys ORDER BY not_before").fetch_one(&mut conn);
        let row = row.await.unwrap();
        let (kid, sealed): (String, Vec<u8>) = (row.get(0), row.get(1));
        let sealer = Sealer::new([(1, ENCRYPTION_KEY.as_slice())]).unwrap();
        let opened = sealer.open(Place::SigningKey(&kid), &sealed).unwrap();
        let der = STANDARD.decode(opened.expose_secret()).unwrap();
        Self { kid, key: RsaKeyPair::from_pkcs8(&der).unwrap() }
    }

    /// With a key that the server has never seen, under its right name.
    pub(super) fn of_a_stranger() -> Self {
        let key = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa3072).unwrap();
        Self { kid: b64(digest::digest(&digest::SHA256, key.public_key().as_ref())), key }
    }

    /// A token of exactly this text, signed with RSA.
    pub(super) fn sign(&self, header: &str, claims: &str, how: &'static dyn RsaEncoding) -> String {
        let text = format!("{}.{}", b64(header), b64(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(how, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", b64(signature))
    }

    /// The public half as others publish it: PEM, its DER, and PKCS #1.
    pub(super) fn public(&self) -> [Vec<u8>; 3] {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der().unwrap();
        let body = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
        [pem.into_bytes(), der.as_ref().to_vec(), self.key.public_key().as_ref().to_vec()]
    }
}

/// A token that is signed with a secret.
pub(super) fn sign_with_secret(header: &str, claims: &str, how: hmac::Algorithm, secret: &[u8]) -> String {
    let text = format!("{}.{}", b64(header), b64(claims));
    let tag = hmac::sign(&hmac::Key::new(how, secret), text.as_bytes());
    format!("{text}.{}", b64(tag))
}

/// A token that is signed with a fresh key on an elliptic curve.
pub(super) fn sign_on_a_curve(header: &str, claims: &str, edwards: bool) -> String {
    let text = format!("{}.{}", b64(header), b64(claims));
    if edwards {
        let key = Ed25519KeyPair::generate().unwrap();
        return format!("{text}.{}", b64(key.sign(text.as_bytes())));
    }
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    format!("{text}.{}", b64(key.sign(&SystemRandom::new(), text.as_bytes()).unwrap()))
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn header_of(token: &str) -> Value {
    part(token, 0)
}

pub(super) fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
