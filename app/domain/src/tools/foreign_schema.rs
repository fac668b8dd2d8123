//! JSON Schemas that somebody else has written: bounded before anything is checked by them.
//!
//! Each reference leads whoever checks a value to its target anew, so that a few parts that refer to each other twice each would keep
//! a server busy for ever; and one that refers to itself goes as deep as the value does.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// How many parts of a schema whoever checks a value may come by.
const MAX_PARTS: usize = 10_000;
/// How deep its parts stand within each other, with what they refer to.
const MAX_DEPTH: usize = 100;
/// How many patterns it may have.
const MAX_PATTERNS: usize = 50;
/// How large a pattern may become, in bytes: a few characters can ask for megabytes.
const PATTERN_SIZE: usize = 2 << 20;
/// What a schema is read and asked on: that deep for each of the levels that a value has.
const STACK: usize = 32 << 20;

/// A schema that can be asked.
pub(crate) struct ForeignSchema {
    validator: Validator,
    is_endless: bool,
}

impl ForeignSchema {
    /// Reads one. Nothing is fetched for it, and its patterns take linear time. The error is a sentence.
    pub(crate) fn read(schema: &Value) -> Result<Self, String> {
        stacker::grow(STACK, || {
            let (left, patterns) = (MAX_PARTS, MAX_PATTERNS);
            let mut walk = Walk { root: schema, within: vec!["#"], left, patterns, is_endless: false };
            walk.through(schema, 0).map_err(|why| format!("This is no JSON Schema that can be asked: {why}."))?;
            let options = jsonschema::options().with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE));
            let validator = options.build(schema).map_err(|e| format!("This is no JSON Schema: {e}"))?;
            Ok(Self { validator, is_endless: walk.is_endless })
        })
    }

    /// Whether parts of it refer to themselves.
    pub(crate) const fn is_endless(&self) -> bool {
        self.is_endless
    }

    /// Whether a value fits. The error goes on after what does not: where that is, and why. It repeats nothing of the value.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        stacker::grow(STACK, || {
            if self.validator.is_valid(value) {
                return Ok(());
            }
            // To say where takes much longer than to say no where parts of a schema refer to themselves.
            let wrong = if self.is_endless { None } else { self.validator.validate(value).err() };
            let Some(wrong) = wrong else { return Err(": it is not what the schema asks for.".to_owned()) };
            let path = wrong.instance_path().to_string();
            let place = if path.is_empty() { String::new() } else { format!(" at {path}") };
            Err(format!("{place}: {}.", wrong.masked_with("this")))
        })
    }
}

/// A way through a schema and whatever it refers to, as whoever checks a value goes it.
struct Walk<'a> {
    root: &'a Value,
    /// References that were followed to where it stands.
    within: Vec<&'a str>,
    /// How many parts it may come by yet.
    left: usize,
    /// How many patterns it may come by yet.
    patterns: usize,
    is_endless: bool,
}

impl<'a> Walk<'a> {
    fn through(&mut self, part: &'a Value, depth: usize) -> Result<(), String> {
        let left = self.left.checked_sub(1).filter(|_| depth <= MAX_DEPTH);
        self.left = left.ok_or_else(|| "its parts refer to each other too often, or are too many".to_owned())?;
        match part {
            Value::Array(parts) => parts.iter().try_for_each(|part| self.through(part, depth + 1)),
            Value::Object(parts) => parts.iter().try_for_each(|(name, part)| match (name.as_str(), part) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) => self.follow(to, depth + 1),
                // References within such a part would begin there.
                ("$id" | "id", Value::String(_)) if depth > 0 => Err("only the whole of it can have an id".to_owned()),
                ("pattern", Value::String(_)) => self.comes_by(1),
                ("patternProperties", Value::Object(named)) => {
                    self.comes_by(named.len()).and_then(|()| self.through(part, depth + 1))
                }
                (_, part) => self.through(part, depth + 1),
            }),
            _ => Ok(()),
        }
    }

    fn comes_by(&mut self, some: usize) -> Result<(), String> {
        let left = self.patterns.checked_sub(some);
        self.patterns = left.ok_or_else(|| format!("it has more than {MAX_PATTERNS} patterns"))?;
        Ok(())
    }

    fn follow(&mut self, to: &'a str, depth: usize) -> Result<(), String> {
        if self.within.contains(&to) {
            self.is_endless = true;
            return Ok(());
        }
        let target = to.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let target = target.ok_or_else(|| "a reference leads to nothing in it, as #/$defs/name does".to_owned())?;
        self.within.push(to);
        let came = self.through(target, depth);
        self.within.pop();
        came
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn refused(schema: &Value) -> Option<String> {
        ForeignSchema::read(schema).err()
    }

    #[test]
    fn a_schema_whose_parts_refer_to_each_other_again_and_again_is_refused() {
        let twice =
            |n: usize| json!({ "anyOf": [{ "$ref": format!("#/$defs/{n}") }, { "$ref": format!("#/$defs/{n}") }] });
        let mut parts: Map<String, Value> = (0..40).map(|n| (n.to_string(), twice(n + 1))).collect();
        parts.insert("40".to_owned(), json!({ "type": "number" }));
        let schema = json!({ "$ref": "#/$defs/0", "$defs": parts });
        assert!(refused(&schema).is_some_and(|why| why.contains("too often")));
        for other in [
            json!({ "$ref": "https://example.com/x" }),
            json!({ "$ref": "#name", "$defs": { "a": { "$anchor": "name" } } }),
        ] {
            assert!(refused(&other).is_some_and(|why| why.contains("leads to nothing")), "{other}");
        }
        assert!(refused(&json!({ "$defs": { "a": { "$id": "https://example.com/a" } } })).is_some());
    }

    #[test]
    fn patterns_are_few_and_small() {
        let with = |count: usize, pattern: &str| {
            let fields: Map<String, Value> =
                (0..count).map(|n| (n.to_string(), json!({ "pattern": pattern }))).collect();
            json!({ "properties": fields })
        };
        assert_eq!(refused(&with(MAX_PATTERNS, r"^\d{4}-\d{2}$")), None);
        assert!(refused(&with(MAX_PATTERNS + 1, "^a$")).is_some_and(|why| why.contains("patterns")));
        assert!(refused(&with(1, r"\p{L}{1000}")).is_some());
        let named: Map<String, Value> = (0..=MAX_PATTERNS).map(|n| (format!("^{n}$"), json!({}))).collect();
        assert!(refused(&json!({ "patternProperties": named })).is_some());
        // A field may be called so.
        assert_eq!(refused(&json!({ "properties": { "pattern": { "type": "string" } } })), None);
    }

    #[test]
    fn what_refers_to_itself_and_what_does_not_are_both_asked() {
        let list = json!({ "type": "object", "required": ["to"], "properties": { "to": { "$ref": "#/$defs/a" } }, "$defs": {
            "a": { "type": ["object", "string"], "properties": { "next": { "$ref": "#/$defs/a" } } } } });
        let list = ForeignSchema::read(&list).unwrap();
        assert_eq!(list.check(&json!({ "to": { "next": { "next": "x" } } })), Ok(()));
        let refused = list.check(&json!({ "to": { "next": { "next": 1 } } }));
        assert_eq!((list.is_endless(), refused), (true, Err(": it is not what the schema asks for.".to_owned())));
        let plain = json!({ "properties": { "to": { "$ref": "#/$defs/a" } }, "$defs": { "a": { "type": "string" } } });
        let plain = ForeignSchema::read(&plain).unwrap();
        assert_eq!((plain.is_endless(), plain.check(&json!({ "to": "x" }))), (false, Ok(())));
        let refused = plain.check(&json!({ "to": 1 })).unwrap_err();
        assert!(refused.starts_with(" at /to: "), "{refused}");
    }
}
