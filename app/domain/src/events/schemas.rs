//! What payloads look like, as JSON Schema of draft 7: the catalogue's own structs, as serde writes them.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::{
    Event,
    catalogue::{CATALOGUE, Kind},
    pull::Gone,
};
use crate::webhooks::spread::Body;

/// A fact of a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What it is: `string`, `integer or null`, …
    pub is: String,
    /// What it means.
    pub means: String,
}

/// Schemas that refer to each other.
#[derive(Clone, PartialEq, Debug)]
pub struct Schemas {
    /// Of an event, as browsers hear it and programs read it.
    pub event: Value,
    /// Of what webhooks are sent.
    pub delivery: Value,
    /// Of what a reader is told that comes too late.
    pub gone: Value,
    /// Of each type's payload, in the order of the catalogue.
    pub payloads: Vec<Value>,
    /// What all of them refer to, by name.
    pub definitions: Map<String, Value>,
}

/// All schemas; what they refer to is to stand below `path`, a JSON pointer.
pub fn all(path: &'static str) -> Schemas {
    let settings = SchemaSettings::draft07().for_serialize().with(|settings| settings.definitions_path = path.into());
    let mut generator = settings.into_generator();
    Schemas {
        event: generator.subschema_for::<Event>().to_value(),
        delivery: generator.subschema_for::<Body>().to_value(),
        gone: generator.subschema_for::<Gone>().to_value(),
        payloads: CATALOGUE.iter().map(|kind| kind.schema(&mut generator).to_value()).collect(),
        definitions: generator.take_definitions(true),
    }
}

/// A generator of schemas that refer to nothing outside of themselves.
fn whole() -> SchemaGenerator {
    SchemaSettings::draft07().for_serialize().with(|settings| settings.inline_subschemas = true).into_generator()
}

/// The facts of a type's payload.
pub fn facts(kind: &Kind) -> Vec<Fact> {
    fields(&kind.schema(&mut whole()).to_value())
}

/// What stands around every payload.
pub fn envelope() -> Vec<Fact> {
    fields(&whole().subschema_for::<Event>().to_value())
}

/// The fields of an object's schema.
pub fn fields(schema: &Value) -> Vec<Fact> {
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    let fact = |(name, schema): (String, Value)| Fact {
        name,
        is: kind_of(&schema),
        means: schema["description"].as_str().unwrap_or_default().to_owned(),
    };
    fields.into_iter().map(fact).collect()
}

/// A schema in a few words; another one that it refers to by its name.
pub fn kind_of(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for many in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[many].as_array() {
            let words: Vec<String> = choices.iter().map(kind_of).collect();
            return words.join(" or ");
        }
    }
    if let Some(one) = schema.get("const") {
        return one.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
    }
    let word = |one: &Value| match (one.as_str().unwrap_or_default(), schema["format"].as_str()) {
        ("string", Some("uuid")) => "id".to_owned(),
        ("string", Some("date-time")) => "time".to_owned(),
        ("array", _) => format!("list of {}", kind_of(&schema["items"])),
        (other, _) => other.to_owned(),
    };
    match &schema["type"] {
        Value::Array(types) => types.iter().map(word).collect::<Vec<_>>().join(" or "),
        one => word(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_reads_in_a_few_words() -> Result<(), &'static str> {
        let named = |name| Kind::named(name).ok_or("no such type");
        let words = |name| -> Result<Vec<(String, String)>, &'static str> {
            Ok(facts(named(name)?).into_iter().map(|fact| (fact.name, fact.is)).collect())
        };
        let pair = |name: &str, is: &str| (name.to_owned(), is.to_owned());
        let requested = words("approval.requested")?;
        assert!(requested.contains(&pair("run", "id or null")), "{requested:?}");
        assert!(requested.contains(&pair("review", "\"auto\" or \"quick\" or \"full\"")), "{requested:?}");
        assert!(words("record.updated")?.contains(&pair("fields", "list of string")));
        assert!(words("approval.assigned")?.contains(&pair("changes", "object")));
        assert!(words("workspace.created")?.is_empty());
        Ok(())
    }

    #[test]
    fn what_a_schema_refers_to_is_there() {
        let Schemas { event, delivery, gone, payloads, definitions } = all("/components/schemas");
        assert_eq!(payloads.len(), CATALOGUE.len());
        for schema in payloads.iter().chain([&event, &delivery, &gone]) {
            let target = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/schemas/"));
            assert!(target.is_some_and(|name| definitions.contains_key(name)), "{schema}");
        }
    }
}
