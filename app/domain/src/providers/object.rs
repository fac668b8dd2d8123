//! What a model wrote, as a JSON object that servers take.

use serde_json::{json, value::RawValue};

use super::ToolCall;

/// A call's arguments as the model wrote them: numbers stay what they were. Servers parse them again and would refuse the
/// whole conversation for ever because of one malformed call, so what is not an object is wrapped into one.
pub(super) fn arguments(call: &ToolCall) -> Box<RawValue> {
    match call.arguments.trim() {
        "" => wrapped(&json!({})),
        text => object(text).unwrap_or_else(|| wrapped(&json!({ "malformed_arguments": text }))),
    }
}

/// A tool's answer as an object; other JSON, and text, becomes the value of `field`.
pub(super) fn answer(content: &str, is_error: bool) -> Box<RawValue> {
    let field = if is_error { "error" } else { "result" };
    object(content.trim()).unwrap_or_else(|| match serde_json::from_str::<&RawValue>(content) {
        Ok(json) => raw(format!("{{\"{field}\":{json}}}")),
        Err(_) => wrapped(&json!({ field: content })),
    })
}

fn object(text: &str) -> Option<Box<RawValue>> {
    if text.starts_with('{') { RawValue::from_string(text.to_owned()).ok() } else { None }
}

fn wrapped(json: &serde_json::Value) -> Box<RawValue> {
    raw(json.to_string())
}

/// `json` is JSON by construction.
fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stay_as_they_were_written_or_are_wrapped() {
        let of = |text: &str| {
            arguments(&ToolCall { id: String::new(), name: String::new(), arguments: text.into() }).get().to_owned()
        };
        assert_eq!(
            of(r#" {"n": 1.00, "big": 12345678901234567890123} "#),
            r#"{"n": 1.00, "big": 12345678901234567890123}"#
        );
        assert_eq!(of(""), "{}");
        assert_eq!(of("{oops"), r#"{"malformed_arguments":"{oops"}"#);
        assert_eq!(of("[1]"), r#"{"malformed_arguments":"[1]"}"#);
        assert_eq!(of("{} {}"), r#"{"malformed_arguments":"{} {}"}"#);
    }

    #[test]
    fn an_answer_is_an_object() {
        assert_eq!(answer(r#"{"a": 1}"#, true).get(), r#"{"a": 1}"#);
        assert_eq!(answer("[1.0]", false).get(), r#"{"result":[1.0]}"#);
        assert_eq!(answer("it \"broke\"", true).get(), r#"{"error":"it \"broke\""}"#);
    }
}
