//! Who else may say who somebody is: Google, and any other OpenID provider.

use hyvve_domain::auth::{
    openid::{GOOGLE, Issuer, Registration},
    rules,
};

use super::{Error, source::Source};

/// Google's issuer (<https://developers.google.com/identity/openid-connect/openid-connect#discovery>).
const GOOGLE_ISSUER: &str = "https://accounts.google.com";
/// What is asked for, besides `openid`: who somebody is, and nothing that he or she has.
const SCOPES: &str = "email profile";
/// Most characters of a provider's name: it stands on a button.
const NAME_MAX: usize = 40;

/// All that are set up, Google first.
pub(super) fn providers(from: &mut Source) -> Result<Vec<Registration>, Error> {
    let mut all: Vec<_> = google(from)?.into_iter().collect();
    let ids: String = from.get("openid", &[])?.unwrap_or_default();
    for id in ids.split([',', ' ']).filter(|id| !id.is_empty()) {
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !plain || id.len() > 32 || id == "credential" {
            return Err(Error::new("openid", format!("{id:?} is no id: use at most 32 lower case letters and digits")));
        }
        if all.iter().any(|other| other.id == id) {
            return Err(Error::new("openid", format!("{id:?} is set up twice")));
        }
        all.push(other(from, id)?);
    }
    Ok(all)
}

fn google(from: &mut Source) -> Result<Option<Registration>, Error> {
    let client_id: Option<String> = from.get("google_client_id", &["GOOGLE_CLIENT_ID"])?;
    let secret = from.secret(&["GOOGLE_CLIENT_SECRET", "HYVVE_GOOGLE_CLIENT_SECRET"])?;
    let missing =
        |name| Error::new(name, "missing: sign-in with Google needs the id and the secret that Google has given you");
    Ok(match (client_id, secret) {
        (None, None) => None,
        (None, Some(_)) => return Err(missing("GOOGLE_CLIENT_ID")),
        (Some(_), None) => return Err(missing("GOOGLE_CLIENT_SECRET")),
        (Some(client_id), Some(secret)) => Some(Registration {
            id: GOOGLE.to_owned(),
            name: "Google".to_owned(),
            issuer: GOOGLE_ISSUER.parse().map_err(|why| Error::new(GOOGLE, why))?,
            client_id,
            client_secret: Some(secret.into()),
            scopes: words(SCOPES),
        }),
    })
}

/// `openid_<id>_issuer` and so on; its secret is `HYVVE_OPENID_<ID>_CLIENT_SECRET`.
fn other(from: &mut Source, id: &str) -> Result<Registration, Error> {
    let key = |what: &str| format!("openid_{id}_{what}");
    let missing = |what: &str| Error::new(key(what), format!("missing: {id:?} stands in the list openid"));
    let issuer: Option<Issuer> = from.get(&key("issuer"), &[])?;
    let client_id: Option<String> = from.get(&key("client_id"), &[])?;
    let name: String = from.get(&key("name"), &[])?.unwrap_or_else(|| id.to_owned());
    let scopes: Option<String> = from.get(&key("scopes"), &[])?;
    let secret = from.secret(&[&format!("HYVVE_{}", key("client_secret").to_uppercase())])?;
    Ok(Registration {
        id: id.to_owned(),
        name: rules::line(&name, "name", NAME_MAX, "a name is needed")
            .map_err(|e| Error::new(key("name"), e.message))?,
        issuer: issuer.ok_or_else(|| missing("issuer"))?,
        client_id: client_id.ok_or_else(|| missing("client_id"))?,
        client_secret: secret.map(Into::into),
        scopes: words(scopes.as_deref().unwrap_or(SCOPES)),
    })
}

/// `openid` itself is always asked for.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().filter(|word| *word != "openid").map(str::to_owned).collect()
}
