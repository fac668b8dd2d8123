//! Tokens that are not quite what was minted. Many are signed with the server's own key: that it was used is not enough.

use aws_lc_rs::{
    hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512},
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256},
};
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};

use super::{
    forge::{Forge, b64, claims_of, header_of, sign_on_a_curve, sign_with_secret},
    join, mint, person,
};
use crate::support::{Caller, Reply, TestApp};

/// What nobody has.
const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";
/// So many at least, whoever shortens the lists.
const ENOUGH: usize = 100;

/// A good token, and somebody who alters it.
struct Bench {
    forge: Forge,
    stranger: Forge,
    good: String,
    header: Value,
    claims: Value,
    made: Vec<(String, String)>,
}

impl Bench {
    fn new(forge: Forge, good: String) -> Self {
        let (header, claims) = (header_of(&good), claims_of(&good));
        Self { forge, stranger: Forge::of_a_stranger(), good, header, claims, made: Vec::new() }
    }

    fn add(&mut self, what: impl Into<String>, token: String) {
        self.made.push((what.into(), token));
    }

    /// Signed as it should be, with one thing in the header changed; `null` takes it away.
    fn header(&mut self, name: &str, value: Value) {
        let token = self.signed(&with(&self.header, name, &value), &self.claims);
        self.add(format!("header {name} = {value:.60}"), token);
    }

    /// Signed as it should be, with one claim changed; `null` takes it away.
    fn claim(&mut self, name: &str, value: Value) {
        let token = self.signed(&self.header, &with(&self.claims, name, &value));
        self.add(format!("claim {name} = {value:.60}"), token);
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        self.forge.sign(&header.to_string(), &claims.to_string(), &RSA_PKCS1_SHA256)
    }

    /// The good token's header with another algorithm, and its claims.
    fn of_algorithm(&self, algorithm: &str) -> (String, String) {
        (with(&self.header, "alg", &json!(algorithm)).to_string(), self.claims.to_string())
    }

    fn other_algorithms(&mut self) {
        let signature = self.good.rsplit('.').next().unwrap().to_owned();
        for none in ["none", "None", "NONE", "nOnE", ""] {
            let (header, claims) = self.of_algorithm(none);
            let unsigned = format!("{}.{}.", b64(header), b64(claims));
            self.add(format!("algorithm {none:?}, signature kept"), format!("{unsigned}{signature}"));
            self.add(format!("algorithm {none:?}"), unsigned);
        }
        let [pem, der, pkcs1] = self.forge.public();
        let n = b64(&pkcs1);
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB" }).to_string();
        let secrets: [(&str, &[u8]); 6] = [
            ("the PEM", &pem),
            ("the PEM without its last line end", pem.trim_ascii_end()),
            ("the DER", &der),
            ("PKCS #1", &pkcs1),
            ("the JWK", jwk.as_bytes()),
            ("nothing", b""),
        ];
        for (name, how) in [("HS256", HMAC_SHA256), ("HS384", HMAC_SHA384), ("HS512", HMAC_SHA512)] {
            for (what, secret) in secrets {
                let (header, claims) = self.of_algorithm(name);
                self.made.push((format!("{name} with {what}"), sign_with_secret(&header, &claims, how, secret)));
            }
        }
        let (header, claims) = self.of_algorithm("RS384");
        self.add("RS384", self.forge.sign(&header, &claims, &RSA_PKCS1_SHA384));
        let (header, claims) = self.of_algorithm("RS512");
        self.add("RS512", self.forge.sign(&header, &claims, &RSA_PKCS1_SHA512));
        let (header, claims) = self.of_algorithm("PS256");
        self.add("PS256", self.forge.sign(&header, &claims, &RSA_PSS_SHA256));
        let (header, claims) = self.of_algorithm("RS256");
        self.add("RS256 that is PS256", self.forge.sign(&header, &claims, &RSA_PSS_SHA256));
        let (header, claims) = self.of_algorithm("ES256");
        self.add("ES256", sign_on_a_curve(&header, &claims, false));
        let (header, claims) = self.of_algorithm("EdDSA");
        self.add("EdDSA", sign_on_a_curve(&header, &claims, true));
        for name in ["rs256", "RS256 ", "RSA", "RS1"] {
            self.header("alg", json!(name));
        }
        self.header("alg", json!(["RS256"]));
        self.header("alg", Value::Null);
    }

    fn other_headers(&mut self) {
        let longest = "a".repeat(2000);
        for kid in ["../../etc/passwd", "/dev/null", "' OR 1=1 --", "http://evil.example/key", "", &longest, "%00"] {
            self.header("kid", json!(kid));
        }
        let lower = self.forge.kid.to_lowercase();
        self.header("kid", json!(lower));
        self.header("kid", json!(1));
        self.header("kid", json!([self.forge.kid]));
        self.header("kid", Value::Null);
        for name in ["jku", "x5u"] {
            self.header(name, json!("https://evil.example/keys.json"));
        }
        let [_, der, pkcs1] = self.stranger.public();
        self.header("x5c", json!([b64(&der)]));
        self.header("crit", json!(["exp"]));
        self.header("crit", json!([]));
        self.header("b64", json!(true));
        self.header("zip", json!("DEF"));
        self.header("cty", json!("JWT"));
        for typ in ["JWT", "jwt", "id_token+jwt", "AT+JWT", "application/at+jwt", "logout+jwt"] {
            self.header("typ", json!(typ));
        }
        self.header("typ", Value::Null);
        // A key that comes along, under its own name and under ours.
        let jwk = json!({ "kty": "RSA", "alg": "RS256", "kid": self.stranger.kid, "n": b64(&pkcs1), "e": "AQAB" });
        let header = with(&self.header, "jwk", &jwk);
        let claims = self.claims.to_string();
        self.add("a key in the header", self.stranger.sign(&header.to_string(), &claims, &RSA_PKCS1_SHA256));
        let header = with(&header, "kid", &json!(self.stranger.kid)).to_string();
        self.add("a named key in the header", self.stranger.sign(&header, &claims, &RSA_PKCS1_SHA256));
        self.add("no header", self.forge.sign("null", &claims, &RSA_PKCS1_SHA256));
        self.add("a list as header", self.forge.sign("[]", &claims, &RSA_PKCS1_SHA256));
        let twice = self.header.to_string().replacen('{', "{\"alg\":\"RS256\",", 1);
        self.add("the algorithm twice", self.forge.sign(&twice, &claims, &RSA_PKCS1_SHA256));
    }

    fn other_keys(&mut self) {
        let (header, claims) = (self.header.to_string(), self.claims.to_string());
        self.add("a stranger's key under our name", self.stranger.sign(&header, &claims, &RSA_PKCS1_SHA256));
        let named = with(&self.header, "kid", &json!(self.stranger.kid)).to_string();
        self.add("a key that was never published", self.stranger.sign(&named, &claims, &RSA_PKCS1_SHA256));
        self.add("our key under a name that nobody has", self.forge.sign(&named, &claims, &RSA_PKCS1_SHA256));
    }

    fn other_claims(&mut self) {
        let iss = self.claims["iss"].as_str().unwrap().to_owned();
        let iat = self.claims["iat"].as_u64().unwrap();
        for value in [json!("http://evil.example"), json!(""), json!([&iss]), json!([&iss, "x"]), json!([]), json!({})]
        {
            self.claim("aud", value.clone());
            self.claim("iss", value);
        }
        self.claim("iss", json!(format!("{iss}/")));
        for name in ["aud", "iss", "sub", "workspace_id", "sid", "iat", "nbf", "exp", "jti"] {
            self.claim(name, Value::Null);
        }
        for value in [
            json!(iat - 60),
            json!(0),
            json!(-1),
            json!((iat + 600).to_string()),
            json!(iat as f64 + 600.5),
            json!(iat + 3601),
            json!(1_000_000_000_000_000_000_u64),
            json!(u64::MAX),
            json!(1e300),
            json!([iat + 600]),
            json!(true),
        ] {
            self.claim("exp", value);
        }
        self.claim("nbf", json!(iat + 300));
        self.claim("nbf", json!((iat - 1).to_string()));
        self.claim("iat", json!(iat + 300));
        self.claim("iat", json!(-1));
        self.claim("jti", json!("not an id"));
        self.claim("sub", json!("not an id"));
        self.claim("sub", json!(NOBODYS));
        self.claim("sid", json!(NOBODYS));
        self.claim("role", json!("owner"));
        self.claim("scope", json!("admin"));
        let expired = with(&with(&self.claims, "iat", &json!(iat - 700)), "nbf", &json!(iat - 700));
        let expired = self.signed(&self.header, &with(&expired, "exp", &json!(iat - 100)));
        self.add("expired", expired);
        let text = self.claims.to_string();
        for (what, claims) in [
            ("the end twice", text.replacen('{', &format!("{{\"exp\":{},", iat + 900), 1)),
            ("the person twice", text.replacen('{', &format!("{{\"sub\":\"{NOBODYS}\","), 1)),
            ("a list", format!("[{text}]")),
            ("text", "\"claims\"".to_owned()),
            ("nothing", String::new()),
            ("half of it", text[..text.len() / 2].to_owned()),
            ("something behind it", format!("{text}{{}}")),
        ] {
            let token = self.forge.sign(&self.header.to_string(), &claims, &RSA_PKCS1_SHA256);
            self.add(format!("claims: {what}"), token);
        }
    }

    fn other_texts(&mut self) {
        let good = self.good.clone();
        let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let changed = b64(with(&self.claims, "workspace_id", &json!(NOBODYS)).to_string());
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        for (what, token) in [
            ("changed claims", format!("{header}.{changed}.{signature}")),
            ("a shorter signature", good[..good.len() - 1].to_owned()),
            ("half a signature", good[..good.len() - signature.len() / 2].to_owned()),
            ("a longer signature", format!("{good}A")),
            ("four more bytes of signature", format!("{good}AAAA")),
            ("another signature", format!("{header}.{claims}.{flipped}{}", &signature[1..])),
            ("no signature", format!("{header}.{claims}.")),
            ("a signature of nothing but zeros", format!("{header}.{claims}.{}", "A".repeat(512))),
            ("two parts", format!("{header}.{claims}")),
            ("four parts", format!("{good}.{signature}")),
            ("five parts, as of an encrypted one", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
            ("no header", format!(".{claims}.{signature}")),
            ("no claims", format!("{header}..{signature}")),
            ("nothing but dots", "..".to_owned()),
            ("four dots", "....".to_owned()),
            ("a padded header", format!("{header}=.{claims}.{signature}")),
            ("padded claims", format!("{header}.{claims}==.{signature}")),
            ("a padded signature", format!("{good}==")),
            ("not base64", format!("{header}.{claims}.!{}", &signature[1..])),
            ("the other base64", good.replace('-', "+").replace('_', "/") + "+/"),
            ("a space inside", good.replacen('.', ". ", 1)),
            ("a quoted one", format!("\"{good}\"")),
            ("two with a comma", format!("{good},{good}")),
            ("a very long one", format!("{header}.{}.{signature}", "A".repeat(6000))),
        ] {
            self.add(what, token);
        }
    }
}

/// The object with one member changed, or without it.
fn with(object: &Value, name: &str, value: &Value) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value.clone());
    }
    object
}

async fn status(app: &TestApp, token: &str) -> Reply {
    app.anonymous().with_key(token).get("/api/approvals").await
}

#[tokio::test]
async fn no_altered_token_is_accepted() {
    let app = TestApp::start().await;
    let ada = app.sign_up("Ada").await;
    let good = mint(&ada).await;
    let mut bench = Bench::new(Forge::of(&app).await, good.clone());
    assert_eq!(bench.header["kid"], bench.forge.kid.as_str());
    bench.other_algorithms();
    bench.other_headers();
    bench.other_keys();
    bench.other_claims();
    bench.other_texts();
    assert!(bench.made.len() >= ENOUGH, "only {}", bench.made.len());
    // The forge works: what it makes of the same header and claims is accepted.
    status(&app, &bench.signed(&bench.header, &bench.claims)).await.expect(200);
    let mut accepted = Vec::new();
    for (what, token) in &bench.made {
        let reply = status(&app, token).await;
        if reply.status != 401 || reply.body["error"]["code"] != "UNAUTHORIZED" {
            accepted.push(format!("{what}: {} {}", reply.status, reply.text));
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
    status(&app, &good).await.expect(200);
}

#[tokio::test]
async fn a_token_of_another_installation_is_not_accepted() {
    let settings = [("HYVVE_PUBLIC_URL", "http://hyvve.example")];
    let (app, other) = (TestApp::start_with(&settings).await, TestApp::start_with(&settings).await);
    let (ada, elsewhere) = (app.sign_up("Ada").await, other.sign_up("Ada").await);
    let token = mint(&elsewhere).await;
    status(&other, &token).await.expect(200);
    status(&app, &token).await.expect(401);
    status(&app, &mint(&ada).await).await.expect(200);
}

#[tokio::test]
async fn a_well_signed_token_for_what_is_not_ones_own_opens_nothing() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.sign_up("Ada").await, app.sign_up("Bob").await, app.sign_up("Eve").await);
    join(&ada, &bob, "viewer").await;
    let [ada_is, eve_is] = [person(&ada).await, person(&eve).await];
    let good = mint(&ada).await;
    let bench = Bench::new(Forge::of(&app).await, good.clone());
    let claims = |pairs: &[(&str, &Value)]| {
        let claims = pairs.iter().fold(bench.claims.clone(), |claims, (name, value)| with(&claims, name, value));
        bench.signed(&bench.header, &claims)
    };
    let (her_user, her_session) = (&eve_is["user"]["id"], &eve_is["session"]["id"]);
    let hers = json!(eve.workspace());
    // The session vouches for its own person only.
    status(&app, &claims(&[("sub", her_user)])).await.expect(401);
    status(&app, &claims(&[("sid", her_session)])).await.expect(401);
    status(&app, &claims(&[("sub", her_user), ("workspace_id", &hers)])).await.expect(401);
    // Person and session fit; the workspace is none of theirs, and answers as if it were not there.
    let foreign = status(&app, &claims(&[("workspace_id", &hers)])).await;
    let unknown = status(&app, &claims(&[("workspace_id", &json!(NOBODYS))])).await;
    assert_eq!(foreign.expect(404).without_id(), unknown.expect(404).without_id());
    let intruder = claims(&[("sub", her_user), ("sid", her_session)]);
    status(&app, &intruder).await.expect(404);
    assert_eq!(bench.claims["sub"], ada_is["user"]["id"]);
    status(&app, &good).await.expect(200);
}

#[tokio::test]
async fn a_token_counts_in_its_header_only_and_a_cookie_beside_it_does_not() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let good = mint(&ada).await;
    for name in ["token", "access_token", "authorization", "jwt"] {
        app.anonymous().get(&format!("/api/approvals?{name}={good}")).await.expect(401);
    }
    let sent = |caller: &Caller, value: String| {
        let request = caller.clone().naming_no_workspace().request(Method::GET, "/api/collections");
        Reply::of(request.header(AUTHORIZATION, value))
    };
    // Eve's cookie, Ada's token: it is Ada's workspace.
    let with_cookie = sent(&eve, format!("Bearer {good}")).await;
    let hers = ada.get("/api/collections").await;
    assert_eq!(with_cookie.expect(200).body, hers.expect(200).body);
    for value in [format!("Bearer {good}x"), format!("Basic {good}"), good.clone(), format!("Bearer{good}")] {
        sent(&eve, value).await.expect(401);
    }
    let as_key = app.anonymous().request(Method::GET, "/api/approvals").header("x-api-key", &good);
    Reply::of(as_key).await.expect(401);
    let as_cookie = app.anonymous().with_cookie(&format!("hyvve_session={good}")).get("/api/approvals").await;
    as_cookie.expect(401);
}
