//! What a route takes, read off its handler's own arguments: who may ask, ids, query, body. Nobody writes it down a second time, so
//! it cannot be wrong.

use axum::{body::Bytes, extract::State, http::HeaderMap};
use hyvve_domain::api_keys::Scope;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    asking::{Anyone, Caller, Member, Person, Purpose},
    extract::{Empty, Ids, Json, Query, Strict},
    http::{factors::Carried, pictures::Upload},
    problem::Problem,
};

/// With what somebody asks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Access {
    /// Anyone, with or without.
    #[default]
    Anyone,
    /// A session.
    Person,
    /// A session, an access token, or an API key of this scope.
    Key(Option<Scope>),
}

/// A body, in any of these forms.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Body {
    pub(crate) media: &'static [&'static str],
    pub(crate) schema: Value,
}

/// What a handler takes.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Takes {
    pub(crate) access: Access,
    /// The request names the workspace that it is about.
    pub(crate) names_workspace: bool,
    /// The schemas of the ids in the path, in their order.
    pub(crate) ids: Vec<Value>,
    /// OpenAPI's parameters.
    pub(crate) query: Vec<Value>,
    pub(crate) body: Option<Body>,
}

/// An argument of a handler.
pub(crate) trait Part {
    /// Adds what it takes.
    fn describe(takes: &mut Takes);
}

/// A handler, told apart by its arguments.
pub(crate) trait Handler<Parts> {
    /// What it takes.
    fn takes() -> Takes;
}

impl<F, R> Handler<()> for F
where
    F: Fn() -> R,
{
    fn takes() -> Takes {
        Takes::default()
    }
}

macro_rules! handlers {
    ($(($($part:ident),+))+) => {$(
        impl<F, R, $($part),+> Handler<($($part,)+)> for F
        where
            F: Fn($($part),+) -> R,
            $($part: Part,)+
        {
            fn takes() -> Takes {
                let mut takes = Takes::default();
                $($part::describe(&mut takes);)+
                takes
            }
        }
    )+};
}

handlers! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
}

/// What somebody sends, as one schema that refers to nothing outside of itself.
pub(crate) fn sent<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut generator: SchemaGenerator = settings.with(|settings| settings.inline_subschemas = true).into_generator();
    generator.subschema_for::<T>().to_value()
}

/// JSON, and what it has to look like.
pub(crate) const JSON: &[&str] = &["application/json"];
/// Forms in both of their spellings.
pub(crate) const FORM: &[&str] = &["multipart/form-data", "application/x-www-form-urlencoded"];

impl Part for Anyone {
    fn describe(_: &mut Takes) {}
}

impl Part for Person {
    fn describe(takes: &mut Takes) {
        takes.access = Access::Person;
    }
}

impl Part for Caller {
    fn describe(takes: &mut Takes) {
        takes.access = Access::Key(None);
    }
}

impl<P: Purpose> Part for Member<P> {
    fn describe(takes: &mut Takes) {
        takes.access = Access::Key(Some(P::SCOPE));
        takes.names_workspace = true;
    }
}

impl<T: Part> Part for Result<T, Problem> {
    fn describe(takes: &mut Takes) {
        T::describe(takes);
    }
}

impl<T: JsonSchema> Part for Ids<T> {
    fn describe(takes: &mut Takes) {
        let schema = sent::<T>();
        match schema.get("prefixItems").and_then(Value::as_array) {
            Some(several) => takes.ids.extend(several.iter().cloned()),
            None => takes.ids.push(schema),
        }
    }
}

impl<T: JsonSchema> Part for Query<T> {
    fn describe(takes: &mut Takes) {
        takes.query.extend(parameters(&sent::<T>()));
    }
}

impl<T: JsonSchema> Part for Json<T> {
    fn describe(takes: &mut Takes) {
        takes.body = Some(Body { media: JSON, schema: sent::<T>() });
    }
}

impl<T: JsonSchema> Part for Strict<T> {
    fn describe(takes: &mut Takes) {
        takes.body = Some(Body { media: JSON, schema: sent::<T>() });
    }
}

impl Part for Upload {
    fn describe(takes: &mut Takes) {
        let schema = json!({ "type": "object", "properties": {
            "image": { "type": "string", "contentMediaType": "application/octet-stream",
                       "description": "A file: PNG, JPEG or GIF." },
            "remove": { "type": "string", "description": "Whatever it says: no picture from now on." },
        } });
        takes.body = Some(Body { media: &["multipart/form-data"], schema });
    }
}

/// What is not the client's to send, or what the route's entry says in words.
macro_rules! nothing_of_note {
    ($($part:ty),+ $(,)?) => {$(
        impl Part for $part {
            fn describe(_: &mut Takes) {}
        }
    )+};
}

nothing_of_note!(HeaderMap, Bytes, Carried, Empty);

impl<T> Part for State<T> {
    fn describe(_: &mut Takes) {}
}

/// An object's fields as parameters of a query.
fn parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| {
            let mut field = field.clone();
            let what = field.as_object_mut().and_then(|facts: &mut Map<String, Value>| facts.remove("description"));
            without_null(&mut field);
            let is_required = required.iter().any(|one| *one == name);
            let mut parameter = json!({ "name": name, "in": "query", "required": is_required, "schema": field });
            if let Some(what) = what {
                parameter["description"] = what;
            }
            parameter
        })
        .collect()
}

/// An address holds no `null`: what is not meant is left out.
fn without_null(field: &mut Value) {
    for choices in ["type", "enum", "anyOf"] {
        let Some(all) = field.get_mut(choices).and_then(Value::as_array_mut) else { continue };
        all.retain(|one| !one.is_null() && one != "null" && one["type"] != "null");
        let only = all.first().filter(|_| choices == "type" && all.len() == 1).cloned();
        if let Some(only) = only {
            field[choices] = only;
        }
    }
    if field.get("default").is_some_and(Value::is_null)
        && let Some(facts) = field.as_object_mut()
    {
        facts.remove("default");
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::asking::{Decide, Read};

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Wanted {
        /// Words.
        q: String,
        limit: Option<i64>,
    }

    fn listed(_: Member<Read>, _: Query<Wanted>) {}

    fn decided(_: Member<Decide>, _: Ids<(String, i64)>, _: Json<Wanted>) {}

    fn of<P, H: Handler<P>>(_: H) -> Takes {
        <H as Handler<P>>::takes()
    }

    #[test]
    fn a_handler_says_what_it_takes() {
        let takes = of(listed);
        assert_eq!((takes.access, takes.names_workspace), (Access::Key(Some(Scope::Read)), true));
        let words = json!({ "name": "q", "in": "query", "required": true, "schema": { "type": "string" }, "description": "Words." });
        assert!(takes.query.contains(&words), "{:?}", takes.query);
        assert_eq!(takes.query.iter().filter(|one| one["schema"]["type"] == "integer").count(), 1, "{:?}", takes.query);
        assert_eq!((takes.query.len(), takes.body), (2, None));
        let takes = of(decided);
        assert_eq!(takes.access, Access::Key(Some(Scope::Decide)));
        assert_eq!(takes.ids[0], json!({ "type": "string" }));
        assert_eq!(takes.ids[1]["type"], "integer");
        assert!(takes.body.is_some_and(|body| body.schema["required"] == json!(["q"])));
    }
}
