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
use crate::{Error, Result, canonical, tools::foreign_schema::ForeignSchema};

/// The most actions of one interrupt.
const MAX_ACTIONS: usize = 50;
/// The most bytes of one schema: it is kept with each of its actions.
const MAX_SCHEMA: usize = 64 * 1024;
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
            ForeignSchema::read(schema).map_err(|why| Error::invalid(&field, "schema", why))?;
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
    let checked = ForeignSchema::read(schema).map_err(Error::internal)?.check(arguments);
    let message = |why| format!("The outside agent does not take this{why}");
    checked.map_err(|why| Error::invalid("arguments", "schema", message(why)))
}
