//! The tools there are, and the four things that can be asked of one: plan, preview, read, apply.
//!
//! Adding a tool: a file beside this one, a row in [`ALL`], an arm in each `match` below. See CONTRIBUTING.md.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Nature, Repeat, Reversibility, arguments::Arguments, ask_human, search_records, send_email, update_record,
};
use crate::{
    Actor, Error, Result,
    approvals::Preview,
    db::TenantTx,
    ids::{ApprovalId, EffectId, RecordId},
    mail::Mailer,
    providers::ToolSpec,
};

/// A tool as HYVVE knows it.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// `snake_case`, unique.
    pub name: &'static str,
    /// Raised whenever the meaning of its arguments changes; part of what is hashed.
    pub version: i32,
    /// For the model.
    pub description: &'static str,
    /// What kind of thing it does.
    pub nature: Nature,
    schema: fn() -> Value,
}

/// Every tool.
pub const ALL: [Tool; 4] = [
    Tool {
        name: search_records::NAME,
        version: 1,
        description: search_records::DESCRIPTION,
        nature: Nature::Read,
        schema: search_records::schema,
    },
    Tool {
        name: update_record::NAME,
        version: 1,
        description: update_record::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Reversible },
        schema: update_record::schema,
    },
    Tool {
        name: send_email::NAME,
        version: 1,
        description: send_email::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Irreversible },
        schema: send_email::schema,
    },
    Tool {
        name: ask_human::NAME,
        version: 1,
        description: ask_human::DESCRIPTION,
        nature: Nature::Ask,
        schema: ask_human::schema,
    },
];

/// The tool of that name.
pub fn find(name: &str) -> Option<&'static Tool> {
    ALL.iter().find(|t| t.name == name)
}

/// What an action would touch, before anyone has decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// In plain words, made from the arguments.
    pub title: String,
    /// The records that it would change.
    pub targets: Vec<RecordId>,
    /// The version at which each target was looked at.
    pub expected: BTreeMap<RecordId, i32>,
}

/// Why an action could not be carried out. Nothing happened in either case.
#[derive(Clone, PartialEq, Debug)]
pub enum NotApplied {
    /// The target has changed since it was shown.
    Superseded,
    /// Another reason, in a sentence.
    Failed(String),
}

impl Tool {
    /// JSON Schema of the arguments. Tools that act also take a `reason`, which is shown and is no part of what runs.
    pub fn parameters(&self) -> Value {
        let mut schema = (self.schema)();
        if self.acts()
            && let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.insert(
                "reason".to_owned(),
                json!({ "type": "string", "maxLength": 2000, "description": "Why, in one or two sentences, for the person who decides." }),
            );
        }
        schema
    }

    /// Passes the door.
    pub const fn acts(&self) -> bool {
        matches!(self.nature, Nature::Act { .. })
    }

    /// As a model is told of it.
    pub fn spec(&self) -> ToolSpec {
        ToolSpec { name: self.name.to_owned(), description: self.description.to_owned(), parameters: self.parameters() }
    }

    /// How its effect repeats, given how mail is sent here.
    pub fn repeat(&self, mailer: &Mailer) -> Repeat {
        if self.name == send_email::NAME && mailer.has_server() { Repeat::AtMostOnce } else { Repeat::Transactional }
    }
}

/// Runs a tool that only reads. The inner error is a sentence for the model.
pub async fn read(tx: &mut TenantTx, tool: &Tool, arguments: &Arguments) -> Result<Result<Value, String>> {
    match tool.name {
        search_records::NAME => search_records::read(tx, arguments).await,
        other => Err(Error::internal(format!("{other} does not read"))),
    }
}

/// Looks at what an action would touch. The inner error is a sentence for the model.
pub async fn plan(tx: &mut TenantTx, tool: &Tool, arguments: &Arguments) -> Result<Result<Plan, String>> {
    match tool.name {
        update_record::NAME => update_record::plan(tx, arguments).await,
        send_email::NAME => Ok(send_email::plan(arguments)),
        other => Err(Error::internal(format!("{other} does not act"))),
    }
}

/// What an action would do, from the arguments that would run.
pub async fn preview(
    tx: &mut TenantTx,
    tool: &str,
    arguments: &Map<String, Value>,
    expected: &BTreeMap<RecordId, i32>,
    mailer: &Mailer,
) -> Result<Preview> {
    match tool {
        update_record::NAME => update_record::preview(tx, arguments, expected).await,
        send_email::NAME => send_email::preview(arguments, mailer),
        other => Err(Error::internal(format!("{other} does not act"))),
    }
}

/// Carries out a transactional action inside the ledger's transaction. `by` is the proposer.
pub async fn apply(
    tx: &mut TenantTx,
    tool: &str,
    arguments: &Map<String, Value>,
    expected: &BTreeMap<RecordId, i32>,
    by: &Actor,
    approval: ApprovalId,
    effect: EffectId,
) -> Result<Result<Value, NotApplied>> {
    match tool {
        update_record::NAME => update_record::apply(tx, arguments, expected, by, approval).await,
        send_email::NAME => send_email::keep(tx, arguments, effect).await,
        other => Err(Error::internal(format!("{other} does not act in a transaction"))),
    }
}

/// Carries out an action that leaves the building, at most once.
pub async fn perform(mailer: &Mailer, tool: &str, arguments: &Map<String, Value>, effect: EffectId) -> Performed {
    match tool {
        send_email::NAME => send_email::send(mailer, arguments, effect).await,
        other => Performed::Failed(format!("HYVVE has no tool {other}.")),
    }
}

/// How an action that left the building ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Performed {
    /// It happened.
    Done(Value),
    /// It certainly did not.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
}
