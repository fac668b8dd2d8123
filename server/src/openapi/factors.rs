//! The second factor, passkeys and links by mail.

use serde_json::json;

use super::operation::{Operation, Shape, get, of, post};
use crate::http::{account::Done, auth::Seen, factors as ways};

const HANDLED: Shape = of::<Done>;
const BEGUN: Shape = |_| {
    json!({ "type": "object", "required": ["method", "totpURI", "backupCodes"], "properties": {
        "method": { "const": "totp" }, "totpURI": { "type": "string" },
        "backupCodes": { "type": "array", "items": { "type": "string" } },
    } })
};
const URI: Shape =
    |_| json!({ "type": "object", "required": ["totpURI"], "properties": { "totpURI": { "type": "string" } } });
const CODES: Shape = |_| {
    json!({ "type": "object", "required": ["status", "backupCodes"], "properties": {
        "status": { "const": true }, "backupCodes": { "type": "array", "items": { "type": "string" } },
    } })
};
const SHOWN: Shape = |generator| {
    let confirmed = json!({ "type": "object", "required": ["token", "user"], "properties": {
        "token": { "type": "null" }, "user": of::<hyvve_domain::auth::User>(generator),
    } });
    json!({ "anyOf": [of::<Seen>(generator), confirmed] })
};
/// As browsers' `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` take them.
const OPTIONS: Shape =
    |_| json!({ "type": "object", "required": ["challenge"], "properties": { "challenge": { "type": "string" } } });
const RENAMED: Shape = |generator| json!({ "type": "object", "required": ["passkey"], "properties": { "passkey": of::<ways::Wire>(generator) } });

pub(super) fn factors() -> Vec<Operation> {
    vec![
        post(
            "/api/auth/two-factor/enable",
            ways::enable,
            "Sets up an authenticator app; it counts once `verify-totp` has seen a right code.",
        )
        .answers(BEGUN),
        post(
            "/api/auth/two-factor/disable",
            ways::disable,
            "Removes the authenticator app. Passkeys stay, and stay a second factor.",
        )
        .answers(HANDLED),
        post("/api/auth/two-factor/get-totp-uri", ways::totp_uri, "What the authenticator app is set up with.")
            .answers(URI),
        post("/api/auth/two-factor/verify-totp", ways::verify_totp, "Shows a code of the authenticator app.")
            .more("With a session, the first one of an app that is set up; without, the second step of a sign-in.")
            .or_session()
            .refuses(&[401])
            .answers(SHOWN),
        post(
            "/api/auth/two-factor/verify-backup-code",
            ways::verify_backup_code,
            "Shows a recovery code, as the second step of a sign-in.",
        )
        .refuses(&[401])
        .answers(of::<Seen>),
        post(
            "/api/auth/two-factor/generate-backup-codes",
            ways::backup_codes,
            "Makes new recovery codes; the old ones end.",
        )
        .answers(CODES),
        get(
            "/api/auth/passkey/generate-register-options",
            ways::register_options,
            "What a browser makes a new passkey with.",
        )
        .refuses(&[422])
        .answers(OPTIONS),
        post("/api/auth/passkey/generate-register-options", ways::register_options, "The same, with one’s password.")
            .answers(OPTIONS),
        post(
            "/api/auth/passkey/verify-registration",
            ways::register,
            "Adds a passkey; with the first factor come recovery codes.",
        )
        .answers(of::<ways::Added>),
        get(
            "/api/auth/passkey/generate-authenticate-options",
            ways::authenticate_options,
            "What a browser signs in by a passkey with.",
        )
        .refuses(&[422])
        .answers(OPTIONS),
        post("/api/auth/passkey/generate-authenticate-options", ways::authenticate_options, "The same.")
            .answers(OPTIONS),
        post("/api/auth/passkey/verify-authentication", ways::authenticate, "Signs in by a passkey.")
            .refuses(&[401])
            .answers(of::<Seen>),
        get("/api/auth/passkey/list-user-passkeys", ways::list, "One’s own passkeys.").answers(of::<Vec<ways::Wire>>),
        post("/api/auth/passkey/delete-passkey", ways::delete, "Removes a passkey.").refuses(&[404]).answers(HANDLED),
        post("/api/auth/passkey/update-passkey", ways::rename, "Names a passkey differently.")
            .refuses(&[404])
            .answers(RENAMED),
        post(
            "/api/auth/sign-in/magic-link",
            ways::send_link,
            "Sends a link to sign in by. An unknown address is answered alike.",
        )
        .answers(HANDLED),
        get(
            "/api/auth/magic-link/verify",
            ways::follow_link,
            "Where the address in such a link leads: opening it signs nobody in.",
        )
        .bare(303, "To the page whose button signs in."),
    ]
}
