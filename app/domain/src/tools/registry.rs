//! The tools there are, and the four things that can be asked of one: plan, preview, read, apply.
//!
//! Adding a tool: a file beside this one, a row in [`ALL`], an arm in each `match` below. See CONTRIBUTING.md.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Nature, Repeat, Reversibility, arguments::Arguments, ask_human, change_policy, create_record, delete_record,
    external, http_request, search_records, send_email, update_record,
};
use crate::{
    Actor, Error, Result,
    approvals::Preview,
    db::TenantTx,
    hidden,
    ids::{ApprovalId, EffectId, RecordId, WorkspaceId},
    mail::Mailer,
    outward::{AllowedHosts, Outward},
    providers::ToolSpec,
    services::Services,
    workspaces::openness::{self, Openness},
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
pub const ALL: [Tool; 9] = [
    Tool {
        name: search_records::NAME,
        version: 1,
        description: search_records::DESCRIPTION,
        nature: Nature::Read,
        schema: search_records::schema,
    },
    Tool {
        name: create_record::NAME,
        version: 1,
        description: create_record::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Irreversible },
        schema: create_record::schema,
    },
    Tool {
        name: update_record::NAME,
        version: 1,
        description: update_record::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Reversible },
        schema: update_record::schema,
    },
    Tool {
        name: delete_record::NAME,
        version: 1,
        description: delete_record::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Reversible },
        schema: delete_record::schema,
    },
    Tool {
        name: send_email::NAME,
        version: 1,
        description: send_email::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Irreversible },
        schema: send_email::schema,
    },
    Tool {
        name: http_request::NAME,
        version: 1,
        description: http_request::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Irreversible },
        schema: http_request::schema,
    },
    Tool {
        name: ask_human::NAME,
        version: 1,
        description: ask_human::DESCRIPTION,
        nature: Nature::Ask,
        schema: ask_human::schema,
    },
    Tool {
        name: change_policy::NAME,
        version: 1,
        description: change_policy::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Reversible },
        schema: change_policy::schema,
    },
    Tool {
        name: external::NAME,
        version: 1,
        description: external::DESCRIPTION,
        nature: Nature::Act { reversibility: Reversibility::Irreversible },
        schema: external::schema,
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
    /// What it is like.
    pub traits: Traits,
}

/// What an action is like, for whoever decides how closely to look at it. No part of what runs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Traits {
    /// Its sort, in words: actions of one tool and one sort are compared with each other.
    pub sort: String,
    /// How large it is, in a unit that is the same for all of its sort.
    pub size: f64,
    /// What it touches that one should not touch lightly, in words.
    pub sensitive: Vec<String>,
    /// What the rules of a policy may ask about, besides what every action has.
    pub fields: Map<String, Value>,
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
    /// JSON Schema of the arguments. Tools that act also take a `reason` and a `confidence`, which are shown and are no part
    /// of what runs.
    pub fn parameters(&self) -> Value {
        let mut schema = (self.schema)();
        if self.acts()
            && let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.insert(
                "confidence".to_owned(),
                json!({ "type": "integer", "minimum": 0, "maximum": 100, "description": "How sure you are that a person would approve this as it stands, in percent." }),
            );
            properties.insert(
                "reason".to_owned(),
                json!({ "type": "string", "maxLength": 2000, "description": "Why, in one or two sentences, for the person who decides." }),
            );
        }
        schema
    }

    /// How many arguments it knows.
    pub fn arguments(&self) -> usize {
        (self.schema)().get("properties").and_then(Value::as_object).map_or(0, Map::len)
    }

    /// An example of what a policy's rules may ask about in its actions.
    pub fn example(&self) -> Map<String, Value> {
        match self.name {
            create_record::NAME => create_record::example(),
            update_record::NAME => update_record::example(),
            delete_record::NAME => delete_record::example(),
            send_email::NAME => send_email::example(),
            http_request::NAME => http_request::example(),
            external::NAME => external::example(),
            _ => Map::new(),
        }
    }

    /// Whether it is for HYVVE's agents; the others are what people propose to each other, and what outside agents propose.
    pub fn is_for_agents(&self) -> bool {
        self.is_governed() && !self.is_done_elsewhere()
    }

    /// Whether policies are about it, and whoever decides may change what it would do.
    pub fn is_governed(&self) -> bool {
        self.name != change_policy::NAME
    }

    /// Whether somebody else does what was approved, and says what became of it.
    pub fn is_done_elsewhere(&self) -> bool {
        self.name == external::NAME
    }

    /// Whether changed arguments, of the same targets, are still about the same thing.
    pub fn keeps(&self, before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
        match self.name {
            create_record::NAME => create_record::keeps(before, after),
            external::NAME => external::keeps(before, after),
            _ => true,
        }
    }

    /// Passes the door.
    pub const fn acts(&self) -> bool {
        matches!(self.nature, Nature::Act { .. })
    }

    /// As a model is told of it.
    pub fn spec(&self) -> ToolSpec {
        ToolSpec { name: self.name.to_owned(), description: self.description.to_owned(), parameters: self.parameters() }
    }

    /// Whether what these arguments would do can be taken back; `None`: it does nothing.
    pub fn reversibility(&self, arguments: &Map<String, Value>) -> Option<Reversibility> {
        match self.nature {
            Nature::Act { .. } if self.name == http_request::NAME => Some(http_request::reversibility(arguments)),
            Nature::Act { .. } if self.name == external::NAME => Some(external::reversibility(arguments)),
            Nature::Act { reversibility } => Some(reversibility),
            Nature::Read | Nature::Ask => None,
        }
    }

    /// Whether there are actions of it that can be taken back.
    pub fn may_be_reversible(&self) -> bool {
        match self.nature {
            Nature::Act { reversibility } => {
                reversibility == Reversibility::Reversible || self.name == http_request::NAME
            }
            Nature::Read | Nature::Ask => false,
        }
    }

    /// Whether a workspace that is so open has a use for it: others are not told of it.
    pub fn is_offered(&self, openness: &Openness) -> bool {
        self.is_for_agents() && (self.name != http_request::NAME || !openness.request_hosts.is_empty())
    }

    /// How its effect repeats, given how mail is sent here.
    pub fn repeat(&self, mailer: &Mailer) -> Repeat {
        match self.name {
            http_request::NAME | external::NAME => Repeat::AtMostOnce,
            send_email::NAME if mailer.has_server() => Repeat::AtMostOnce,
            _ => Repeat::Transactional,
        }
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
pub async fn plan(
    tx: &mut TenantTx,
    tool: &Tool,
    arguments: &Arguments,
    http: &Outward,
) -> Result<Result<Plan, String>> {
    let plan = match tool.name {
        create_record::NAME => create_record::plan(tx, arguments).await?,
        update_record::NAME => update_record::plan(tx, arguments).await?,
        delete_record::NAME => delete_record::plan(tx, arguments).await?,
        send_email::NAME => send_email::plan(arguments),
        http_request::NAME => http_request::plan(arguments, &openness::of(tx).await?.request_hosts, http),
        external::NAME => external::plan(arguments),
        other => return Err(Error::internal(format!("{other} does not act"))),
    };
    // Titles are made of what is in the arguments, and stand where nothing can be marked.
    Ok(plan.map(|plan| Plan { title: hidden::spelled(&plan.title), ..plan }))
}

/// JSON Schema of what runs, with what is known of the thing that it is about: what a form can be made of.
pub(crate) async fn form_schema(tx: &mut TenantTx, tool: &Tool, arguments: &Map<String, Value>) -> Result<Value> {
    match tool.name {
        create_record::NAME => create_record::form_schema(tx, arguments).await,
        update_record::NAME => update_record::form_schema(tx, arguments).await,
        _ => Ok((tool.schema)()),
    }
}

/// Where among the arguments stands what a plan was refused for, as a JSON pointer; empty where nobody can tell.
pub(crate) async fn at_fault(tx: &mut TenantTx, tool: &Tool, arguments: &Map<String, Value>) -> Result<String> {
    match tool.name {
        create_record::NAME => create_record::at_fault(tx, arguments).await,
        update_record::NAME => update_record::at_fault(tx, arguments).await,
        send_email::NAME => Ok(send_email::at_fault(arguments)),
        _ => Ok(String::new()),
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
        create_record::NAME => create_record::preview(tx, arguments).await,
        update_record::NAME => update_record::preview(tx, arguments, expected).await,
        delete_record::NAME => delete_record::preview(tx, arguments, expected).await,
        send_email::NAME => send_email::preview(arguments, mailer),
        change_policy::NAME => change_policy::preview(tx, arguments).await,
        http_request::NAME => http_request::preview(arguments),
        external::NAME => external::preview(arguments),
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
        create_record::NAME => create_record::apply(tx, arguments, by, approval).await,
        update_record::NAME => update_record::apply(tx, arguments, expected, by, approval).await,
        delete_record::NAME => delete_record::apply(tx, arguments, expected, by, approval).await,
        send_email::NAME => send_email::keep(tx, arguments, effect).await,
        change_policy::NAME => change_policy::apply(tx, arguments, approval).await,
        other => Err(Error::internal(format!("{other} does not act in a transaction"))),
    }
}

/// Carries out an action that leaves the building, at most once.
pub async fn perform(
    s: &Services,
    workspace: WorkspaceId,
    tool: &str,
    arguments: &Map<String, Value>,
    effect: EffectId,
) -> Performed {
    match tool {
        send_email::NAME => send_email::send(&s.mailer, arguments, effect).await,
        http_request::NAME => match hosts_now(s, workspace).await {
            Ok(hosts) => http_request::ask(&s.http, &hosts, arguments).await,
            Err(e) => Performed::Failed(format!("Nothing was sent: {}", e.message)),
        },
        other => Performed::Failed(format!("HYVVE has no tool {other}.")),
    }
}

/// The hosts that may be asked at this moment: the list may be shorter than when somebody approved.
async fn hosts_now(s: &Services, workspace: WorkspaceId) -> Result<AllowedHosts> {
    let mut tx = s.db.tenant(&Actor::system(workspace)).await?;
    Ok(openness::of(&mut tx).await?.request_hosts)
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
