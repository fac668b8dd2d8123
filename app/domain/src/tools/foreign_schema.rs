//! JSON Schemas that somebody else has written: bounded in what they come to once all that they refer to stands in its place.
//! One that refers to itself comes to no end, and to check anything by it would end the program.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// The most values in one, with what it refers to in place of each reference.
const MAX_VALUES: usize = 2_000;
/// How deep they may nest.
const MAX_DEPTH: usize = 48;
/// Words with which a schema names its parts, or refers to them by such names.
const NAMES: [&str; 5] = ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"];

/// What checks by this schema. Nothing is fetched for it, and its patterns take linear time. The error is a sentence.
pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    Extent { whole: schema, left: MAX_VALUES }.take(schema, 0)?;
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    options.build(schema).map_err(|e| format!("This is no JSON Schema: {e}"))
}

/// How much a schema may still come to.
struct Extent<'a> {
    whole: &'a Value,
    left: usize,
}

impl<'a> Extent<'a> {
    fn take(&mut self, part: &'a Value, depth: usize) -> Result<(), String> {
        if self.left == 0 || depth > MAX_DEPTH {
            return Err("This is too large, or nested too deeply, or refers to itself.".to_owned());
        }
        self.left -= 1;
        match part {
            Value::Array(parts) => parts.iter().try_for_each(|part| self.take(part, depth + 1)),
            Value::Object(fields) => fields.iter().try_for_each(|(word, part)| match part {
                Value::String(to) if word == "$ref" => {
                    let part = self.referred(to)?;
                    self.take(part, depth + 1)
                }
                Value::String(_) if NAMES.contains(&word.as_str()) => Err(format!("“{word}” is not taken here.")),
                part => self.take(part, depth + 1),
            }),
            _ => Ok(()),
        }
    }

    fn referred(&self, to: &str) -> Result<&'a Value, String> {
        let pointer = to.strip_prefix('#').filter(|pointer| !pointer.contains('%'));
        let part = pointer.and_then(|pointer| self.whole.pointer(pointer));
        part.ok_or_else(|| format!("“{to}” does not refer to a part of this schema, as “#/$defs/name” does."))
    }
}
