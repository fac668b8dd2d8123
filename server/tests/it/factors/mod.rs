//! The second factor: apps, recovery codes, passkeys, links by mail, and workspaces that ask for it.

mod authenticator;
mod links;
mod passkeys;
mod proof;
mod totp;
mod workspaces;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use totp_rs::Totp;

use crate::{
    accounts::{World, sign_in},
    support::{Caller, Reply, password_of},
};

const SIGN_IN: &str = "/api/auth/sign-in/email";
const ENABLE: &str = "/api/auth/two-factor/enable";
const VERIFY: &str = "/api/auth/two-factor/verify-totp";
const RECOVER: &str = "/api/auth/two-factor/verify-backup-code";

/// An authenticator app.
struct App(Totp);

impl App {
    /// The code of a step around the present one. Far enough from the end of the step that the server sees it in the same.
    async fn code(&self, steps: i64) -> String {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        while now() % 30 > 24 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        self.0.generate(now().checked_add_signed(30 * steps).unwrap()).to_string()
    }
}

/// Sets an app up, with the code of the step before this one; answers it and the recovery codes.
async fn protect(who: &Caller, name: &str) -> (App, Vec<String>) {
    let made = who.post(ENABLE, &json!({ "password": password_of(name) })).await;
    let app = App(Totp::from_url(made.expect(200).body["totpURI"].as_str().unwrap()).unwrap());
    who.post(VERIFY, &json!({ "code": app.code(-1).await })).await.expect(200);
    (app, strings(&made.body["backupCodes"]))
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Shows the password, which is not enough; answers whoever has the cookie of the sign-in that waits.
async fn waiting(world: &World, name: &str) -> Caller {
    let email = format!("{}@example.com", name.to_lowercase());
    let reply = sign_in(&world.anyone(), &email, &password_of(name)).await;
    assert_eq!(reply.expect(200).body["twoFactorRedirect"], true);
    assert_eq!((&reply.body["user"], &reply.body["session"]), (&Value::Null, &Value::Null));
    let cookie = reply.cookie().unwrap();
    assert!(cookie.starts_with("hyvve_sign_in="), "{cookie}");
    world.anyone().with_cookie(&cookie)
}

/// Whoever came in with this reply.
fn inside(world: &World, reply: &Reply) -> Caller {
    let cookie = reply.expect(200).cookie().unwrap();
    assert!(cookie.starts_with("hyvve_session="), "{cookie}");
    world.anyone().with_cookie(&cookie).in_workspace(reply.body["session"]["activeOrganizationId"].as_str().unwrap())
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status.as_u16()).collect()
}
