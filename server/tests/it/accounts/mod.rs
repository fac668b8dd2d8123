//! What people do with their own accounts: the way back in, proving an address, sessions, and the end of one.

mod addresses;
mod asking;
mod attempts;
mod openid;
mod person;
mod recovery;
mod reminders;
mod sessions;

use std::{fs, path::Path, time::Duration};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    isolation::functions::call,
    support::{Caller, Reply, TestApp, password_of},
};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const NEW: &str = "quite another long secret";

/// A server whose letters can be read.
pub(crate) struct World {
    pub(crate) app: TestApp,
    letters: TempDir,
}

impl World {
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let letters = tempfile::tempdir().unwrap();
        let folder = letters.path().display().to_string();
        let settings: Vec<_> = settings.iter().copied().chain([("HYVVE_MAIL_FOLDER", folder.as_str())]).collect();
        Self { app: TestApp::start_with(&settings).await, letters }
    }

    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn where_addresses_are_proved() -> Self {
        Self::with(&[("HYVVE_VERIFY_EMAIL", "true")]).await
    }

    pub(crate) fn anyone(&self) -> Caller {
        self.app.anonymous()
    }

    /// All letters with this subject to this address.
    pub(crate) fn all(&self, to: &str, subject: &str) -> Vec<String> {
        let files = fs::read_dir(self.letters.path()).unwrap();
        let letters = files.filter_map(|file| read(&file.unwrap().path()));
        letters
            .filter(|(head, _)| head.contains(&format!("To: {to}\r\n")) && head.contains(subject))
            .map(|(_, text)| text)
            .collect()
    }

    /// Waits for as many letters with this subject.
    pub(crate) async fn letters(&self, to: &str, subject: &str, count: usize) -> Vec<String> {
        for _ in 0..200 {
            let found = self.all(to, subject);
            if found.len() >= count {
                assert_eq!(found.len(), count, "{subject} to {to}");
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no letter “{subject}” to {to}");
    }

    pub(crate) async fn letter(&self, to: &str, subject: &str) -> String {
        self.letters(to, subject, 1).await.remove(0)
    }

    /// Asks for a link to reset a password, and waits for the newest.
    pub(crate) async fn reset_link(&self, to: &str) -> String {
        let before = self.all(to, RESET).len();
        let known: Vec<String> = self.all(to, RESET);
        self.anyone().post("/api/auth/request-password-reset", &json!({ "email": to })).await.expect(200);
        let all = self.letters(to, RESET, before + 1).await;
        token_in(all.iter().find(|text| !known.contains(text)).unwrap())
    }
}

const RESET: &str = "Choose a new password";
const VERIFY: &str = "Confirm your e-mail address";

/// The head of a letter and its text, decoded; nothing while it is being written.
fn read(path: &Path) -> Option<(String, String)> {
    let raw = fs::read_to_string(path).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n")?;
    let part = body.split("Content-Type: text/plain").nth(1)?;
    let (part_head, rest) = part.split_once("\r\n\r\n")?;
    let (text, _) = rest.split_once("\r\n--")?;
    let is_quoted = part_head.contains("quoted-printable");
    let text = if is_quoted { text.replace("=\r\n", "").replace("=3D", "=") } else { text.to_owned() };
    Some((format!("{head}\r\n"), text))
}

/// The secret in the letter's link.
pub(crate) fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("no link in {text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Signed up, with the address proved, and signed in; in the person's workspace, if there is one.
pub(crate) async fn proved(world: &World, name: &str) -> Caller {
    let email = format!("{}@example.com", name.to_lowercase());
    let account = json!({ "name": name, "email": email, "password": password_of(name) });
    world.anyone().post("/api/auth/sign-up/email", &account).await.expect(200);
    let proof = token_in(&world.letter(&email, VERIFY).await);
    confirm(&world.anyone(), &proof, &password_of(name)).await.expect(200);
    let entered = sign_in(&world.anyone(), &email, &password_of(name)).await;
    let who = world.anyone().with_cookie(&entered.expect(200).cookie().unwrap());
    match entered.body["session"]["activeOrganizationId"].as_str() {
        Some(workspace) => who.in_workspace(workspace),
        None => who,
    }
}

/// Proves an address as whoever is not signed in does, on the page that the letter leads to.
async fn confirm(who: &Caller, token: &str, password: &str) -> Reply {
    let form = serde_urlencoded::to_string([("token", token), ("password", password)]).unwrap();
    call(who, "auth/verify-email", form).await
}

async fn sign_in_as(who: &Caller, email: &str, password: &str, agent: &str) -> Reply {
    let request = who.request(Method::POST, "/api/auth/sign-in/email").header("user-agent", agent);
    Reply::of(request.json(&json!({ "email": email, "password": password }))).await
}

pub(crate) async fn sign_in(who: &Caller, email: &str, password: &str) -> Reply {
    sign_in_as(who, email, password, FIREFOX).await
}

/// Signed in once more, in another browser.
pub(crate) async fn elsewhere(world: &World, name: &str) -> Caller {
    let email = format!("{}@example.com", name.to_lowercase());
    let reply = sign_in(&world.anyone(), &email, &password_of(name)).await;
    world.anyone().with_cookie(&reply.expect(200).cookie().unwrap())
}

pub(crate) async fn reset(who: &Caller, token: &str, password: &str) -> Reply {
    who.post("/api/auth/reset-password", &json!({ "token": token, "newPassword": password })).await
}

pub(crate) fn audit_actions(log: &Reply) -> Vec<&str> {
    log.expect(200).body["data"].as_array().unwrap().iter().filter_map(|row| row["action"].as_str()).collect()
}
