//! Changing what would run before approving it. The item that was proposed ends, and one with the changed arguments takes its
//! place: with a hash of its own, still proposed by the agent, approved by whoever changed it.

use serde_json::{Map, Value, json};

use super::{
    Detail, Status, decisions_store,
    door::{self, Approval, say},
    form::{self, Field},
    outcomes::{already_decided, checked, decided, find_to_decide, moved_on, supersede},
    outside::{DecisionKind, service as outside},
    policies::service as policies,
    policy::{self, Decider},
    proposal::Proposal,
    propose::{self, Source},
    routing::{
        Review,
        learn::{From, learn},
    },
    service::get,
    states::Happening,
    store::{self, Locked, NewRow},
    trail,
};
use crate::{
    Actor, Code, Error, Result, agents,
    audit::Entry,
    canonical,
    db::TenantTx,
    events::{
        DomainEvent, Draft,
        payload::{Decided, Requested},
    },
    ids::{ApprovalId, UserId},
    services::Services,
    tools::{
        Reversibility,
        arguments::{self, Misfit},
        registry,
    },
};

/// A change on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Edit {
    /// All arguments as they are to run.
    pub arguments: Map<String, Value>,
    /// A note.
    pub note: Option<String>,
    /// The hash that the editor was shown.
    pub hash: Option<String>,
    /// Done in the browser: the effect waits for the time in which it can be undone.
    pub interactive: bool,
}

/// Changes an item's arguments and approves what comes of it, or gives the first of several votes. Answers the new item.
///
/// # Errors
/// Arguments that do not fit the tool, that change nothing or that are about something else are refused with a sentence;
/// so is whatever [`door::decide`] refuses.
pub async fn edit(s: &Services, actor: &Actor, id: ApprovalId, edit: Edit) -> Result<Detail> {
    let note = checked("notes", edit.note.as_deref())?;
    let mut tx = s.db.tenant(actor).await?;
    let item = find_to_decide(&mut tx, actor, id).await?;
    let user = policy::person(actor, &item)?;
    if item.status != Status::Pending {
        return Err(already_decided(&mut tx, id, &item).await?);
    }
    if edit.hash.as_deref().is_some_and(|shown| shown != hex::encode(&item.hash)) {
        return Err(Error::new(Code::Conflict, "This is not what you were shown. Look at it again, then decide."));
    }
    outside::allow(&mut tx, id, &item, DecisionKind::Edit).await?;
    // What comes of the change would be of the record as it is now, and whoever changes it was shown the record as it was.
    let shown = item.proposal(tx.workspace())?;
    if moved_on(&mut tx, &shown).await? {
        return supersede(s, tx, id, &item).await;
    }
    let new = Box::pin(replace(&mut tx, s, id, &item, user, edit.arguments, note.as_deref())).await?;
    let changed = store::look(&mut tx, new).await?.ok_or_else(|| Error::internal("an item that was just made"))?;
    // Who may decide on it is what the policy says now, and not what it said of the old one.
    policy::person(actor, &changed)?;
    let yes = Approval { by: Decider::Person(user), note, undo: edit.interactive };
    Box::pin(door::approve(&mut tx, s, new, &changed, yes)).await?;
    tx.commit().await?;
    s.hub.poke_work();
    get(s, actor, new).await
}

/// The fields of the form that changes what an item would do; none where that cannot be changed. What an outside agent wants to do has
/// no schema here: its fields are the values that there are.
pub async fn fields(s: &Services, actor: &Actor, detail: &Detail) -> Result<Vec<Field>> {
    let tool = registry::find(&detail.item.tool).filter(|tool| tool.is_governed());
    let Some((tool, arguments)) = tool.zip(detail.arguments.as_object()) else { return Ok(Vec::new()) };
    if tool.is_done_elsewhere() {
        return Ok(form::fields(None, arguments));
    }
    let mut tx = s.db.tenant(actor).await?;
    let schema = registry::form_schema(&mut tx, tool, arguments).await?;
    Ok(form::fields(Some(&schema), arguments))
}

/// Ends the item and makes the one that takes its place.
async fn replace(
    tx: &mut TenantTx,
    s: &Services,
    id: ApprovalId,
    item: &Locked,
    user: UserId,
    values: Map<String, Value>,
    note: Option<&str>,
) -> Result<ApprovalId> {
    let wrong = |constraint: &str, why: String| Error::invalid("arguments", constraint, why);
    let tool = registry::find(&item.tool)
        .filter(|tool| tool.is_governed())
        .ok_or_else(|| wrong("notEditable", "This cannot be changed; reject it instead.".to_owned()))?;
    let before = item.proposal(tx.workspace())?;
    let values = Value::Object(values);
    // Of an outside agent, what stands beside them is the action's name.
    let own = values.get("arguments").filter(|_| tool.is_done_elsewhere());
    if canonical::to_vec(own.unwrap_or(&values))?.len() > arguments::MAX_BYTES {
        return Err(wrong("maxBytes", format!("At most {} bytes, please.", arguments::MAX_BYTES)));
    }
    if let Some(Misfit { path, why }) = arguments::misfit(tool, &values).map_err(Error::internal)? {
        return Err(form::wrong(&path, "schema", &why));
    }
    let arguments = arguments::check(tool, values).map_err(|why| wrong("schema", why))?;
    if arguments.values == before.arguments {
        return Err(wrong("unchanged", "Nothing is changed; approve it as it is.".to_owned()));
    }
    outside::fits(tx, id, item, &arguments.values).await?;
    let reversibility =
        tool.reversibility(&arguments.values).ok_or_else(|| Error::internal("an item of a tool that does not act"))?;
    let plan = match registry::plan(tx, tool, &arguments, &s.http).await? {
        Ok(plan) => plan,
        Err(why) => {
            let path = registry::at_fault(tx, tool, &arguments.values).await?;
            return Err(if path.is_empty() { wrong("plan", why) } else { form::wrong(&path, "plan", &why) });
        }
    };
    if plan.targets != before.targets || !tool.keeps(&before.arguments, &arguments.values) {
        return Err(wrong("target", "A change keeps what it is about; reject this and ask for another.".to_owned()));
    }
    let sealed = Proposal::new(tx.workspace(), tool, arguments.values, &plan).with(before.attachments).seal()?;
    let new = ApprovalId::new();
    let mut fields = plan.traits.fields.clone();
    propose::common(&mut fields, tool, "", &plan.traits, reversibility == Reversibility::Reversible);
    let policy = policies::in_force(tx, tool.name).await?;
    let source = Source {
        requester: item.requester,
        run: item.run,
        tool_call_id: item.tool_call_id.as_deref(),
        setup: item.setup.clone(),
        agent: None,
        attachments: Vec::new(),
    };
    store::insert(
        tx,
        &NewRow {
            id: new,
            tool: tool.name,
            tool_version: tool.version,
            title: &plan.title,
            reversibility,
            sealed: &sealed,
            reason: item.reason.as_deref(),
            proposer_kind: &item.proposer_kind,
            proposer_id: item.proposer_id,
            source: &source,
            review: Review::Full,
            routing: None,
            policy: policy.version,
            grant: None,
            fields: Value::Object(fields),
            sort: &plan.traits.sort,
            size: plan.traits.size,
            handling: &policy.handling,
            asked: &item.asked,
            edited: Some((id, user)),
        },
    )
    .await?;
    outside::carry(tx, id, new).await?;
    if let (Some(run), Some(call)) = (item.run, item.tool_call_id.as_deref()) {
        agents::wait_for(tx, run, call, new).await?;
    }
    store::step(tx, id, item.status, Happening::Edited).await?;
    decisions_store::insert(tx, id, "edited", Some(user), note, &item.hash).await?;
    let edited = Decided { replaced_by: Some(new), ..decided(item, DecisionKind::Edit) };
    say(tx, DomainEvent::ApprovalEdited(edited), id, item, trail::told(item), note);
    let made = trail::Facts {
        tool: tool.name,
        hash: sealed.hash.as_slice(),
        run: item.run,
        review: Review::Full,
        policy: Some(policy.version),
        grant: None,
    };
    let mut facts = made.tell();
    facts["editedFrom"] = json!(id);
    tx.audit(Entry::new("approval.requested", "approval", new.0).details(facts));
    let requested = Requested {
        title: plan.title,
        tool: tool.name,
        action: tool.is_done_elsewhere().then_some(plan.traits.sort),
        hash: hex::encode(sealed.hash),
        run: item.run,
        review: Review::Full,
        // Who is asked stays as it was.
        assignee_id: None,
        assigned_role: None,
    };
    tx.emit(Draft::new(DomainEvent::ApprovalRequested(requested), new).only_for(item.requester));
    // As the agent proposed it, nobody agreed.
    if let Some(lesson) = &item.lesson {
        learn(tx, lesson, false, From::Decision).await?;
    }
    Ok(new)
}
