//! How the cookies of the way in are written: for this host, for no script, and for no other site's requests but links.

use std::time::Duration;

/// The value of `Set-Cookie`; without a value, the one that takes the cookie away. `secure`: for https only, as its name says.
pub(super) fn set(name: &str, value: Option<&str>, lifetime: Duration, secure: bool) -> String {
    let (value, age) = value.map_or(("", 0), |value| (value, lifetime.as_secs()));
    let only_https = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{only_https}")
}
