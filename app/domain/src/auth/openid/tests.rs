//! ID tokens that are not what they seem, from a provider of the tests' own: its tokens are whatever a test wants.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{Nonce, RedirectUrl, url::Url};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use super::{
    Provider, Registration,
    provider::{Identity, Secrets},
};
use crate::{Code, Timestamp};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const SECRET: &str = "a-secret-of-the-tests";
const NONCE: &str = "the-nonce-of-this-way";

/// What the provider answers with.
struct Fake {
    issuer: String,
    keys: Mutex<Vec<Value>>,
    token: Mutex<String>,
    discovery: Mutex<Value>,
    asked_for_keys: AtomicUsize,
}

impl Fake {
    async fn start() -> Outcome<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let discovery = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        });
        let fake = Arc::new(Self {
            issuer,
            keys: Mutex::default(),
            token: Mutex::default(),
            discovery: Mutex::new(discovery),
            asked_for_keys: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&fake);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One request per connection, in order: there is one client.
                drop(serving.answer(stream).await);
            }
        });
        Ok(fake)
    }

    async fn answer(&self, mut stream: TcpStream) -> Outcome {
        let mut request = vec![0; 16 << 10];
        let length = stream.read(&mut request).await?;
        let head = String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned();
        let body = match head.split(' ').nth(1).unwrap_or_default() {
            "/.well-known/openid-configuration" => self.discovery.lock().await.clone(),
            "/keys" => {
                self.asked_for_keys.fetch_add(1, Ordering::SeqCst);
                json!({ "keys": *self.keys.lock().await })
            }
            "/token" => json!({
                "access_token": "an-access-token", "token_type": "Bearer", "id_token": *self.token.lock().await,
            }),
            _ => Value::Null,
        };
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        Ok(stream.shutdown().await?)
    }

    fn registered(&self) -> Outcome<Provider> {
        let registration = Registration {
            id: "company".to_owned(),
            name: "The Company".to_owned(),
            issuer: self.issuer.parse()?,
            client_id: "hyvve".to_owned(),
            client_secret: Some(SECRET.into()),
            scopes: Vec::new(),
        };
        Ok(Provider::new(registration, reqwest::Client::new()))
    }

    /// What a good token says.
    fn claims(&self) -> Value {
        let now = Timestamp::now().0.unix_timestamp();
        json!({
            "iss": self.issuer, "sub": "ada", "aud": "hyvve", "iat": now, "exp": now + 60, "nonce": NONCE,
            "email": "ada@example.com", "email_verified": true, "name": "Ada",
        })
    }
}

/// A key of the provider, with its name.
struct Key(&'static str, Ed25519KeyPair);

impl Key {
    fn new(name: &'static str) -> Outcome<Self> {
        Ok(Self(name, Ed25519KeyPair::generate()?))
    }

    fn public(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.1.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.0, "x": x })
    }

    fn sign(&self, claims: &Value) -> String {
        let text = unsigned(&json!({ "alg": "EdDSA", "kid": self.0 }), claims);
        let signature = URL_SAFE_NO_PAD.encode(self.1.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }
}

fn unsigned(head: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What an attacker signs who knows the client's secret, or takes a public key for one.
fn signed_with(secret: &[u8], claims: &Value) -> String {
    let text = unsigned(&json!({ "alg": "HS256", "kid": "one" }), claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

async fn identify(provider: &Provider) -> Outcome<Result<Identity, Code>> {
    let secrets = Secrets { state: "s".to_owned(), nonce: Nonce::new(NONCE.to_owned()), verifier: "v".repeat(43) };
    let redirect = RedirectUrl::new("http://127.0.0.1:1/api/auth/callback/company".to_owned())?;
    Ok(provider.identify("a-code", &redirect, secrets).await.map_err(|e| e.code))
}

#[tokio::test]
async fn a_token_is_believed_that_the_provider_wrote_for_us_and_for_this_way() -> Outcome {
    let (fake, key) = (Fake::start().await?, Key::new("one")?);
    fake.keys.lock().await.push(key.public());
    let provider = fake.registered()?;
    *fake.token.lock().await = key.sign(&fake.claims());
    let ada = Identity {
        subject: "ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        email_verified: true,
        name: Some("Ada".to_owned()),
    };
    assert_eq!(identify(&provider).await?, Ok(ada));

    let with = |field: &str, value: Value| {
        let mut claims = fake.claims();
        claims[field] = value;
        claims
    };
    let now = Timestamp::now().0.unix_timestamp();
    for (what, claims) in [
        ("nonce", with("nonce", json!("another"))),
        ("no nonce", with("nonce", Value::Null)),
        ("audience", with("aud", json!("another"))),
        ("two audiences", with("aud", json!(["hyvve", "another"]))),
        ("authorized party", with("azp", json!("another"))),
        ("issuer", with("iss", json!("https://evil.example"))),
        ("issuer with a slash", with("iss", json!(format!("{}/", fake.issuer)))),
        ("end", with("exp", json!(now - 1))),
        ("no subject", with("sub", Value::Null)),
    ] {
        *fake.token.lock().await = key.sign(&claims);
        assert_eq!(identify(&provider).await?, Err(Code::Unauthorized), "{what}");
    }
    let (good, public) = (fake.claims(), URL_SAFE_NO_PAD.decode(key.public()["x"].as_str().unwrap_or_default())?);
    let mut altered = key.sign(&with("sub", json!("bob")));
    altered.truncate(altered.rfind('.').unwrap_or_default());
    let signature = key.sign(&good).rsplit('.').next().unwrap_or_default().to_owned();
    for (what, token) in [
        ("none", format!("{}.", unsigned(&json!({ "alg": "none" }), &good))),
        ("none with a key", format!("{}.", unsigned(&json!({ "alg": "none", "kid": "one" }), &good))),
        ("our own secret", signed_with(SECRET.as_bytes(), &good)),
        ("a public key as a secret", signed_with(&public, &good)),
        ("altered", format!("{altered}.{signature}")),
        ("another's key of the same name", Key::new("one")?.sign(&good)),
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
    ] {
        *fake.token.lock().await = token;
        assert_eq!(identify(&provider).await?, Err(Code::Unauthorized), "{what}");
    }
    assert_eq!(fake.asked_for_keys.load(Ordering::SeqCst), 1, "none of these has an unknown key");
    Ok(())
}

#[tokio::test]
async fn keys_are_asked_for_again_when_one_is_unknown_and_not_all_the_time() -> Outcome {
    let (fake, old, new) = (Fake::start().await?, Key::new("old")?, Key::new("new")?);
    fake.keys.lock().await.push(old.public());
    let provider = fake.registered()?;
    *fake.token.lock().await = old.sign(&fake.claims());
    assert!(identify(&provider).await?.is_ok());
    provider.forget_when_keys_were_asked_for().await;

    *fake.keys.lock().await = vec![new.public()];
    *fake.token.lock().await = new.sign(&fake.claims());
    assert!(identify(&provider).await?.is_ok());
    assert_eq!(fake.asked_for_keys.load(Ordering::SeqCst), 2);
    // Whoever invents keys does not make us ask the provider each time.
    let invented = Key::new("invented")?;
    *fake.token.lock().await = invented.sign(&fake.claims());
    for _ in 0..10 {
        assert_eq!(identify(&provider).await?, Err(Code::Unauthorized));
    }
    assert_eq!(fake.asked_for_keys.load(Ordering::SeqCst), 2);
    // The old one is not believed any more.
    *fake.token.lock().await = old.sign(&fake.claims());
    assert_eq!(identify(&provider).await?, Err(Code::Unauthorized));
    Ok(())
}

#[tokio::test]
async fn what_a_provider_publishes_has_to_be_its_own_and_safe() -> Outcome {
    for (field, value) in [
        ("issuer", "https://evil.example"),
        ("token_endpoint", "http://evil.example/token"),
        ("jwks_uri", "http://evil.example/keys"),
        ("authorization_endpoint", "javascript:alert(1)"),
    ] {
        let fake = Fake::start().await?;
        fake.discovery.lock().await[field] = json!(value);
        assert_eq!(identify(&fake.registered()?).await?, Err(Code::Unavailable), "{field}");
    }
    let fake = Fake::start().await?;
    let provider = fake.registered()?;
    assert!(provider.leads_to(&Url::parse(&format!("{}/auth?x=1", fake.issuer))?).await?);
    for elsewhere in [format!("{}/other", fake.issuer), "https://evil.example/auth".to_owned()] {
        assert!(!provider.leads_to(&Url::parse(&elsewhere)?).await?, "{elsewhere}");
    }
    Ok(())
}
