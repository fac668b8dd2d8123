//! What tools answered: records of a search, and what became of a proposal.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A record that a search found.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) data: Map<String, Value>,
}

/// A search's answer.
#[derive(Deserialize)]
pub(super) struct Found {
    /// The first of them.
    pub(super) records: Vec<Record>,
    /// How many there are in all, where the tool says so.
    #[serde(default)]
    pub(super) total: usize,
}

/// Reads a search's answer; `None` when it is none.
pub(super) fn found(content: &str) -> Option<Found> {
    serde_json::from_str(content).ok()
}

/// The one record that is meant: the only one, or the only one of exactly that name.
pub(super) fn pick<'r>(records: &'r [Record], name: &str) -> Option<&'r Record> {
    if let [only] = records {
        return Some(only);
    }
    let mut exact = records.iter().filter(|r| is_named(r, name));
    exact.next().filter(|_| exact.next().is_none())
}

fn is_named(record: &Record, name: &str) -> bool {
    let name = name.to_lowercase();
    let title = record.title.to_lowercase();
    // "104" means "2025-104" and not "2025-1104".
    let numbered = title.strip_suffix(&name).is_some_and(|before| before.ends_with(|c: char| !c.is_alphanumeric()));
    title == name || numbered || record.data.values().any(|v| v.as_str().is_some_and(|v| v.to_lowercase() == name))
}

/// What became of one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It happened; a sentence of the tool's says more, if there is more to say.
    Done(Option<String>),
    /// It did not happen; a sentence says why.
    NotDone(String),
    /// Nobody knows; a sentence says what to do.
    Unknown(String),
}

/// Reads a tool's answer to a call that wanted to change something.
pub(super) fn outcome(content: &str, is_error: bool) -> Outcome {
    let json: Value = serde_json::from_str(content).unwrap_or_default();
    let text = |field: &str| json.get(field).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let because = |sentence: &str| match text("reason").or_else(|| text("message")).or_else(|| text("error")) {
        Some(reason) => format!("{sentence}: “{reason}”"),
        None => format!("{sentence}."),
    };
    match text("status") {
        Some("done") | None if !is_error => {
            Outcome::Done(json.pointer("/result/note").and_then(Value::as_str).map(str::to_owned))
        }
        Some("rejected") => {
            let who = text("by").unwrap_or("A person");
            match text("reason") {
                Some(reason) => Outcome::NotDone(format!("{who} rejected it: “{reason}”")),
                None => Outcome::NotDone(format!("{who} rejected it and gave no reason.")),
            }
        }
        Some("unknown") => {
            Outcome::Unknown("Whether it happened is not known; please look before you try again.".into())
        }
        Some("superseded") => Outcome::NotDone(because("What it would have changed had changed meanwhile")),
        Some("cancelled") => Outcome::NotDone(because("It was cancelled")),
        Some("withdrawn") => Outcome::NotDone(because("It was taken back")),
        Some("timed_out") => Outcome::NotDone(because("Nobody decided in time")),
        _ => Outcome::NotDone(because("It failed")),
    }
}

/// What a person answered to a question.
pub(super) fn answer(content: &str) -> String {
    let json: Value = serde_json::from_str(content).unwrap_or_default();
    let text = json.get("answer").or_else(|| json.get("response")).unwrap_or(&json);
    text.as_str().unwrap_or(content).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_told_as_they_are() {
        let not = |why: &str| Outcome::NotDone(why.into());
        for (content, is_error, expected) in [
            (r#"{"status":"done","version":2}"#, false, Outcome::Done(None)),
            (r#"{"record":{}}"#, false, Outcome::Done(None)),
            (
                r#"{"status":"done","result":{"note":"It was kept."}}"#,
                false,
                Outcome::Done(Some("It was kept.".into())),
            ),
            (r#"{"status":"rejected","by":"Bob","reason":"Too much"}"#, true, not("Bob rejected it: “Too much”")),
            (r#"{"status":"rejected","reason":" "}"#, true, not("A person rejected it and gave no reason.")),
            (r#"{"status":"failed","reason":"SMTP 550"}"#, true, not("It failed: “SMTP 550”")),
            (r#"{"status":"cancelled"}"#, false, not("It was cancelled.")),
            (r#"{"status":"done"}"#, true, not("It failed.")),
            ("boom", true, not("It failed.")),
        ] {
            assert_eq!(outcome(content, is_error), expected, "{content}");
        }
        assert!(matches!(outcome(r#"{"status":"unknown"}"#, true), Outcome::Unknown(_)));
    }

    #[test]
    fn a_record_is_picked_only_when_it_is_clear_which() -> Result<(), serde_json::Error> {
        let named = |names: &[&str]| -> Result<Vec<Record>, serde_json::Error> {
            names
                .iter()
                .map(|n| {
                    serde_json::from_value(
                        serde_json::json!({"id": n, "title": n, "data": {"email": format!("{n}@x")}}),
                    )
                })
                .collect()
        };
        let picked = |names: &[&str], name: &str| named(names).map(|r| pick(&r, name).map(|r| r.title.clone()));
        assert_eq!(picked(&["Ada Lovelace"], "Ada")?.as_deref(), Some("Ada Lovelace"));
        assert_eq!(picked(&["Ada Byron", "Ada Lovelace"], "ada lovelace")?.as_deref(), Some("Ada Lovelace"));
        assert_eq!(picked(&["Ada Byron", "Ada Lovelace"], "Ada")?, None);
        assert_eq!(picked(&["Ada", "Ada"], "Ada")?, None);
        assert_eq!(picked(&["2025-1104", "2025-104"], "104")?.as_deref(), Some("2025-104"));
        assert_eq!(picked(&[], "Ada")?, None);
        Ok(())
    }

    #[test]
    fn an_answer_is_found_in_any_form() {
        for content in [r#"{"status":"answered","answer":" blue "}"#, r#"{"response":"blue"}"#, "\"blue\"", "blue"] {
            assert_eq!(answer(content), "blue", "{content}");
        }
    }
}
