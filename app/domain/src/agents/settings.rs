//! What people set about an agent: whose AI it runs on, which model, and the form of its answers.

use serde_json::{Value, json};

use super::{Agent, AgentChanges, agents_store, output, service};
use crate::{
    Actor, Code, Error, Result, Role,
    audit::Entry,
    events::{DomainEvent, Draft, payload::Change},
    ids::{AgentId, ProviderId},
    providers,
    services::Services,
};

const SUBJECT: &str = "agent";

/// Changes what an agent runs on, and the form of its answers, from its next run on. A model is one that the provider has: the
/// agent's own, or the workspace's default.
pub async fn change(s: &Services, actor: &Actor, id: AgentId, changes: AgentChanges) -> Result<Agent> {
    actor.require(Role::can_configure_ai, "choose what agents run on")?;
    let before = service::agent(s, actor, id).await?;
    let mut after = before.clone();
    if let Some(provider) = changes.provider_id {
        after.provider_id = provider;
    }
    if let Some(model) = changes.model {
        after.model = model;
    }
    after.falls_back = changes.falls_back.unwrap_or(after.falls_back);
    if let Some(schema) = changes.output_schema {
        let read = |schema: Value| output::read("outputSchema", &schema.to_string());
        after.output_schema = schema.map(read).transpose()?;
    }
    if after == before {
        return Ok(before);
    }
    if runs_on(&after) != runs_on(&before) {
        after.model = providers::models::fit_for_agent(s, actor, after.provider_id, after.model.as_deref()).await?;
    }
    let mut tx = s.db.tenant(actor).await?;
    if !agents_store::set_agent(&mut tx, &before, &after).await? {
        let message = "Someone else changed this agent a moment ago. Please look at it again.";
        return Err(Error::new(Code::Conflict, message));
    }
    let mut details = facts(&after);
    details["before"] = facts(&before);
    tx.audit(Entry::new("agent.updated", SUBJECT, id.0).details(details));
    tx.emit(Draft::new(DomainEvent::AgentChanged(Change { action: "agent.updated" }), id));
    tx.commit().await?;
    Ok(after)
}

fn runs_on(agent: &Agent) -> (Option<ProviderId>, Option<&str>, bool) {
    (agent.provider_id, agent.model.as_deref(), agent.falls_back)
}

/// An agent with a model that its provider does not list.
#[derive(Clone, PartialEq, Debug)]
pub struct Misfit {
    /// The agent.
    pub agent: Agent,
    /// The model that it asks for.
    pub model: String,
    /// The provider's name.
    pub provider: String,
}

/// Agents whose runs are likely to find no such model. A model is checked when it is chosen; what a provider lists may change after
/// that, and so may the workspace's default provider.
pub async fn misfits(s: &Services, actor: &Actor) -> Result<Vec<Misfit>> {
    actor.require(Role::can_configure_ai, "see what agents run on")?;
    let providers = providers::service::shown(s, actor).await?;
    let mut misfits = Vec::new();
    for agent in service::agents(s, actor).await? {
        let on = providers.iter().find(|on| agent.provider_id.map_or(on.is_default, |id| on.id == id));
        let (Some(on), Some(model)) = (on, agent.model.clone()) else { continue };
        let listed = providers::models::shown(s, actor, on.id).await?.models;
        if !providers::models::may_have(on, &listed, &model) {
            misfits.push(Misfit { agent, model, provider: on.name.clone() });
        }
    }
    Ok(misfits)
}

fn facts(agent: &Agent) -> Value {
    json!({
        "name": agent.name,
        "providerId": agent.provider_id,
        "model": agent.model,
        "fallsBack": agent.falls_back,
        "outputSchema": agent.output_schema,
    })
}
