//! `ask_human`: asks the person who started the run, and waits for the answer.

use serde_json::{Value, json};

pub(super) const NAME: &str = "ask_human";
pub(super) const DESCRIPTION: &str = "Ask the person you are talking with one question and wait for the answer. Use it when something needed is missing or unclear.";

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["question"],
        "properties": { "question": { "type": "string", "minLength": 1, "maxLength": 2000 } },
    })
}
