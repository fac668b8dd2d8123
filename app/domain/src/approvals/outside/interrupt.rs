//! LangChain's Agent Inbox: what an interrupt looks like in its older and in its newer form, and how each is answered.
//!
//! Older (`HumanInterrupt`, <https://github.com/langchain-ai/agent-inbox>): one request with a `config` of what is allowed, or a
//! list of them; answered by a list of `{type, args}`. Newer (`HITLRequest` of LangChain's human-in-the-loop middleware): several
//! requests with `review_configs` by action; answered by `{decisions}` of the same order and count. Fields that HYVVE does not
//! know are ignored in both.

use std::collections::HashMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Decided, DecisionKind, NewProposal};
use crate::{Error, Result, canonical};

/// The most actions of one interrupt.
const MAX_ACTIONS: usize = 50;
/// The most bytes of one schema: it is kept with each of its actions.
const MAX_SCHEMA: usize = 64 * 1024;
/// How many parts of a schema whoever checks a value may come by: each reference leads to its target anew, so that a few that refer to
/// each other twice each would keep a server busy for ever.
const MAX_PARTS: usize = 10_000;
/// How deep its parts stand within each other, with what they refer to.
const MAX_DEPTH: usize = 100;
/// What a schema is read and asked on: that deep for each of the levels that a value has.
const STACK: usize = 32 << 20;
/// The most characters of a description that are kept.
const MAX_DESCRIPTION: usize = 2_000;

/// Whose words an answer is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// An older interrupt.
    One,
    /// A list of older ones.
    List,
    /// A newer one.
    Newer,
}

/// An interrupt, whatever its form.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Interrupt {
    pub(super) form: Form,
    pub(super) actions: Vec<Action>,
}

/// One action of it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Action {
    /// Where it stands in the body, with a dot behind; empty for the body itself.
    pub(super) at: String,
    pub(super) proposal: NewProposal,
    pub(super) args_schema: Option<Value>,
}

#[derive(Deserialize)]
struct Older {
    action_request: OlderRequest,
    config: OlderConfig,
    description: Option<String>,
}

#[derive(Deserialize)]
struct OlderRequest {
    action: String,
    args: Value,
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the form is LangChain's")]
struct OlderConfig {
    allow_ignore: bool,
    allow_respond: bool,
    allow_edit: bool,
    allow_accept: bool,
}

#[derive(Deserialize)]
struct Newer {
    action_requests: Vec<NewerRequest>,
    review_configs: Vec<ReviewConfig>,
}

#[derive(Deserialize)]
struct NewerRequest {
    name: String,
    args: Value,
    description: Option<String>,
}

#[derive(Deserialize)]
struct ReviewConfig {
    action_name: String,
    allowed_decisions: Vec<DecisionKind>,
    args_schema: Option<Value>,
}

impl Form {
    /// The word in the database.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::List => "list",
            Self::Newer => "newer",
        }
    }

    /// From the word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::One, Self::List, Self::Newer].into_iter().find(|form| form.as_str() == word)
    }

    /// The answer to an interrupt of this form: what was decided on each action, in order, with what each allows and the id
    /// that each was asked about under.
    pub(super) fn answer(self, decided: &[(Decided, bool, Vec<DecisionKind>)]) -> Value {
        let each = |(decided, changed, allowed): &(Decided, bool, Vec<DecisionKind>)| {
            let said = Said::of(decided, *changed, allowed);
            if self == Self::Newer { said.newer() } else { said.older() }
        };
        let answers: Vec<Value> = decided.iter().map(each).collect();
        if self == Self::Newer { json!({ "decisions": answers }) } else { Value::Array(answers) }
    }
}

impl Interrupt {
    /// Reads a body of either form.
    pub(super) fn read(body: Value) -> Result<Self> {
        let (form, actions) = match body {
            Value::Array(list) => {
                count("body", list.len())?;
                let read = |(place, one)| older(one, &format!("[{place}]"));
                (Form::List, list.into_iter().enumerate().map(read).collect::<Result<Vec<_>>>()?)
            }
            Value::Object(map) if map.contains_key("action_requests") => (Form::Newer, newer(Value::Object(map))?),
            one => (Form::One, vec![older(one, "")?]),
        };
        Ok(Self { form, actions })
    }
}

/// Before any of them is read: each takes a copy of its schema.
fn count(field: &str, actions: usize) -> Result<()> {
    if (1..=MAX_ACTIONS).contains(&actions) {
        return Ok(());
    }
    Err(Error::invalid(field, "maxItems", format!("Between 1 and {MAX_ACTIONS} actions, please.")))
}

fn older(value: Value, at: &str) -> Result<Action> {
    let Older { action_request, config, description } = typed(value, at)?;
    let allowed = [
        (config.allow_accept, DecisionKind::Approve),
        (config.allow_edit, DecisionKind::Edit),
        (config.allow_ignore, DecisionKind::Reject),
        (config.allow_respond, DecisionKind::Respond),
    ];
    let allowed = allowed.into_iter().filter_map(|(may, kind)| may.then_some(kind)).collect();
    let at = if at.is_empty() { "action_request.".to_owned() } else { format!("{at}.action_request.") };
    Ok(Action {
        at,
        proposal: asked(action_request.action, action_request.args, description, allowed),
        args_schema: None,
    })
}

fn newer(value: Value) -> Result<Vec<Action>> {
    let Newer { action_requests, review_configs } = typed(value, "")?;
    count("action_requests", action_requests.len())?;
    let mut configs = HashMap::new();
    for (place, config) in review_configs.into_iter().enumerate() {
        if let Some(schema) = &config.args_schema {
            let field = format!("review_configs[{place}].args_schema");
            if canonical::to_vec(schema)?.len() > MAX_SCHEMA {
                return Err(Error::invalid(&field, "maxBytes", format!("At most {MAX_SCHEMA} bytes, please.")));
            }
            check(schema).map_err(|why| {
                Error::invalid(&field, "schema", format!("This is no JSON Schema that can be asked: {why}"))
            })?;
        }
        configs.insert(config.action_name, (config.allowed_decisions, config.args_schema));
    }
    let read = |(place, request): (usize, NewerRequest)| {
        let Some((allowed, args_schema)) = configs.get(&request.name).cloned() else {
            let why = format!("There is no entry for the action “{}”.", request.name);
            return Err(Error::invalid("review_configs", "required", why));
        };
        let proposal = asked(request.name, request.args, request.description, allowed);
        Ok(Action { at: format!("action_requests[{place}]."), proposal, args_schema })
    };
    action_requests.into_iter().enumerate().map(read).collect()
}

/// Programs write descriptions, and do not mind their length.
fn asked(action: String, arguments: Value, description: Option<String>, allowed: Vec<DecisionKind>) -> NewProposal {
    let reason = description.map(|words| words.trim().chars().take(MAX_DESCRIPTION).collect());
    let (title, confidence, attachments) = (None, None, Vec::new());
    NewProposal { action, arguments, title, reason, confidence, reversible: false, attachments, allowed }
}

/// A value of a body as a type of ours.
fn typed<T: DeserializeOwned>(value: Value, at: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|e| {
        let field = if at.is_empty() { "body" } else { at };
        Error::invalid(field, "form", format!("This is no interrupt of LangChain's Agent Inbox: {e}."))
    })
}

/// What somebody said about one action.
enum Said<'a> {
    Approve,
    Edit(&'a str, &'a Value),
    Reject(Option<&'a str>),
    Respond(&'a str),
}

impl<'a> Said<'a> {
    /// A rejection is always possible; where the program does not take one, it is told as an answer, if it takes that.
    fn of(decided: &'a Decided, changed: bool, allowed: &[DecisionKind]) -> Self {
        let takes = |kind| allowed.contains(&kind);
        match (decided.approved, &decided.question) {
            (Some(true), _) if changed => Self::Edit(&decided.action, &decided.arguments),
            (Some(true), _) => Self::Approve,
            (_, Some(question)) => Self::Respond(question),
            (_, None) if !takes(DecisionKind::Reject) && takes(DecisionKind::Respond) => {
                Self::Respond(decided.reason.as_deref().unwrap_or("No."))
            }
            (_, None) => Self::Reject(decided.reason.as_deref()),
        }
    }

    fn newer(&self) -> Value {
        match self {
            Self::Approve => json!({ "type": "approve" }),
            Self::Edit(name, args) => json!({ "type": "edit", "edited_action": { "name": name, "args": args } }),
            Self::Reject(None) => json!({ "type": "reject" }),
            Self::Reject(Some(message)) => json!({ "type": "reject", "message": message }),
            Self::Respond(message) => json!({ "type": "respond", "message": message }),
        }
    }

    fn older(&self) -> Value {
        match self {
            Self::Approve => json!({ "type": "accept", "args": null }),
            Self::Edit(action, args) => json!({ "type": "edit", "args": { "action": action, "args": args } }),
            Self::Reject(_) => json!({ "type": "ignore", "args": null }),
            Self::Respond(message) => json!({ "type": "response", "args": message }),
        }
    }
}

/// What is wrong with changed arguments, by the schema that came with them.
pub(super) fn fits(schema: &Value, arguments: &Value) -> Result<()> {
    stacker::grow(STACK, || {
        let Read { validator, is_endless } = read(schema).map_err(Error::internal)?;
        if validator.is_valid(arguments) {
            return Ok(());
        }
        // To say where takes much longer than to say no where parts of a schema refer to themselves.
        let wrong = if is_endless { None } else { validator.validate(arguments).err() };
        let why = wrong.map_or_else(
            || "The outside agent does not take this: it is not what its schema asks for.".to_owned(),
            |wrong| {
                format!("The outside agent does not take this{}: {wrong}", place(&wrong.instance_path().to_string()))
            },
        );
        Err(Error::invalid("arguments", "schema", why))
    })
}

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at {path}") }
}

/// Why this is no schema that can be asked, if it is none.
fn check(schema: &Value) -> Result<(), String> {
    stacker::grow(STACK, || read(schema).map(drop))
}

/// A schema that can be asked.
struct Read {
    validator: jsonschema::Validator,
    /// Parts of it refer to themselves.
    is_endless: bool,
}

/// Nothing is fetched for a schema, and its patterns take linear time.
fn read(schema: &Value) -> Result<Read, String> {
    let mut walk = Walk { root: schema, within: vec!["#"], left: MAX_PARTS, is_endless: false };
    walk.through(schema, 0)?;
    let options = jsonschema::options().with_pattern_options(jsonschema::PatternOptions::regex());
    let validator = options.build(schema).map_err(|e| e.to_string())?;
    Ok(Read { validator, is_endless: walk.is_endless })
}

/// A way through a schema and whatever it refers to, as whoever checks a value goes it.
struct Walk<'a> {
    root: &'a Value,
    /// References that were followed to where it stands.
    within: Vec<&'a str>,
    /// How many parts it may come by yet.
    left: usize,
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
                (_, part) => self.through(part, depth + 1),
            }),
            _ => Ok(()),
        }
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
    use super::*;

    #[test]
    fn a_schema_whose_parts_refer_to_each_other_again_and_again_is_refused() {
        let twice =
            |n: usize| json!({ "anyOf": [{ "$ref": format!("#/$defs/{n}") }, { "$ref": format!("#/$defs/{n}") }] });
        let mut parts: serde_json::Map<String, Value> = (0..40).map(|n| (n.to_string(), twice(n + 1))).collect();
        parts.insert("40".to_owned(), json!({ "type": "number" }));
        let schema = json!({ "$ref": "#/$defs/0", "$defs": parts });
        assert!(check(&schema).is_err_and(|why| why.contains("too often")));
        assert!(fits(&schema, &json!({})).is_err());
        for other in [
            json!({ "$ref": "https://example.com/x" }),
            json!({ "$ref": "#name", "$defs": { "a": { "$anchor": "name" } } }),
        ] {
            assert!(check(&other).is_err_and(|why| why.contains("leads to nothing")), "{other}");
        }
        assert!(check(&json!({ "$defs": { "a": { "$id": "https://example.com/a" } } })).is_err());
    }

    #[test]
    fn what_refers_to_itself_and_what_does_not_are_both_asked() {
        let list = json!({ "type": "object", "required": ["to"], "properties": { "to": { "$ref": "#/$defs/a" } }, "$defs": {
            "a": { "type": ["object", "string"], "properties": { "next": { "$ref": "#/$defs/a" } } } } });
        assert!(fits(&list, &json!({ "to": { "next": { "next": "x" } } })).is_ok());
        let refused = fits(&list, &json!({ "to": { "next": { "next": 1 } } })).err().map(|e| e.message);
        assert_eq!(
            refused.as_deref(),
            Some("The outside agent does not take this: it is not what its schema asks for.")
        );
        let plain = json!({ "properties": { "to": { "$ref": "#/$defs/a" } }, "$defs": { "a": { "type": "string" } } });
        assert!(fits(&plain, &json!({ "to": "x" })).is_ok());
        let refused = fits(&plain, &json!({ "to": 1 })).err().map(|e| e.message).unwrap_or_default();
        assert!(refused.starts_with("The outside agent does not take this at /to: "), "{refused}");
    }
}
