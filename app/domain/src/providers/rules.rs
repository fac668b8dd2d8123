//! What may be entered about a provider. Every refusal names the field.

use secrecy::{ExposeSecret, SecretString};

use super::{ApiKey, BaseUrl, Kind, sandbox};
use crate::{Error, Result, auth::rules::line};

const NAME_MAX: usize = 100;
const MODEL_MAX: usize = 200;
const KEY_MAX: usize = 500;
/// A shorter key shows nothing of itself: four characters would be too much of it.
const HINT_FROM: usize = 12;

/// A provider's name.
pub(super) fn name(text: &str) -> Result<String> {
    line(text, "name", NAME_MAX, "Please enter a name.")
}

/// The model that agents use, where its field is `field`. Whether the provider has it is for [`super::trial`] to find out.
pub(super) fn model(kind: Kind, field: &str, text: &str) -> Result<String> {
    let model = line(text, field, MODEL_MAX, "Please enter the model that agents use.")?;
    if kind == Kind::Sandbox && model != sandbox::MODEL {
        return Err(Error::invalid(field, "model", format!("The sandbox has one model, {}.", sandbox::MODEL)));
    }
    // Gemini lists its models with a prefix that requests need not have.
    let plain = model.strip_prefix("models/").filter(|plain| kind == Kind::Gemini && !plain.is_empty());
    Ok(plain.unwrap_or(&model).to_owned())
}

/// The base URL: the kind's own unless another is entered. The sandbox must have none.
pub(super) fn base_url(kind: Kind, text: Option<&str>) -> Result<Option<BaseUrl>> {
    match (kind, text) {
        (Kind::Sandbox, None) => Ok(None),
        (Kind::Sandbox, Some(_)) => {
            Err(Error::invalid("baseUrl", "absent", "The sandbox sends nothing and has no base URL."))
        }
        (kind, text) => {
            let entered = text.map(str::trim).filter(|t| !t.is_empty()).or(kind.base_url()).unwrap_or_default();
            BaseUrl::parse(&with_root(kind, entered)).map(Some)
        }
    }
}

/// Completes what is a host only by the root of the kind's paths.
fn with_root(kind: Kind, entered: &str) -> String {
    match entered.trim_end_matches('/').split_once("://") {
        Some((scheme, host)) if !host.is_empty() && !host.contains(['/', '?', '#']) => {
            format!("{scheme}://{host}{}", kind.root())
        }
        _ => entered.to_owned(),
    }
}

/// The key, if one was entered: visible ASCII, because it travels in a header.
pub(super) fn key(kind: Kind, input: Option<&ApiKey>) -> Result<Option<SecretString>> {
    let Some(text) = input.map(|k| k.0.trim()).filter(|t| !t.is_empty()) else { return Ok(None) };
    let bad = |constraint: &str, message: String| Err(Error::invalid("apiKey", constraint, message));
    if kind == Kind::Sandbox {
        return bad("absent", "The sandbox sends nothing and has no key.".into());
    }
    if text.len() > KEY_MAX {
        return bad("maxLength", format!("A key has at most {KEY_MAX} characters."));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return bad("visibleAscii", "A key has no spaces and no special characters. Please copy it again.".into());
    }
    Ok(Some(SecretString::from(text)))
}

/// The most calls at once that somebody may allow, and the most in a minute.
pub(super) const AT_ONCE: i32 = 10_000;
pub(super) const PER_MINUTE: i32 = 1_000_000;

/// How many calls a key allows; none, or a number that lets something through.
pub(super) fn most(field: &str, calls: Option<i32>, highest: i32) -> Result<Option<i32>> {
    match calls {
        Some(calls) if !(1..=highest).contains(&calls) => {
            Err(Error::invalid(field, "range", format!("Between 1 and {highest}, or nothing for as many as come.")))
        }
        calls => Ok(calls),
    }
}

/// What people recognise a key by.
pub(super) fn hint(key: &SecretString) -> String {
    let key = key.expose_secret();
    let shown = if key.len() < HINT_FROM { key.len() } else { key.len() - 4 };
    key.get(shown..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind::OpenaiCompatible;

    #[test]
    fn a_key_is_visible_ascii_and_only_its_end_is_shown() -> Result<()> {
        let key_of = |text: &str| key(KIND, Some(&ApiKey(text.into())));
        let key = key_of(" sk-0123456789abcd\n")?.ok_or_else(Error::unauthorized)?;
        assert_eq!((key.expose_secret(), hint(&key).as_str()), ("sk-0123456789abcd", "abcd"));
        assert_eq!(hint(&SecretString::from("short-key")), "");
        assert!(key_of("  ")?.is_none());
        for (bad, constraint) in [
            ("a b", "visibleAscii"),
            ("a\0b", "visibleAscii"),
            ("schlüssel", "visibleAscii"),
            (&"k".repeat(501), "maxLength"),
        ] {
            let details = key_of(bad).err().and_then(|e| e.details);
            assert_eq!(details, Some(serde_json::json!({ "field": "apiKey", "constraint": constraint })));
        }
        Ok(())
    }

    #[test]
    fn the_sandbox_has_neither_address_nor_key_nor_another_model() {
        let field = |error: Option<Error>| error.and_then(|e| e.field().map(str::to_owned));
        assert_eq!(field(base_url(Kind::Sandbox, Some("https://a.example")).err()).as_deref(), Some("baseUrl"));
        assert_eq!(field(key(Kind::Sandbox, Some(&ApiKey("sk".into()))).err()).as_deref(), Some("apiKey"));
        assert_eq!(field(model(Kind::Sandbox, "model", "gpt").err()).as_deref(), Some("model"));
        assert!(model(Kind::Sandbox, "model", sandbox::MODEL).is_ok());
    }

    #[test]
    fn names_models_and_addresses_are_required_and_bounded() {
        let field = |error: Option<Error>| error.and_then(|e| e.field().map(str::to_owned));
        for bad in [" ", &"n".repeat(101), "a\0b"] {
            assert_eq!(field(name(bad).err()).as_deref(), Some("name"), "{bad:?}");
        }
        for bad in ["", &"m".repeat(201), "a\nb"] {
            assert_eq!(field(model(KIND, "defaultModel", bad).err()).as_deref(), Some("defaultModel"), "{bad:?}");
        }
        assert_eq!(model(Kind::Gemini, "model", "models/gemini-x").ok().as_deref(), Some("gemini-x"));
        assert_eq!(model(KIND, "model", "models/mine").ok().as_deref(), Some("models/mine"));
        assert_eq!(field(base_url(KIND, None).err()).as_deref(), Some("baseUrl"));
    }

    #[test]
    fn a_kind_knows_its_address_and_completes_a_host() -> Result<()> {
        let stored = |kind, text| -> Result<Option<String>> { Ok(base_url(kind, text)?.map(|url| url.to_string())) };
        for kind in Kind::ADDABLE {
            for entered in [None, Some(" ")] {
                assert_eq!(stored(kind, entered).ok().flatten().as_deref(), kind.base_url(), "{kind}");
            }
            let root = kind.root();
            assert_eq!(stored(kind, Some("http://localhost:9/"))?, Some(format!("http://localhost:9{root}")));
            assert_eq!(stored(kind, Some("https://a.example/x"))?.as_deref(), Some("https://a.example/x"));
            assert!(base_url(kind, Some("https://a.example?key=1")).is_err());
        }
        Ok(())
    }
}
