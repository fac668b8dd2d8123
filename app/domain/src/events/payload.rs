//! What events say beside their subject: the payload of each type. Whoever emits one fills these structs, and the documentation is made
//! of them, so the two cannot differ. No secrets, no personal data: events leave the building.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Role,
    approvals::{Care, outside::DecisionKind, routing::Review},
    ids::{AgentId, ApprovalId, RunId, UserId},
    notifications::Kind,
    webhooks::Because,
};

/// Nothing: the type and the subject say all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Nothing {}

/// The proposal that it is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct OfApproval {
    /// What would be done, in a few words.
    pub title: String,
    /// The run that proposed it; null for a proposal of a person or of an outside agent.
    pub run: Option<RunId>,
    /// The name of the tool that does it; `external` is what an outside agent does itself.
    pub tool: String,
    /// What the outside agent calls it; missing if HYVVE does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub action: Option<String>,
    /// SHA-256 of exactly what would be done, hexadecimal.
    pub hash: String,
}

/// A decision on a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// What would be done, in a few words.
    pub title: String,
    /// The run that proposed it; null for a proposal of a person or of an outside agent.
    pub run: Option<RunId>,
    /// The name of the tool that does it; `external` is what an outside agent does itself.
    pub tool: String,
    /// What the outside agent calls it; missing if HYVVE does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub action: Option<String>,
    /// SHA-256 of exactly what was decided on, hexadecimal: an outside agent does that, or nothing.
    pub hash: String,
    /// What was decided, in the words in which an outside agent says what it understands. An approval counts from `effect.executing`
    /// on: until then it can be taken back, or waits for others.
    pub verdict: DecisionKind,
    /// The proposal that takes its place; missing if nobody changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ApprovalId")]
    pub replaced_by: Option<ApprovalId>,
}

/// A proposal that has just been made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// What would be done, in a few words.
    pub title: String,
    /// The name of the tool that would do it.
    pub tool: &'static str,
    /// What the outside agent calls it; missing if HYVVE does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub action: Option<String>,
    /// SHA-256 of exactly what would be done, hexadecimal.
    pub hash: String,
    /// The run that proposed it; null for a proposal of a person or of an outside agent.
    pub run: Option<RunId>,
    /// How closely people look before it is carried out.
    pub review: Review,
    /// The person who is asked to decide; missing if it is nobody in particular, or was said when it was first proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "UserId")]
    pub assignee_id: Option<UserId>,
    /// The role of which anybody is asked to decide; missing if it is nobody in particular, or was said when it was first proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Role")]
    pub assigned_role: Option<Role>,
}

/// A proposal on which nobody has decided yet, and who is asked to from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What would be done, in a few words.
    pub title: String,
    /// The run that proposed it; null for a proposal of a person or of an outside agent.
    pub run: Option<RunId>,
    /// The person who is asked to decide; missing if it is nobody in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "UserId")]
    pub assignee_id: Option<UserId>,
    /// The role of which anybody is asked to decide; missing if it is nobody in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Role")]
    pub assigned_role: Option<Role>,
}

/// A proposal that was handed over or put off.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Assigned {
    /// What would be done, in a few words.
    pub title: String,
    /// The run that proposed it; null for a proposal of a person or of an outside agent.
    pub run: Option<RunId>,
    /// What has changed; what is missing stayed as it was, null was taken away.
    pub changes: Care,
}

/// A policy that holds from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct PolicyChanged {
    /// The name of the tool whose actions it routes.
    pub tool: String,
    /// The policy's version, from 1.
    pub version: i32,
}

/// A standing grant that was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Granted {
    /// The agent that it is for.
    pub agent: AgentId,
    /// The name of the tool whose actions it covers.
    pub tool: String,
}

/// A standing grant that was ended before its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct GrantRevoked {
    /// The agent that it was for.
    pub agent: AgentId,
    /// The name of the tool whose actions it covered.
    pub tool: String,
    /// How often it was used.
    pub used: i32,
}

/// Trust that was dropped.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CalibrationReset {
    /// The name of the tool whose actions it is about.
    pub tool: String,
    /// The agent.
    pub agent: Uuid,
    /// A digest of the model and the instructions that the agent had.
    pub setup: String,
    /// The share of agreement that the workspace asks for, 0 to 1.
    pub target: f64,
}

/// A run of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct OfRun {
    /// The agent that runs.
    pub agent: AgentId,
}

/// A new record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RecordCreated {
    /// The collection’s short name.
    pub collection: String,
    /// The proposal that was carried out with it.
    pub approval: ApprovalId,
}

/// Another version of a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RecordUpdated {
    /// The collection’s short name.
    pub collection: String,
    /// The record’s version from now on.
    pub version: i32,
    /// The names of the fields that have changed.
    pub fields: Vec<String>,
    /// The proposal that was carried out with it, if it was one.
    pub approval: Option<ApprovalId>,
}

/// The end of a record; its history stays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RecordDeleted {
    /// The collection’s short name.
    pub collection: String,
    /// The version with which it ends.
    pub version: i32,
    /// The proposal that was carried out with it.
    pub approval: ApprovalId,
}

/// A record that is there again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RecordRestored {
    /// The collection’s short name.
    pub collection: String,
    /// The record’s version from now on.
    pub version: i32,
}

/// A change of settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// What was done, by the audit log’s name for it, such as `ai_provider.updated`, `agent.updated` or `budget.set`.
    pub action: &'static str,
}

/// A role that somebody has from now on, or is invited to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct OfRole {
    /// The role.
    pub role: Role,
}

/// A budget of which much is spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct BudgetAlerted {
    /// How much of the month’s limit, in percent: the highest mark that was passed.
    pub percent: i16,
}

/// A price list that has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct PriceSet {
    /// The version of the workspace’s price list that begins with it.
    pub version: i32,
}

/// A webhook that hears of nothing any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct WebhookDisabled {
    /// Why.
    pub because: Because,
}

/// Something that a person, or everybody who may decide, was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Notified {
    /// What it is about.
    pub kind: Kind,
}

/// An event with which a part of HYVVE could not deal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct OfDeadLetter {
    /// The part of HYVVE that could not deal with it.
    pub consumer: String,
}
