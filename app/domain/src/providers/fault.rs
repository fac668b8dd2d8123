//! What an error of a provider means. The status decides; the words help only where providers disagree about the status.
//!
//! One sorter for all of them, because gateways answer in one format what a provider of another said.

use serde_json::Value;

use super::{FailureKind, Fault};

/// Of a reply that is not the one asked for. `body` may be cut off, or no JSON at all.
pub(super) fn of_reply(status: u16, body: &[u8]) -> Fault {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let json = json.get(0).unwrap_or(&json); // Gemini sends errors of streams as a list of one
    let told = json.get("error").filter(|e| !e.is_null());
    let error = told.unwrap_or(json);
    let words = words(error);
    let kind = match status {
        // Nothing of the kind at this address, or a redirect, which is not followed: the base URL is wrong.
        300..=399 | 405 => FailureKind::Unreachable,
        404 if !words.contains("model") && !words.contains(NO_ENDPOINTS) => FailureKind::Unreachable,
        404 => FailureKind::ModelNotFound,
        408 => FailureKind::Overloaded,
        200..=299 if told.is_none() => FailureKind::BadReply,
        200..=299 => of_words(code(error), &words).unwrap_or(FailureKind::Overloaded),
        400..=499 => of_words(Some(status), &words).unwrap_or(FailureKind::Refused),
        _ => FailureKind::Overloaded,
    };
    Fault { kind, said: message(error), retry_after: retry_delay(error) }
}

/// Of an `error` object in mid-stream. There the request as such had been accepted, so most codes only say that it failed.
pub(super) fn of_error(error: &Value) -> Fault {
    let kind = of_words(code(error), &words(error)).unwrap_or(FailureKind::Overloaded);
    Fault { kind, said: message(error), retry_after: retry_delay(error) }
}

/// What is certain from the status and the words; the rest depends on where the error stands.
fn of_words(status: Option<u16>, words: &str) -> Option<FailureKind> {
    let any = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
    // In that order: whoever has no credit is often told so with the status of a limit, or of a wrong key.
    if status == Some(402) || any(&NO_CREDIT) {
        return Some(FailureKind::NoCredit);
    }
    if any(&CONTEXT_TOO_LONG) || status == Some(413) {
        return Some(FailureKind::ContextTooLong);
    }
    if words.contains("model") && any(&MODEL_NOT_FOUND) || words.contains(NO_ENDPOINTS) {
        return Some(FailureKind::ModelNotFound);
    }
    match status {
        Some(429) => Some(FailureKind::RateLimited),
        _ if any(&DECLINED) => Some(FailureKind::Refused),
        Some(401 | 403) => Some(FailureKind::InvalidKey),
        _ if is_about_the_key(words) => Some(FailureKind::InvalidKey),
        _ if any(&["rate_limit", "resource_exhausted"]) => Some(FailureKind::RateLimited),
        _ if words.contains("overloaded") => Some(FailureKind::Overloaded),
        _ if any(&["not_found_error"]) && words.contains("model:") => Some(FailureKind::ModelNotFound),
        _ => None,
    }
}

const NO_CREDIT: [&str; 8] = [
    "insufficient_quota",
    "insufficient balance",
    "insufficient credit",
    "credit balance is too low",
    "billing_error",
    "billing_not_active",
    "billing_hard_limit",
    "billing hard limit",
];

const CONTEXT_TOO_LONG: [&str; 9] = [
    "context_length_exceeded",
    // Claude: what there is to read and what may be written do not fit together.
    "exceed context limit",
    "context length",
    "context window",
    "prompt is too long",
    "request_too_large",
    "maximum number of tokens allowed",
    "input token count",
    "too many tokens in the prompt",
];

/// OpenRouter: nobody offers the model, or nobody with what is asked of it, such as tools or eyes.
const NO_ENDPOINTS: &str = "no endpoints found";

const MODEL_NOT_FOUND: [&str; 8] = [
    "model_not_found",
    "model not found",
    "model not exist",
    "does not exist",
    "not a valid model",
    "unknown model",
    "invalid model",
    "no such model",
];

/// What is asked for is declined, whatever the key: OpenRouter does so with a 403.
const DECLINED: [&str; 5] = ["moderation", "flagged", "content_policy", "content_filter", "usage policies"];

fn is_about_the_key(words: &str) -> bool {
    const SIGNS: [&str; 5] = ["invalid", "incorrect", "not valid", "missing", "expired"];
    // LiteLLM's proxy without a database: it knows one key, and cannot look another one up.
    words.contains("authentication_error")
        || words.contains("no_db_connection")
        || (words.contains("api key") || words.contains("api_key")) && SIGNS.iter().any(|sign| words.contains(sign))
}

/// The status that an error object names, as a number or as text.
fn code(error: &Value) -> Option<u16> {
    let code = error.get("code")?;
    code.as_u64().and_then(|n| n.try_into().ok()).or_else(|| code.as_str()?.parse().ok())
}

/// What it says, in lower case: code, type, status and message.
fn words(error: &Value) -> String {
    let mut words = String::new();
    for text in ["code", "type", "status", "message", "detail"].iter().filter_map(|field| error.get(field)?.as_str()) {
        words.push_str(text);
        words.push('\n');
    }
    words.push_str(error.as_str().unwrap_or_default());
    words.make_ascii_lowercase();
    words
}

/// The message for people. OpenRouter keeps what the maker said beside its own “Provider returned error”.
fn message(error: &Value) -> Option<String> {
    let own = text(error.get("message")).or_else(|| text(error.get("detail"))).or_else(|| text(Some(error)))?;
    let inner = error.pointer("/metadata/raw").and_then(Value::as_str).map_or_else(String::new, |raw| {
        let json: Value = serde_json::from_str(raw).unwrap_or_default();
        text(json.pointer("/error/message")).unwrap_or(if json.is_null() { raw } else { "" }).to_owned()
    });
    Some(if inner.is_empty() { own.to_owned() } else { format!("{own}: {inner}") })
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Gemini says how long to wait among the details: `"retryDelay": "32s"`.
fn retry_delay(error: &Value) -> Option<u64> {
    let delay = error.get("details")?.as_array()?.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then_some(seconds.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_of_many_servers_are_sorted() {
        use FailureKind::{
            BadReply, ContextTooLong, InvalidKey, ModelNotFound, NoCredit, Overloaded, RateLimited, Refused,
            Unreachable,
        };
        for (status, body, kind) in [
            (401, r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#, InvalidKey),
            (
                401,
                r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
                InvalidKey,
            ),
            (403, "", InvalidKey),
            (403, r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}"#, InvalidKey),
            (403, r#"{"error":{"code":403,"message":"Input was flagged by moderation"}}"#, Refused),
            (400, r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#, InvalidKey),
            (400, r#"[{"error":{"code":400,"message":"API key expired.","status":"INVALID_ARGUMENT"}}]"#, InvalidKey),
            (400, r#"{"error":{"message":"No connected db.","type":"no_db_connection","code":"400"}}"#, InvalidKey),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#, NoCredit),
            (429, r#"{"error":{"code":"insufficient_quota","message":"You exceeded your quota"}}"#, NoCredit),
            (
                400,
                r#"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low to …"}}"#,
                NoCredit,
            ),
            (
                429,
                r#"{"error":{"code":"billing_not_active","message":"Your account is not active, please check …"}}"#,
                NoCredit,
            ),
            (
                400,
                r#"{"error":{"code":"billing_hard_limit_reached","message":"Billing hard limit has been reached"}}"#,
                NoCredit,
            ),
            (400, r#"{"error":{"code":null,"message":"Billing hard limit has been reached"}}"#, NoCredit),
            (429, r#"{"error":{"code":429,"message":"Provider returned error"}}"#, RateLimited),
            (429, r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}"#, RateLimited),
            (404, r#"{"error":{"code":"model_not_found","message":"The model `x` does not exist"}}"#, ModelNotFound),
            (404, r#"{"error":"model 'x' not found"}"#, ModelNotFound),
            (404, r#"{"object":"error","message":"The model `x` does not exist.","code":404}"#, ModelNotFound),
            (400, r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#, ModelNotFound),
            (400, r#"{"error":{"message":"x is not a valid model ID","code":400}}"#, ModelNotFound),
            (404, r#"{"error":{"message":"No endpoints found for a/model.","code":404}}"#, ModelNotFound),
            (404, r#"{"error":{"message":"No endpoints found that support tool use.","code":404}}"#, ModelNotFound),
            (404, r#"{"error":{"message":"No endpoints found that support image input","code":404}}"#, ModelNotFound),
            (404, "<html>Not Found</html>", Unreachable),
            (404, r#"{"detail":"Not Found"}"#, Unreachable),
            (405, "", Unreachable),
            (301, "", Unreachable),
            (400, r#"{"error":{"message":"tools is not supported by this model"}}"#, Refused),
            (422, r#"{"detail":[{"loc":["body"]}]}"#, Refused),
            (413, "", ContextTooLong),
            (400, r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#, ContextTooLong),
            (
                400,
                r#"{"error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 178902 + 32000 > 200000, decrease input length or `max_tokens` and try again"}}"#,
                ContextTooLong,
            ),
            (400, r#"{"error":{"code":"context_length_exceeded","message":"…"}}"#, ContextTooLong),
            (400, r#"{"error":{"message":"This model's maximum context length is 65536 tokens."}}"#, ContextTooLong),
            (
                400,
                r#"{"error":{"message":"The input token count (2) exceeds the maximum number of tokens allowed (1)."}}"#,
                ContextTooLong,
            ),
            (500, "oops", Overloaded),
            (503, r#"{"error":{"message":"Overloaded"}}"#, Overloaded),
            (529, r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#, Overloaded),
            (200, r#"{"error":{"code":402,"message":"credits"}}"#, NoCredit),
            (200, r#"{"id":"x"}"#, BadReply),
            (200, "<html>", BadReply),
            (204, "", BadReply),
        ] {
            assert_eq!(of_reply(status, body.as_bytes()).kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn errors_in_mid_stream_are_sorted() {
        for (error, kind) in [
            (json!({"type": "overloaded_error", "message": "Overloaded"}), FailureKind::Overloaded),
            (json!({"type": "rate_limit_error", "message": "…"}), FailureKind::RateLimited),
            (json!({"code": "429"}), FailureKind::RateLimited),
            (json!({"code": 502, "message": "Provider returned error"}), FailureKind::Overloaded),
            (json!({"code": "server_error", "message": "…"}), FailureKind::Overloaded),
            (json!({"code": "insufficient_quota"}), FailureKind::NoCredit),
            (json!("text"), FailureKind::Overloaded),
        ] {
            assert_eq!(of_error(&error).kind, kind, "{error}");
        }
    }

    #[test]
    fn the_providers_words_are_found_and_how_long_to_wait() {
        let said = |body: &Value| of_reply(429, body.to_string().as_bytes()).said;
        assert_eq!(said(&json!({"error": {"message": " Slow down. "}})).as_deref(), Some("Slow down."));
        assert_eq!(said(&json!({"error": "plain"})).as_deref(), Some("plain"));
        assert_eq!(said(&json!({"detail": "Not here"})).as_deref(), Some("Not here"));
        assert_eq!(said(&json!({"detail": []})), None);
        let raw = json!({"error": {"message": "Provider returned error", "metadata": {"raw": "busy upstream"}}});
        assert_eq!(said(&raw).as_deref(), Some("Provider returned error: busy upstream"));
        let nested = json!({"error": {"message": "m", "metadata": {"raw": r#"{"error":{"message":"deep"}}"#}}});
        assert_eq!(said(&nested).as_deref(), Some("m: deep"));
        assert_eq!(of_reply(500, b"<h1>secret</h1>").said, None);

        let gemini = json!({"error": {"code": 429, "details": [{"@type": "…QuotaFailure"}, {"retryDelay": "31.4s"}]}});
        assert_eq!(of_reply(429, gemini.to_string().as_bytes()).retry_after, Some(32));
        let odd = json!({"error": {"details": [{"retryDelay": "-1s"}]}});
        assert_eq!(of_reply(429, odd.to_string().as_bytes()).retry_after, None);
    }
}
