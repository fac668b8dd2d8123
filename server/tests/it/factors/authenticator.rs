//! An authenticator of our own: it makes a key pair and signs what it is asked, honestly or not.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The address at which the browser is.
pub(super) const ORIGIN: &str = "http://localhost:4444";

/// A passkey, with everything that a browser adds.
pub(super) struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    handle: Vec<u8>,
    pub(super) counter: u32,
    /// What the browser says where it is.
    pub(super) origin: &'static str,
    /// Whether a finger, a face or a PIN was shown.
    pub(super) verified: bool,
}

impl Authenticator {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        Self { key, id, handle: Vec::new(), counter: 0, origin: ORIGIN, verified: true }
    }

    pub(super) fn id(&self) -> String {
        encoded(&self.id)
    }

    /// Says that it was made for somebody else.
    pub(super) fn pretend(&mut self, other: &Self) {
        self.handle.clone_from(&other.handle);
    }

    /// `navigator.credentials.create`
    pub(super) fn create(&mut self, options: &Value) -> Value {
        self.handle = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let client = self.client_data("webauthn.create", options);
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        // A COSE key: EC2, ES256, P-256.
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let attested = [&[0; 16][..], &length, &self.id, &cose].concat();
        let data = [self.data(options["rp"]["id"].as_str().unwrap(), 0x40), attested].concat();
        let size = u8::try_from(data.len()).unwrap();
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[size], &data].concat();
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": encoded(&client), "attestationObject": encoded(&object), "transports": ["internal"] },
        })
    }

    /// `navigator.credentials.get`
    pub(super) fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let client = self.client_data("webauthn.get", options);
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let signed = [data.as_slice(), digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(&client), "authenticatorData": encoded(&data),
                "signature": encoded(signature.as_ref()), "userHandle": encoded(&self.handle),
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said =
            json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        said.to_string().into_bytes()
    }

    /// Which site, what was shown, how often: §6.1 of the standard.
    fn data(&self, site: &str, more: u8) -> Vec<u8> {
        let flags = 0x01 | if self.verified { 0x04 } else { 0 } | more;
        [digest(&SHA256, site.as_bytes()).as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
