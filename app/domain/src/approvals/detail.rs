//! One item with everything that a decision needs, and what people add to it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EffectState, Item, Preview, attachments::Attachment, outside, quorum::Agreement, routing::Factor};
use crate::{
    Timestamp,
    ids::{ApprovalId, GrantId, UserId},
    records::FieldChange,
    said::said,
    usage::Amounts,
};

/// What a proposal's route was decided on, as it was then.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Confidence {
    /// Weighted mean of the factors, 0 to 100.
    pub overall_score: f64,
    /// The calibrated score, 0 to 100, once people have decided often enough.
    pub score: Option<f64>,
    /// What the share of agreement was at least, with 95 % confidence, 0 to 100.
    pub at_least: f64,
    /// Decisions of people behind both.
    pub decisions: i32,
    /// What is known about it.
    pub factors: Vec<Factor>,
    /// Why this look, in a sentence.
    pub because: String,
    /// The version of the policy that routed; 0 is what HYVVE ships with.
    pub policy_version: i32,
}

/// A look afterwards at what went on by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// What a person said; `None` as long as nobody has looked. Until then the confidence is not shown.
    pub agreed: Option<bool>,
    /// Who.
    pub by: Option<String>,
    /// What he or she said about it.
    pub note: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Something that happened to an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// `proposed`, `approved`, `rejected`, `withdrawn`, `superseded`, `cancelled`, `escalated`, `effect_done`, `settled_done`, …
    pub what: String,
    /// Who: a name; `None` for HYVVE itself.
    pub who: Option<String>,
    /// A note or a reason.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The effect of an approved item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// Where it stands.
    pub state: EffectState,
    /// Until when the decision can be taken back.
    pub not_before: Timestamp,
    /// What it did.
    pub result: Option<Value>,
    /// Why it did not.
    pub error: Option<String>,
    /// When it ended, or when nobody knew any more.
    pub ended_at: Option<Timestamp>,
    /// Who found out how it ended, where HYVVE did not know.
    pub settled: Option<Settled>,
}

/// What a person found out about an effect of unknown outcome.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// The person's name; `None` when he or she is gone.
    pub by: Option<String>,
    /// What he or she says about it.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An item with everything that a decision needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema), schemars(rename = "ApprovalDetail"))]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The row.
    #[serde(flatten)]
    pub item: Item,
    /// What would happen.
    pub preview: Preview,
    /// The arguments exactly as they will run.
    pub arguments: Value,
    /// Why, in the proposer's words; nobody checked them.
    pub reason: Option<String>,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    /// The newest effect.
    pub effect_detail: Option<Effect>,
    /// Who decided, if a person did.
    pub decided_by: Option<String>,
    /// Why the reader may not decide; `None` when he or she may.
    pub blocked: Option<String>,
    /// What its route was decided on; `None` for what people proposed, and hidden from whoever is asked for a look afterwards.
    pub confidence: Option<Confidence>,
    /// The standing grant that let it go on by itself.
    pub grant_id: Option<GrantId>,
    /// Whether it is looked at afterwards.
    pub sample: Option<Sample>,
    /// Who may decide, as things are, in sentences, while it waits.
    pub who_decides: Vec<String>,
    /// What its run's calls of models have cost so far; `None` where no run proposed it.
    pub cost: Option<Amounts>,
    /// How far those have come who have to agree, while it waits; `None` where one person's word is enough.
    pub agreement: Option<Agreement>,
    /// What the proposer refers to.
    pub attachments: Vec<Attachment>,
    /// The item that a person changed into this one.
    pub edited_from: Option<ApprovalId>,
    /// The item that a person made of this one.
    pub edited_to: Option<ApprovalId>,
    /// What that person changed, argument by argument: from what was proposed to what is to run instead.
    #[serde(default)]
    pub edits: Vec<FieldChange>,
    /// What the outside agent said with it, if one proposed it.
    pub outside: Option<outside::Outside>,
    /// What people say about it, oldest first.
    pub comments: Vec<Comment>,
}

/// What somebody says about an item to the others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Who; `None` when he or she is gone.
    pub by: Option<String>,
    /// Plain text.
    pub body: String,
    /// Whom it mentions, in the text's order.
    #[serde(default)]
    pub mentions: Vec<Mention>,
    /// When.
    pub at: Timestamp,
}

/// A person's name in a comment, which he or she was told of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Mention {
    /// Who.
    pub user_id: UserId,
    /// Where the `@` stands in the text, in characters.
    pub start: usize,
    /// How many characters it has with the `@`.
    pub length: usize,
}

/// Who looks at an item and until when; what is missing stays as it is, `null` takes it away.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Care {
    /// Who is to look at it: somebody who may decide.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<Option<UserId>>,
    /// When somebody has to have decided.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Option<Timestamp>>,
    /// Until when nobody wants to see it.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Option<Timestamp>>,
}
