//! Making a proposal: what is known about it is scored, and decides how closely people look.

use serde_json::{Map, Value, json};

use super::{
    assignment::{self, Asked},
    attachments::Attachment,
    calibration_store as calibrated, decisions_store,
    grants::service::{self as grants, Covered},
    policies::{Policy, service as policies},
    policy::Parties,
    proposal::{Proposal, Sealed},
    routing::{self, Assessment, Estimate, Facts, Review, Routed, calibration},
    store::{self, NewRow},
    trail,
};
use crate::{
    Error, Result, Who,
    audit::Entry,
    canonical,
    db::TenantTx,
    events::{DomainEvent, Draft, payload::Requested},
    ids::{AgentId, ApprovalId, RunId, UserId},
    notifications::service as notifications,
    tools::{
        Reversibility,
        arguments::Arguments,
        registry::{Plan, Tool, Traits},
    },
};

/// Characters of a fingerprint of instructions.
const FINGERPRINT: usize = 8;

/// Where a proposal comes from.
pub(crate) struct Source<'a> {
    pub(crate) requester: UserId,
    pub(crate) run: Option<RunId>,
    pub(crate) tool_call_id: Option<&'a str>,
    /// The proposing agent's model and instructions (see [`setup`]); empty for people.
    pub(crate) setup: String,
    /// The proposing agent's name.
    pub(crate) agent: Option<&'a str>,
    /// What it refers to.
    pub(crate) attachments: Vec<Attachment>,
}

/// A proposal that was made.
pub(crate) struct Proposed {
    pub(crate) id: ApprovalId,
    /// [`Review::Auto`] goes on as soon as the transaction has committed and somebody is told of work.
    pub(crate) review: Review,
}

/// What a proposal's route was decided on.
pub(super) struct Routing {
    pub(super) assessment: Assessment,
    pub(super) estimate: Estimate,
    pub(super) routed: Routed,
    /// The standing grant that covers it, where nothing else lets it go on by itself.
    pub(super) grant: Option<Covered>,
}

/// An agent's model and its instructions, as far as trust in it depends on them.
pub(crate) fn setup(model: &str, instructions: &str) -> String {
    let fingerprint = hex::encode(canonical::sha256(instructions.as_bytes()));
    format!("{model}#{}", &fingerprint[..FINGERPRINT])
}

/// What a policy's rules may ask about every action.
pub(super) fn common(fields: &mut Map<String, Value>, tool: &Tool, agent: &str, traits: &Traits, reversible: bool) {
    let own = [
        ("tool", json!(tool.name)),
        ("agent", json!(agent)),
        ("sort", json!(traits.sort)),
        ("size", json!(traits.size)),
        ("reversible", json!(reversible)),
    ];
    fields.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// Makes a pending item inside a running transaction; the transaction's actor is the proposer. What an agent proposes is
/// routed; what people propose to each other always gets a full review.
pub(crate) async fn propose(
    tx: &mut TenantTx,
    tool: &Tool,
    arguments: &Arguments,
    plan: &Plan,
    source: Source<'_>,
) -> Result<Proposed> {
    let actor = *tx.actor();
    let reversibility = tool
        .reversibility(&arguments.values)
        .ok_or_else(|| Error::internal(format!("{} does not pass the door", tool.name)))?;
    let reversible = reversibility == Reversibility::Reversible;
    let proposal = Proposal::new(tx.workspace(), tool, arguments.values.clone(), plan);
    let sealed = proposal.with(source.attachments.clone()).seal()?;
    let id = ApprovalId::new();
    let proposer_id = actor.id().ok_or_else(|| Error::internal("HYVVE itself proposes nothing"))?;
    let mut fields = plan.traits.fields.clone();
    common(&mut fields, tool, source.agent.unwrap_or_default(), &plan.traits, reversible);
    let policy = policies::in_force(tx, tool.name).await?;
    let routing = match actor.who {
        Who::Agent { agent, .. } => {
            let cell = (tool, agent.0, source.setup.as_str());
            Some(routing(tx, &policy, cell, arguments, plan, &fields, reversible).await?)
        }
        Who::User { .. } | Who::System => None,
    };
    let review = routing.as_ref().map_or(Review::Full, |r| r.routed.review);
    let parties = Parties::of(actor.kind(), proposer_id, source.requester, policy.handling.requester_barred);
    // What goes on by itself asks nobody.
    let asks = policy.handling.assignment.as_ref().filter(|_| review != Review::Auto);
    let asked = match asks {
        Some(whom) => assignment::choose(tx, whom, &parties, &plan.targets, None).await?,
        None => Asked::default(),
    };
    store::insert(
        tx,
        &NewRow {
            id,
            tool: tool.name,
            tool_version: tool.version,
            title: &plan.title,
            reversibility,
            sealed: &sealed,
            reason: arguments.reason.as_deref(),
            proposer_kind: actor.kind(),
            proposer_id,
            source: &source,
            review,
            routing: routing.as_ref(),
            policy: policy.version,
            grant: routing.as_ref().and_then(|r| r.grant.as_ref()).map(|grant| grant.id),
            fields: Value::Object(fields),
            sort: &plan.traits.sort,
            size: plan.traits.size,
            handling: &policy.handling,
            asked: &asked,
            edited: None,
        },
    )
    .await?;
    if let Some(words) = &asked.words {
        decisions_store::insert(tx, id, "assigned", None, Some(words), &sealed.hash).await?;
    }
    say(tx, (id, tool, plan, &sealed), &source, policy.version, routing.as_ref(), &asked);
    if review != Review::Auto {
        notifications::something_waits(tx).await?;
        if let Some(person) = asked.person {
            assignment::notify(tx, (id, &plan.title), person, "by rule").await?;
        }
    }
    Ok(Proposed { id, review })
}

fn say(
    tx: &mut TenantTx,
    (id, tool, plan, sealed): (ApprovalId, &Tool, &Plan, &Sealed),
    source: &Source<'_>,
    policy: i32,
    routing: Option<&Routing>,
    asked: &Asked,
) {
    let review = routing.map_or(Review::Full, |r| r.routed.review);
    let grant = routing.and_then(|r| r.grant.as_ref());
    let (hash, run) = (sealed.hash.as_slice(), source.run);
    let item =
        trail::Facts { tool: tool.name, hash, run, review, policy: Some(policy), grant: grant.map(|grant| grant.id) };
    let mut facts = item.tell();
    asked.tell(&mut facts);
    if let Some(Routing { assessment, estimate, routed, .. }) = routing {
        facts["routing"] = json!({ "review": review, "policyVersion": policy });
        if let Some(Covered { id, used, max_uses, .. }) = grant {
            facts["routing"]["grant"] = json!({ "id": id, "used": used, "maxUses": max_uses });
        }
        // Somebody may be asked to judge it afterwards, without these.
        if review != Review::Auto {
            let figures = trail::Figures {
                score: routed.score,
                overall_score: assessment.overall_score,
                at_least: estimate.at_least,
                decisions: i64::from(estimate.decisions),
                factors: &assessment.factors,
            };
            figures.tell(&mut facts);
        }
    }
    tx.audit(Entry::new("approval.requested", "approval", id.0).details(facts));
    let requested = Requested {
        title: plan.title.clone(),
        tool: tool.name,
        action: tool.is_done_elsewhere().then(|| plan.traits.sort.clone()),
        hash: hex::encode(hash),
        run: source.run,
        review,
        assignee_id: asked.person,
        assigned_role: asked.role,
    };
    tx.emit(Draft::new(DomainEvent::ApprovalRequested(requested), id).only_for(source.requester));
}

/// Scores and routes what an agent proposes.
async fn routing(
    tx: &mut TenantTx,
    policy: &Policy,
    (tool, agent, setup): (&Tool, uuid::Uuid, &str),
    arguments: &Arguments,
    plan: &Plan,
    fields: &Map<String, Value>,
    reversible: bool,
) -> Result<Routing> {
    let (floor, rules) = policies::ask(policy, fields);
    let (cell, all) = calibrated::cell(tx, tool.name, agent, setup).await?;
    let known = calibrated::sort(tx, tool.name, &plan.traits.sort).await?;
    let total = cell.total();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let facts = Facts {
        stated: arguments.confidence,
        agreed: total.agreed,
        disagreed: total.disagreed,
        reversible,
        size: known.beside(plan.traits.size),
        seen: known.agreed,
        refused: known.disagreed,
        sort: plan.traits.sort.clone(),
        sensitive: plan.traits.sensitive.clone(),
        given: count(arguments.values.len()),
        possible: count(tool.arguments()),
        reason: arguments.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty()),
        rules,
    };
    let assessment = routing::assess(&facts);
    let estimate = cell.estimate(all, calibration::band(assessment.evidence));
    let asked = floor.is_some();
    let mut routed = routing::route(&estimate, reversible, &policy.thresholds, floor);
    // Where nobody asks for a closer look than was earned, a person's word in advance is enough for what can be taken back.
    let granted = reversible && !asked && routed.review != Review::Auto;
    // Whoever asks for this and may not decide on it has not decided on it in advance either.
    let barred = tx.actor().user_id().filter(|_| policy.handling.requester_barred);
    let grant = if granted { grants::cover(tx, AgentId(agent), tool.name, fields, barred).await? } else { None };
    if let Some(Covered { why, .. }) = &grant {
        (routed.review, routed.why) = (Review::Auto, why.clone());
    }
    Ok(Routing { assessment, estimate, routed, grant })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_or_other_instructions_are_another_setup() {
        let one = setup("model", "Be kind.");
        assert_eq!(one, setup("model", "Be kind."));
        assert!(one.starts_with("model#") && one.len() == "model#".len() + FINGERPRINT);
        assert_ne!(one, setup("model-2", "Be kind."));
        assert_ne!(one, setup("model", "Be quick."));
    }
}
