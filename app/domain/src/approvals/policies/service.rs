//! Reading and changing policies.

use serde_json::{Map, Value, json};

use super::{Changed, Draft, EVERY_TOOL, Policy, check, rules, store};
use crate::{
    Actor, Code, Error, Result, Role,
    approvals::{
        propose::{self, Source},
        routing::{Floor, Review},
    },
    audit::Entry,
    db::TenantTx,
    events,
    ids::{ApprovalId, UserId},
    services::Services,
    tools::{
        arguments::Arguments,
        change_policy,
        registry::{self, Plan, Tool, Traits},
    },
    workspaces::members,
};

/// The most rules of one policy.
const MAX_RULES: usize = 50;
/// Proposals whose fields a new rule is tried on.
const TRIED_ON: i64 = 50;

/// The policies that hold: for all tools first, then for each tool that has its own.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Policy>> {
    actor.require(Role::can_decide, "see policies")?;
    let mut tx = s.db.tenant(actor).await?;
    let mut policies = store::newest(&mut tx).await?;
    if !policies.iter().any(|policy| policy.tool == EVERY_TOOL) {
        policies.insert(0, Policy::shipped(EVERY_TOOL));
    }
    policies.sort_by_key(|policy| (policy.tool != EVERY_TOOL, policy.tool.clone()));
    Ok(policies)
}

/// Names of the tools that a policy can be about.
pub fn tools() -> Vec<&'static str> {
    registry::ALL.iter().filter(|tool| tool.acts() && tool.is_governed()).map(|tool| tool.name).collect()
}

/// The policy that routes a tool's actions.
pub(crate) async fn in_force(tx: &mut TenantTx, tool: &str) -> Result<Policy> {
    Ok(store::in_force(tx, tool).await?.unwrap_or_else(|| Policy::shipped(tool)))
}

/// The closer look of two.
pub(super) fn closer(one: Option<Floor>, other: Option<Floor>) -> Option<Floor> {
    [one, other].into_iter().flatten().max_by_key(|floor| floor.review)
}

/// What a policy says about one action: the least look that it gets, and names of the rules that apply.
pub(crate) fn ask(policy: &Policy, fields: &Map<String, Value>) -> (Option<Floor>, Vec<String>) {
    let verdict = rules::ask(&policy.rules, fields);
    (closer(verdict.floor, policy.handling.floor()), verdict.names)
}

/// Whether an expression holds for an action.
pub(crate) fn holds(when: &str, fields: &Map<String, Value>) -> bool {
    rules::holds(when, fields)
}

/// Refuses an expression that is no good for a tool's actions; the error is about this field.
pub(crate) async fn check_expression(tx: &mut TenantTx, tool: &str, field: &str, when: &str) -> Result<()> {
    rules::check_expression(field, when, &examples(tx, tool).await?)
}

/// Changes a policy: at once where nobody else could approve it, else as a proposal that somebody else decides on.
pub async fn change(s: &Services, actor: &Actor, draft: Draft) -> Result<Changed> {
    let user = actor.require(Role::can_decide, "change policies")?;
    let mut tx = s.db.tenant(actor).await?;
    let draft = checked(&mut tx, draft).await?;
    let before = newest(&mut tx, &draft.tool).await?;
    if Draft::from(before.clone()) == draft {
        return Err(Error::invalid("tool", "unchanged", "This is what holds already."));
    }
    // Whoever asks is one of them.
    if members::who_decides(&mut tx).await?.len() < 2 {
        hold(&mut tx, &draft, before.version, user, None).await?;
        tx.commit().await?;
        return Ok(Changed { version: Some(before.version + 1), approval_id: None });
    }
    let (tool, arguments, plan) = as_action(user, &draft, before.version)?;
    let source = Source {
        requester: user,
        run: None,
        tool_call_id: None,
        setup: String::new(),
        agent: None,
        attachments: Vec::new(),
    };
    let proposed = propose::propose(&mut tx, tool, &arguments, &plan, source).await?;
    tx.commit().await?;
    Ok(Changed { version: None, approval_id: Some(proposed.id) })
}

/// The newest version of a tool's own policy.
pub(crate) async fn newest(tx: &mut TenantTx, tool: &str) -> Result<Policy> {
    let found = store::newest(tx).await?.into_iter().find(|policy| policy.tool == tool);
    Ok(found.unwrap_or_else(|| Policy::shipped(tool)))
}

/// A tool's own policy in one version.
pub(crate) async fn version(tx: &mut TenantTx, tool: &str, version: i32) -> Result<Policy> {
    Ok(store::version(tx, tool, version).await?.unwrap_or_else(|| Policy::shipped(tool)))
}

/// Lets a policy hold from now on, inside a running transaction; an error when it has changed meanwhile.
pub(crate) async fn hold(
    tx: &mut TenantTx,
    draft: &Draft,
    after: i32,
    by: UserId,
    approval: Option<ApprovalId>,
) -> Result<i32> {
    if !store::add(tx, draft, after, by, approval).await? {
        return Err(Error::new(Code::Conflict, "Somebody has changed this policy meanwhile. Look at it again."));
    }
    let version = after + 1;
    let details = json!({ "tool": draft.tool, "version": version, "thresholds": draft.thresholds, "rules": draft.rules, "handling": draft.handling, "by": by, "approval": approval });
    tx.audit(Entry::new("approval_policy.changed", "workspace", tx.workspace().0).details(details));
    let changed = events::payload::PolicyChanged { tool: draft.tool.clone(), version };
    tx.emit(events::Draft::new(events::DomainEvent::ApprovalPolicyChanged(changed), tx.workspace()));
    Ok(version)
}

fn as_action(by: UserId, draft: &Draft, after: i32) -> Result<(&'static Tool, Arguments, Plan)> {
    let tool = registry::find(change_policy::NAME).ok_or_else(|| Error::internal("no tool changes policies"))?;
    let values = change_policy::arguments(draft, after, by)?;
    let plan = change_policy::plan(draft);
    Ok((tool, Arguments { values, reason: None, confidence: None }, plan))
}

/// Checks a draft as somebody wants it.
pub(super) async fn checked(tx: &mut TenantTx, mut draft: Draft) -> Result<Draft> {
    let tool = registry::find(&draft.tool);
    if draft.tool != EVERY_TOOL && !tool.is_some_and(|tool| tool.acts() && tool.is_governed()) {
        return Err(Error::invalid("tool", "unknown", "There is no such tool that acts."));
    }
    check::thresholds(&draft.thresholds)?;
    check::handling(tx, &draft.handling).await?;
    if draft.rules.len() > MAX_RULES {
        return Err(Error::invalid("rules", "maxItems", format!("At most {MAX_RULES} rules, please.")));
    }
    let examples = examples(tx, &draft.tool).await?;
    for (place, rule) in draft.rules.iter_mut().enumerate() {
        check::name(rule, place)?;
        if rule.review == Review::Auto {
            let field = format!("rules[{place}].review");
            return Err(Error::invalid(&field, "range", "A rule asks for a quick or a full review."));
        }
        rules::check(rule, place, &examples)?;
    }
    Ok(draft)
}

/// What the actions of a tool look like: an example of each tool's own, and the newest that agents proposed.
async fn examples(tx: &mut TenantTx, tool: &str) -> Result<Vec<Map<String, Value>>> {
    let tools = registry::ALL.iter().filter(|t| t.acts() && t.is_governed() && (tool == EVERY_TOOL || t.name == tool));
    let mut examples: Vec<_> = tools
        .map(|t| {
            let mut fields = t.example();
            let traits = Traits { sort: "sort".to_owned(), size: 1.0, ..Traits::default() };
            propose::common(&mut fields, t, "Agent", &traits, true);
            fields
        })
        .collect();
    examples
        .extend(store::past(tx, tool, TRIED_ON).await?.into_iter().map(|past| past.fields).filter(|f| !f.is_empty()));
    Ok(examples)
}
