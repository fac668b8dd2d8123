//! The form that answers shall have: a JSON Schema, an agent's or one run's, that models are told of and answers are held to.
//!
//! Whoever may talk to an agent may send one, so it is bounded before it is used (see `tools::foreign_schema`).

use serde_json::{Map, Value};

use crate::{
    Error, Result, canonical,
    providers::OutputForm,
    tools::{arguments, foreign_schema::ForeignSchema},
};

/// The most bytes of a schema.
pub const MAX_BYTES: usize = 16 * 1024;
/// The most characters of what is said about an answer: it may name what the model made up.
const MAX_WHY: usize = 500;
/// What the form is called towards providers.
const NAME: &str = "answer";
/// Words that say more about an object than its properties do.
const COMBINING: [&str; 7] =
    ["allOf", "not", "if", "patternProperties", "dependentSchemas", "unevaluatedProperties", "maxProperties"];

/// Reads a schema that somebody has written into this field.
pub fn read(field: &str, text: &str) -> Result<Value> {
    let wrong = |why: String| Error::invalid(field, "schema", why);
    if text.len() > MAX_BYTES {
        return Err(Error::invalid(field, "maxLength", format!("At most {MAX_BYTES} bytes, please.")));
    }
    let schema = canonical::parse_strict(text)
        .map_err(|why| Error::invalid(field, "json", format!("This is not valid JSON: {why}")))?;
    let Value::Object(mut fields) = schema else {
        return Err(wrong("This is no JSON Schema: it has to stand in braces.".to_owned()));
    };
    if fields.get("type").and_then(Value::as_str) != Some("object") {
        return Err(wrong("An answer is an object, so the schema has to say \"type\": \"object\".".to_owned()));
    }
    // It is read as one of draft 2020-12, whichever it says; the words that people use mean the same in all of them.
    fields.remove("$schema");
    let schema = Value::Object(fields);
    let read = ForeignSchema::read(&schema).map_err(|why| wrong(shortened(&why)))?;
    if read.is_endless() {
        return Err(wrong("This refers to itself, and not every provider takes one that does.".to_owned()));
    }
    Ok(schema)
}

/// The form of a run's answer.
pub(super) struct Output {
    told: OutputForm,
    schema: ForeignSchema,
}

impl Output {
    /// Of a schema that [`read`] has taken.
    pub(super) fn of(schema: &Value) -> Result<Self> {
        let told = OutputForm { name: NAME.to_owned(), schema: closed(schema) };
        Ok(Self { told, schema: ForeignSchema::read(schema).map_err(Error::internal)? })
    }

    /// As models are told of it.
    pub(super) const fn told(&self) -> &OutputForm {
        &self.told
    }

    /// Reads an answer. The error is a sentence for the model, which may try again.
    pub(super) fn answer(&self, text: &str) -> Result<Value, String> {
        if text.len() > arguments::MAX_BYTES {
            return Err(format!("The answer is longer than {} bytes.", arguments::MAX_BYTES));
        }
        let value = canonical::parse_strict(text)
            .map_err(|why| shortened(&format!("The answer is not valid JSON, and nothing besides: {why}")))?;
        let checked = self.schema.check(&value);
        checked.map_err(|why| shortened(&format!("The answer does not fit the schema{why}"))).map(|()| value)
    }
}

fn shortened(why: &str) -> String {
    why.chars().take(MAX_WHY).collect()
}

/// The schema with every object closed: all of its properties, and no others. That much all providers enforce, some take nothing less,
/// and what fits it fits the schema as it was given. Where a schema says more about an object than that, it stays as it is.
fn closed(schema: &Value) -> Value {
    let mut closed = schema.clone();
    if close(&mut closed) { closed } else { schema.clone() }
}

/// Closes it and all in it; false where that may not be.
fn close(schema: &mut Value) -> bool {
    let Value::Object(fields) = schema else { return true };
    let has = |word: &&str| fields.contains_key(*word);
    let is_also_more = fields.contains_key("properties") && ["anyOf", "oneOf", "$ref"].iter().any(has);
    if is_also_more || COMBINING.iter().any(has) {
        return false;
    }
    let all_closed = fields.iter_mut().all(|(word, part)| match (word.as_str(), part) {
        ("items" | "additionalProperties", one) => close(one),
        ("anyOf" | "oneOf" | "prefixItems", Value::Array(several)) => several.iter_mut().all(close),
        ("properties" | "$defs" | "definitions", Value::Object(named)) => named.values_mut().all(close),
        _ => true,
    });
    let names = fields.get("properties").and_then(Value::as_object).map(names);
    if let Some(names) = names {
        fields.insert("required".to_owned(), names);
        fields.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    all_closed
}

fn names(properties: &Map<String, Value>) -> Value {
    properties.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_schema_of_an_object_or_comes_to_no_end_is_refused() {
        let schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {
            "one": { "$ref": "#/$defs/amount" }, "$ref": { "type": "string" } }, "$defs": { "amount": { "type": "number" } } });
        let taken = read("f", &schema.to_string()).unwrap();
        assert_eq!((taken.get("$schema"), &taken["$defs"]), (None, &schema["$defs"]));

        // Each one refers twice to the next: 2^30 values in all.
        let doubles: Map<String, Value> = (0..30)
            .map(|n| {
                let next = json!({ "$ref": format!("#/$defs/{}", n + 1) });
                (n.to_string(), json!({ "anyOf": [next, next] }))
            })
            .chain([("30".to_owned(), json!({ "type": "string" }))])
            .collect();
        for bad in [
            json!([]),
            json!({}),
            json!({ "type": "array" }),
            json!({ "type": "object", "properties": 7 }),
            json!({ "type": "object", "anyOf": [{ "$ref": "#" }] }),
            json!({ "type": "object", "$defs": { "a": { "$ref": "#/$defs/a" } } }),
            json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/0" } }, "$defs": doubles }),
            json!({ "type": "object", "properties": { "a": { "$ref": "https://example.com/schema" } } }),
            json!({ "type": "object", "properties": { "a": { "$ref": "#a" } }, "$defs": { "a": { "$anchor": "a" } } }),
            json!({ "type": "object", "properties": { "a": { "$id": "https://example.com/schema" } } }),
            json!({ "type": "object", "description": "x".repeat(MAX_BYTES) }),
        ] {
            assert_eq!(read("f", &bad.to_string()).err().as_ref().and_then(Error::field), Some("f"), "{bad}");
        }
        for bad in ["", "{", r#"{"type":"object","type":"object"}"#, r#"{"type":"object","title":"\u0000"}"#] {
            assert!(read("f", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn objects_are_closed_unless_more_is_said_about_them() {
        let schema = json!({ "type": "object", "properties": {
            "all": { "type": "array", "items": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            "not": { "type": "string" },
        } });
        let expected = json!({ "type": "object", "additionalProperties": false, "required": ["all", "not"], "properties": {
            "all": { "type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": ["n"], "properties": { "n": { "type": "integer" } },
            } },
            "not": { "type": "string" },
        } });
        assert_eq!(closed(&schema), expected);
        let more = json!({ "type": "object", "properties": { "a": {} }, "allOf": [{ "properties": { "b": {} } }] });
        let within = json!({ "type": "object", "properties": { "a": more } });
        assert_eq!((closed(&more), closed(&within)), (more.clone(), within.clone()));
    }

    #[test]
    fn an_answer_is_json_that_fits_and_nothing_besides() {
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
        let output = Output::of(&schema).unwrap();
        assert_eq!(output.answer(" {\"n\": 7}\n"), Ok(json!({ "n": 7 })));
        let why = output.answer(r#"{"n":"secret"}"#).unwrap_err();
        assert!(why.contains("/n") && !why.contains("secret"), "{why}");
        for bad in ["", "Seven.", "{}", "```json\n{\"n\":7}\n```", "{\"n\":7} or so", "7"] {
            assert!(output.answer(bad).is_err(), "{bad}");
        }
    }
}
