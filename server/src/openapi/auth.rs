//! Signing in and one's account, as better-auth's client calls them.

use hyvve_domain::auth::{User, openid::linked::Account, session_list::Listed};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::operation::{Operation, Shape, get, of, post};
use crate::{
    http::{
        account as own,
        auth::{self, Seen},
        openid, tokens,
    },
    reply::Success,
};

/// Signed in, and how the cookie goes with it.
const IN: &str = "Signed in; the session is in the cookie, and nowhere else.";
const HANDLED: Shape = of::<own::Done>;
/// Without an account there is none to tell about, and nobody is told that there is one.
const SIGNED_UP: Shape = |generator| {
    let told = json!({ "type": "object", "required": ["token", "user"], "properties": {
        "token": { "type": "null" }, "user": of::<User>(generator),
    } });
    json!({ "anyOf": [of::<Seen>(generator), told] })
};
const SET: Shape = |_| {
    json!({ "type": "object", "required": ["keys"], "properties": {
        "keys": { "type": "array", "items": { "type": "object", "required": ["kty", "kid"], "properties": {
            "kty": { "type": "string" }, "kid": { "type": "string" },
        } } },
    } })
};
const PROVED: Shape = |_| {
    json!({ "type": "object", "required": ["status", "user"], "properties": {
        "status": { "const": true }, "user": { "type": "null" },
    } })
};
const DELETED: Shape = |_| {
    json!({ "type": "object", "required": ["success", "message"], "properties": {
        "success": { "const": true }, "message": { "type": "string" },
    } })
};

/// In, or the second factor is asked for.
fn let_in(generator: &mut SchemaGenerator) -> Value {
    let second = json!({ "type": "object", "required": ["twoFactorRedirect", "twoFactorMethods"], "properties": {
        "twoFactorRedirect": { "const": true },
        "twoFactorMethods": { "type": "array", "items": { "enum": ["totp", "passkey"] } },
    } });
    json!({ "anyOf": [of::<Seen>(generator), second] })
}

pub(super) fn account() -> Vec<Operation> {
    let mut all = coming_in();
    all.extend(by_others());
    all.extend(ones_own());
    all
}

fn coming_in() -> Vec<Operation> {
    vec![
        post(
            "/api/auth/sign-up/email",
            auth::sign_up,
            "Makes an account, and signs in where the address need not be proved first.",
        )
        .reply(200, IN, SIGNED_UP),
        post("/api/auth/sign-in/email", auth::sign_in, "Signs in with a password.")
            .more("Where the account has a second factor: `twoFactorRedirect`, and no session yet.")
            .refuses(&[401])
            .reply(200, IN, let_in),
        post("/api/auth/sign-out", auth::sign_out, "Ends the session. Who is not signed in is signed out.")
            .answers(of::<Success>),
        get("/api/auth/get-session", auth::get_session, "Who is signed in; `null` if nobody is.")
            .or_session()
            .answers(of::<Option<Seen>>),
        get("/api/auth/session", auth::session, "Who is signed in; 401 if nobody is.").answers(of::<Seen>),
        get(
            "/api/auth/token",
            tokens::mint,
            "A short-lived access token of the session or the API key, for one workspace.",
        )
        .more("It can no more than the key, and ends with it. An access token mints no other.")
        .in_workspace()
        .answers(of::<tokens::Minted>),
        get("/api/auth/jwks", tokens::keys, "The keys that anyone checks access tokens with.").answers(SET),
        get("/.well-known/jwks.json", tokens::keys, "The same keys, where programs look for them.").answers(SET),
        post("/api/auth/request-password-reset", own::forgot_password, "Sends a link to choose a new password.")
            .more("An address without an account is answered alike.")
            .answers(HANDLED),
        post("/api/auth/forgot-password", own::forgot_password, "The same, by another name.").answers(HANDLED),
        post(
            "/api/auth/reset-password",
            own::reset_password,
            "Chooses a new password with a letter’s token. All sessions end.",
        )
        .answers(HANDLED),
        post("/api/auth/send-verification-email", own::send_proof, "Sends a link that proves an address.")
            .answers(HANDLED),
        get(
            "/api/auth/verify-email",
            own::verify_email,
            "Proves an address with a letter’s token, for clients that follow links themselves.",
        )
        .answers(PROVED)
        .bare(303, "To `callbackURL`, with `error` in its query if it was not proved."),
    ]
}

fn by_others() -> Vec<Operation> {
    vec![
        post("/api/auth/sign-in/social", openid::sign_in, "Where a browser goes to sign in by a provider’s word.")
            .refuses(&[404])
            .answers(of::<openid::Leave>),
        get("/api/auth/callback/{provider}", openid::callback, "Where a provider sends a browser back to.")
            .bare(302, "On, whatever has come of it."),
        post("/api/auth/link-social", openid::link, "Where a browser goes to link a provider to one’s account.")
            .refuses(&[404])
            .answers(of::<openid::Leave>),
        post("/api/auth/unlink-account", openid::unlink, "Unlinks a provider.").refuses(&[404]).answers(HANDLED),
        get("/api/auth/list-accounts", openid::list, "What one’s account is linked to.").answers(of::<Vec<Account>>),
    ]
}

fn ones_own() -> Vec<Operation> {
    vec![
        get(
            "/api/auth/list-sessions",
            own::list_sessions,
            "One’s own sessions. `token` is a handle for ending one, no credential.",
        )
        .answers(of::<Vec<Listed>>),
        post("/api/auth/revoke-session", own::revoke_session, "Ends one of one’s sessions.")
            .refuses(&[404])
            .answers(HANDLED),
        post("/api/auth/revoke-sessions", own::revoke_sessions, "Ends all of one’s sessions, this one included.")
            .answers(HANDLED),
        post("/api/auth/revoke-other-sessions", own::revoke_other_sessions, "Ends all of one’s other sessions.")
            .answers(HANDLED),
        post("/api/auth/change-password", own::change_password, "Changes one’s password. All other sessions end.")
            .answers(of::<own::PasswordChanged>),
        post("/api/auth/change-email", own::change_email, "Asks for another address; it counts once it is proved.")
            .answers(HANDLED),
        post("/api/auth/update-user", own::update_user, "Changes one’s name or picture; what is missing stays.")
            .answers(HANDLED),
        post("/api/auth/delete-user", own::delete_user, "Deletes one’s account.").answers(DELETED),
    ]
}
