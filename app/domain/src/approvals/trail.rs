//! What the audit log says of an item: what would run, and what its route was decided on, as it was then.
//!
//! Whoever looks afterwards at what went on by itself judges the action and not the score, and may read the log as well. So the
//! figures of what goes on by itself are kept back until nobody is asked any more who should not know them: beginning with the
//! proposal's entry, since it is not known yet whether somebody will look. The first entry that may tell them tells all of them.

use serde_json::{Map, Value, json};

use super::{
    Status,
    routing::{Factor, Review},
    store::Locked,
};
use crate::{
    audit::Entry,
    db::TenantTx,
    ids::{ApprovalId, GrantId, RunId},
};

/// What every entry says of an item.
pub(super) struct Facts<'a> {
    pub(super) tool: &'a str,
    pub(super) hash: &'a [u8],
    pub(super) run: Option<RunId>,
    pub(super) review: Review,
    /// The version of the policy that held when it was proposed.
    pub(super) policy: Option<i32>,
    /// The standing grant that covered it.
    pub(super) grant: Option<GrantId>,
}

impl Facts<'_> {
    /// As an entry has them.
    pub(super) fn tell(&self) -> Value {
        let mut facts = json!({
            "tool": self.tool, "hash": hex::encode(self.hash), "run": self.run, "review": self.review,
        });
        if let Some(policy) = self.policy {
            facts["policyVersion"] = json!(policy);
        }
        if let Some(grant) = self.grant {
            facts["grant"] = json!(grant);
        }
        facts
    }
}

impl<'a> From<&'a Locked> for Facts<'a> {
    fn from(item: &'a Locked) -> Self {
        Self {
            tool: &item.tool,
            hash: item.agreed_hash(),
            run: item.run,
            review: item.review,
            policy: item.policy,
            grant: item.grant,
        }
    }
}

/// What a route was decided on.
pub(super) struct Figures<'a> {
    pub(super) score: Option<f64>,
    pub(super) overall_score: f64,
    /// 0 to 1.
    pub(super) at_least: f64,
    pub(super) decisions: i64,
    pub(super) factors: &'a [Factor],
}

impl Figures<'_> {
    /// Adds them to the facts of an entry.
    pub(super) fn tell(&self, facts: &mut Value) {
        let factor = |f: &Factor| (f.factor.clone(), json!({ "score": f.score, "weight": f.weight }));
        facts["score"] = json!(self.score);
        let routing = &mut facts["routing"];
        routing["score"] = json!(self.score);
        routing["overallScore"] = json!(self.overall_score);
        routing["atLeast"] = json!(self.at_least);
        routing["decisions"] = json!(self.decisions);
        routing["factors"] = Value::Object(self.factors.iter().map(factor).collect::<Map<_, _>>());
    }
}

/// Whether its figures have not been told: it may go on by itself and be looked at afterwards, or waits for such a look.
fn is_kept_back(item: &Locked) -> bool {
    item.sampled || (item.status == Status::Pending && item.review == Review::Auto)
}

/// What an entry says of an item; its score too, unless that is kept back.
pub(super) fn facts(item: &Locked) -> Value {
    let mut facts = Facts::from(item).tell();
    if let Some(confidence) = item.confidence.as_ref().filter(|_| !is_kept_back(item)) {
        facts["score"] = json!(confidence.score);
    }
    facts
}

/// The same, of something after which nobody looks at it who should not know its score: what was kept back is told now.
pub(super) fn told(item: &Locked) -> Value {
    if is_kept_back(item) { whole(item) } else { facts(item) }
}

fn whole(item: &Locked) -> Value {
    let mut facts = Facts::from(item).tell();
    if let Some(confidence) = &item.confidence {
        let figures = Figures {
            score: confidence.score,
            overall_score: confidence.overall_score,
            at_least: item.at_least.unwrap_or(0.0),
            decisions: i64::from(confidence.decisions),
            factors: &confidence.factors,
        };
        figures.tell(&mut facts);
    }
    facts
}

/// Writes down that what would have gone on by itself waits for people after all, for which look, and why.
pub(super) fn routed(tx: &mut TenantTx, id: ApprovalId, item: &Locked, review: Review, why: &str) {
    let mut facts = whole(item);
    facts["review"] = json!(review);
    facts["because"] = json!(why);
    tx.audit(Entry::new("approval.routed", "approval", id.0).details(facts));
}
