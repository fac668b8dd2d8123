//! Signing in by the word of a real OpenID provider, which runs beside the server under test.

mod arriving;
mod linking;
mod returning;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command, Stdio},
};

use reqwest::{Method, RequestBuilder, header::SET_COOKIE};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::World;
use crate::support::{Caller, Reply};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SOCIAL: &str = "/api/auth/sign-in/social";
const LINK: &str = "/api/auth/link-social";

/// The provider's process; it ends when its standard input does.
struct Provider {
    child: Child,
    issuer: String,
    /// What it goes on to say has to go somewhere.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    async fn start(hyvve: &str) -> Self {
        let mut node = Command::new("node");
        node.args(["end2end/openid-provider.mjs", hyvve]).current_dir(ROOT);
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().expect("node");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let found = spawn_blocking(move || {
            let issuer =
                said.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("issuer ").map(str::to_owned));
            (issuer, said)
        });
        let (issuer, said) = found.await.unwrap();
        let issuer = issuer.expect("an issuer: is oidc-provider installed (npm ci)?");
        Self { child, issuer, _said: said }
    }

    fn stop(&mut self) {
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A server that knows the provider as Google and as a company.
struct Two {
    world: World,
    provider: Provider,
    at: String,
}

impl Two {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let at = format!("http://{address}");
        let provider = Provider::start(&at).await;
        let own = [
            ("HYVVE_ADDRESS", address.as_str()),
            ("HYVVE_OPENID", "google, company"),
            ("HYVVE_OPENID_GOOGLE_NAME", "Google"),
            ("HYVVE_OPENID_GOOGLE_ISSUER", provider.issuer.as_str()),
            ("HYVVE_OPENID_GOOGLE_CLIENT_ID", "hyvve"),
            ("HYVVE_OPENID_GOOGLE_CLIENT_SECRET", "a-secret-of-the-tests"),
            ("HYVVE_OPENID_COMPANY_NAME", "The Company"),
            ("HYVVE_OPENID_COMPANY_ISSUER", provider.issuer.as_str()),
            ("HYVVE_OPENID_COMPANY_CLIENT_ID", "hyvve"),
            ("HYVVE_OPENID_COMPANY_CLIENT_SECRET", "a-secret-of-the-tests"),
        ];
        let settings: Vec<_> = own.into_iter().chain(settings.iter().copied()).collect();
        Self { world: World::with(&settings).await, provider, at }
    }

    async fn new() -> Self {
        Self::with(&[]).await
    }

    fn browser(&self) -> Browser {
        Browser { at: self.at.clone(), http: crate::support::client(), jar: BTreeMap::new() }
    }

    /// Somebody's own browser, with a session of a password.
    fn browser_of(&self, who: &Caller) -> Browser {
        let mut browser = self.browser();
        browser.keep(&self.at, "hyvve_session", who.token());
        browser
    }

    /// Signs in with Google as one of its people; answers what the callback said.
    async fn google(&self, browser: &mut Browser, person: &str) -> Reply {
        let out = browser.out(SOCIAL, json!({ "provider": "google" })).await;
        let back = browser.pick(&out, person).await;
        browser.get(&back).await
    }
}

/// A browser: it keeps cookies, by site, and follows nothing by itself.
#[derive(Clone)]
struct Browser {
    at: String,
    http: reqwest::Client,
    jar: BTreeMap<String, BTreeMap<String, String>>,
}

impl Browser {
    fn keep(&mut self, site: &str, name: &str, value: &str) {
        self.jar.entry(site.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
    }

    /// Scheme and authority.
    fn site(url: &str) -> String {
        url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let pairs = self.jar.get(&Self::site(url)).into_iter().flatten();
        let cookies: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        self.http.request(method, url).header("cookie", cookies.join("; ")).header("accept", "text/html")
    }

    async fn send(&mut self, url: &str, request: RequestBuilder) -> Reply {
        let reply = Reply::of(request).await;
        for line in reply.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.keep(&Self::site(url), name, value);
            if line.contains("Max-Age=0") {
                self.jar.get_mut(&Self::site(url)).unwrap().remove(name);
            }
        }
        reply
    }

    /// At an absolute address, or at a path of HYVVE.
    async fn get(&mut self, to: &str) -> Reply {
        let url = if to.starts_with('/') { format!("{}{to}", self.at) } else { to.to_owned() };
        let request = self.request(Method::GET, &url);
        self.send(&url, request).await
    }

    async fn post(&mut self, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.at);
        let request = self.request(Method::POST, &url).json(body);
        self.send(&url, request).await
    }

    /// A plain form on a page.
    async fn submit(&mut self, page: &str, function: &str, fields: &[(&str, &str)]) -> Reply {
        let url = format!("{}/_fn/{function}", self.at);
        let request = self.request(Method::POST, &url).header("referer", format!("{}{page}", self.at)).form(fields);
        self.send(&url, request).await
    }

    /// Begins, and answers where the provider is.
    async fn out(&mut self, path: &str, body: Value) -> String {
        let reply = self.post(path, &body).await;
        assert_eq!(reply.expect(200).body["redirect"], true);
        reply.body["url"].as_str().unwrap().to_owned()
    }

    /// Picks a person at the provider, and answers where the provider sends the browser back to.
    async fn pick(&mut self, out: &str, person: &str) -> String {
        self.at_provider(out, &format!("login={person}")).await
    }

    async fn at_provider(&mut self, out: &str, choice: &str) -> String {
        let site = Self::site(out);
        let mut next = out.to_owned();
        for _ in 0..5 {
            let reply = self.get(&next).await;
            let to = reply.expect(303).header("location").unwrap().to_owned();
            next = match to {
                question if question.starts_with("/interaction/") => format!("{site}{question}?{choice}"),
                back if Self::site(&back) == self.at => return back,
                on => on,
            };
        }
        panic!("the provider leads on and on: {next}");
    }

    /// What the session's cookie says, if there is one.
    async fn session(&mut self) -> Option<Value> {
        let reply = self.get("/api/auth/get-session").await;
        Some(reply.expect(200).body.clone()).filter(|session| !session.is_null())
    }

    async fn user(&mut self) -> Value {
        self.session().await.expect("a session")["user"].clone()
    }

    /// Goes where a reply leads to, and reads the page.
    async fn read(&mut self, reply: &Reply) -> String {
        let to = reply.expect(302).header("location").unwrap().to_owned();
        self.get(&to).await.expect(200).text.clone()
    }

    async fn accounts(&mut self) -> Vec<Value> {
        self.get("/api/auth/list-accounts").await.expect(200).body.as_array().unwrap().clone()
    }

    /// Rows of the audit log with this action.
    async fn audit(&mut self, action: &str) -> Vec<Value> {
        let log = self.get("/api/audit-log").await;
        let rows = log.expect(200).body["data"].as_array().unwrap().clone();
        rows.into_iter().filter(|row| row["action"] == action).collect()
    }
}

/// The value of a query's parameter.
fn param(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').unwrap();
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in {url}")).to_owned()
}
