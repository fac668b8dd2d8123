//! What an error of an OpenAI-compatible server means. The status decides; the text helps only where servers disagree
//! about the status, and goes no further.

use serde_json::Value;

use crate::providers::FailureKind;

/// Of a reply that is not the stream that was asked for.
pub(super) fn of_reply(status: u16, body: &[u8]) -> FailureKind {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = json.get("error").filter(|e| !e.is_null()).unwrap_or(&json);
    let text = words(error);
    match status {
        401 | 403 => FailureKind::KeyRefused,
        402 => FailureKind::NoBalance,
        404 if text.contains("model") => FailureKind::UnknownModel,
        // Nothing of the kind at this address, or a redirect, which is not followed: the base URL is wrong.
        300..=399 | 404 | 405 => FailureKind::Unreachable,
        408 => FailureKind::Failed,
        429 if text.contains("insufficient_quota") => FailureKind::NoBalance,
        429 => FailureKind::RateLimited,
        400..=499 if is_about_the_model(&text) => FailureKind::UnknownModel,
        400..=499 if is_about_the_key(&text) => FailureKind::KeyRefused,
        400..=499 => FailureKind::BadRequest,
        200..=299 if json.get("error").is_none_or(Value::is_null) => FailureKind::Broken,
        200..=299 => of_error(error),
        _ => FailureKind::Failed,
    }
}

/// Of an `error` object in mid-stream. There the request as such had been accepted, so most codes only say that it failed.
pub(super) fn of_error(error: &Value) -> FailureKind {
    let code = error.get("code");
    let status = code.and_then(|c| c.as_u64().or_else(|| c.as_str()?.parse().ok()));
    match status {
        Some(401 | 403) => FailureKind::KeyRefused,
        Some(402) => FailureKind::NoBalance,
        Some(429) => FailureKind::RateLimited,
        _ if words(error).contains("insufficient_quota") => FailureKind::NoBalance,
        _ if words(error).contains("rate_limit") => FailureKind::RateLimited,
        _ => FailureKind::Failed,
    }
}

/// Code, type and message in lower case.
fn words(error: &Value) -> String {
    let mut words = String::new();
    for field in ["code", "type", "message", "detail"] {
        if let Some(text) = error.get(field).and_then(Value::as_str) {
            words.push_str(text);
            words.push('\n');
        }
    }
    if let Some(text) = error.as_str() {
        words.push_str(text);
    }
    words.make_ascii_lowercase();
    words
}

fn is_about_the_model(text: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "model_not_found",
        "model not found",
        "model not exist",
        "does not exist",
        "not a valid model",
        "unknown model",
        "invalid model",
        "no such model",
    ];
    text.contains("model") && SIGNS.iter().any(|sign| text.contains(sign))
}

fn is_about_the_key(text: &str) -> bool {
    const SIGNS: [&str; 4] = ["invalid", "incorrect", "not valid", "missing"];
    (text.contains("api key") || text.contains("api_key")) && SIGNS.iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_many_servers_are_sorted() {
        use FailureKind::{BadRequest, Broken, Failed, KeyRefused, NoBalance, RateLimited, UnknownModel, Unreachable};
        for (status, body, kind) in [
            (401, r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#, KeyRefused),
            (403, "", KeyRefused),
            (400, r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#, KeyRefused),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#, NoBalance),
            (429, r#"{"error":{"code":"insufficient_quota","message":"You exceeded your quota"}}"#, NoBalance),
            (429, r#"{"error":{"code":429,"message":"Provider returned error"}}"#, RateLimited),
            (404, r#"{"error":{"code":"model_not_found","message":"The model `x` does not exist"}}"#, UnknownModel),
            (404, r#"{"error":"model 'x' not found"}"#, UnknownModel),
            (404, r#"{"object":"error","message":"The model `x` does not exist.","code":404}"#, UnknownModel),
            (400, r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#, UnknownModel),
            (400, r#"{"error":{"message":"x is not a valid model ID","code":400}}"#, UnknownModel),
            (404, "<html>Not Found</html>", Unreachable),
            (404, r#"{"detail":"Not Found"}"#, Unreachable),
            (405, "", Unreachable),
            (301, "", Unreachable),
            (400, r#"{"error":{"message":"tools is not supported by this model"}}"#, BadRequest),
            (422, r#"{"detail":[{"loc":["body"]}]}"#, BadRequest),
            (413, "", BadRequest),
            (500, "oops", Failed),
            (503, r#"{"error":{"message":"Overloaded"}}"#, Failed),
            (529, "", Failed),
            (200, r#"{"error":{"code":402,"message":"credits"}}"#, NoBalance),
            (200, r#"{"id":"x"}"#, Broken),
            (200, "<html>", Broken),
            (204, "", Broken),
        ] {
            assert_eq!(of_reply(status, body.as_bytes()), kind, "{status} {body}");
        }
    }
}
