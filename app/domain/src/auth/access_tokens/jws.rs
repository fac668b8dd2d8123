//! The compact form of a token (RFC 7515): three parts, one algorithm, one type.
//!
//! What a header may say is what we write: `alg`, `typ` and `kid`, once each. A token that brings a key along, names the
//! address of one, or wants something understood that we do not know is refused before any arithmetic.

use aws_lc_rs::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};

use super::{
    Claims,
    keys::{KeyRing, Material},
};
use crate::{Error, Result, Timestamp};

/// The type of an access token (RFC 9068): no other JWT of anybody's is taken for one.
pub const TYPE: &str = "at+jwt";
const ALGORITHM: &str = "RS256";
/// No token of ours is longer: it has some 800 bytes, and as many more for a long address of the installation.
const LENGTH_MAX: usize = 4096;
/// How far clocks of several nodes may be apart, in seconds.
const LEEWAY: u64 = 5;
/// No token of ours lasts longer, whatever the settings say: an hour.
pub const LIFETIME_MAX: u64 = 3600;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Why a token is not accepted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It is no token of our kind.
    #[error("it has not the form of an access token: {0}")]
    Form(&'static str),
    /// Its key is not known here, or is not used any more.
    #[error("its key is unknown")]
    UnknownKey,
    /// Its signature, issuer, audience or time does not pass.
    #[error("it does not pass: {0}")]
    Claims(String),
    /// Its session or key has ended.
    #[error("its session or key has ended")]
    Over,
    /// Its session or key is somebody else's.
    #[error("its session or key is somebody else's")]
    Foreign,
}

/// Writes and signs a token.
pub(super) fn sign(key: &Material, claims: &Claims) -> Result<String> {
    let header = Header { alg: ALGORITHM.to_owned(), typ: TYPE.to_owned(), kid: key.kid().to_owned() };
    let mut token = format!("{}.{}", part(&header)?, part(claims)?);
    let signer = key.signs.as_ref().ok_or_else(|| Error::internal("a key that cannot sign was to sign"))?;
    let mut signature = vec![0; signer.public_modulus_len()];
    signer
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
        .map_err(|_| Error::internal("an access token could not be signed"))?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Reads a token that one of the ring's keys signed, for the installation at `address`.
pub(super) fn verify(ring: &KeyRing, token: &str, address: &str, now: Timestamp) -> Result<Claims, Refusal> {
    if token.len() > LENGTH_MAX {
        return Err(Refusal::Form("it is too long"));
    }
    let [header, _, _] = *token.split('.').collect::<Vec<_>>() else {
        return Err(Refusal::Form("it has not three parts"));
    };
    let header = URL_SAFE_NO_PAD.decode(header).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let Header { alg, typ, kid } = header.ok_or(Refusal::Form("its header"))?;
    if alg != ALGORITHM || typ != TYPE {
        return Err(Refusal::Form("its algorithm or type"));
    }
    // What is not a thumbprint is no key's name, and is not worth a look into the database.
    if !matches!(URL_SAFE_NO_PAD.decode(&kid), Ok(hash) if hash.len() == 32) {
        return Err(Refusal::Form("its key's name"));
    }
    let key = ring.find(&kid, now).ok_or(Refusal::UnknownKey)?;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.verifies, &expected(address));
    let claims = decoded.map_err(|error| Refusal::Claims(error.to_string()))?.claims;
    let lifetime = claims.exp.saturating_sub(claims.iat);
    if claims.iat > claims.nbf || claims.nbf >= claims.exp || lifetime > LIFETIME_MAX {
        return Err(Refusal::Claims("its times are in no order that we write".to_owned()));
    }
    Ok(claims)
}

fn expected(address: &str) -> Validation {
    let mut expected = Validation::new(Algorithm::RS256);
    expected.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
    expected.set_issuer(&[address]);
    expected.set_audience(&[address]);
    expected.validate_nbf = true;
    expected.leeway = LEEWAY;
    expected
}

fn part<T: Serialize>(value: &T) -> Result<String> {
    let json = serde_json::to_vec(value).map_err(|e| Error::internal(format!("a part of an access token: {e}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
