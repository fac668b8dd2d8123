//! What driving a run needs, read in one go.

use std::sync::Arc;

use serde_json::json;

use super::Stop;
use crate::{
    Error, Result, Role,
    agents::{
        Agent, RunFailure, Step, agents_store,
        driver_store::{self, Claimed, EventDraft},
        history::{self, Asked},
        output::Output,
    },
    db::TenantTx,
    providers::{
        Message,
        route::{self, Resolved, Route},
    },
    services::Services,
    workspaces,
};

/// What a run is driven with.
pub(in crate::agents) struct Load {
    pub(super) agent: Agent,
    pub(super) route: Arc<Route>,
    pub(super) role: Role,
    /// What was said before this run, and its own message.
    pub(super) earlier: Vec<Message>,
    /// What this run has achieved.
    pub(super) steps: Vec<Step>,
    /// The form that its answer shall have.
    pub(super) output: Option<Output>,
    /// A budget limits what it spends.
    pub(super) limited: bool,
}

impl Load {
    /// Of a new run that begins a conversation: nothing was said before.
    pub(in crate::agents) fn fresh(
        agent: Agent,
        route: Arc<Route>,
        role: Role,
        message: Message,
        limited: bool,
        output: Option<Output>,
    ) -> Self {
        Self { agent, route, role, earlier: vec![message], steps: Vec::new(), output, limited }
    }

    /// The first event of a run.
    pub(in crate::agents) fn started(agent: &Agent, route: &Route) -> EventDraft {
        let on = &route.first;
        let data = json!({
            "model": model_of(agent, on),
            "model_provider": on.provider.name,
            "model_provider_kind": on.provider.provider.as_str(),
        });
        EventDraft::new("RunStarted", data)
    }

    /// Everything that driving a claimed run needs.
    pub(super) async fn of(tx: &mut TenantTx, s: &Services, run: &Claimed, limited: bool) -> Result<Self, Stop> {
        let role = workspaces::members::role_of(tx, run.requester).await?.ok_or_else(|| {
            Stop::Failed(RunFailure {
                kind: "requester_gone".to_owned(),
                message: "Whoever started this run is no longer a member of the workspace.".to_owned(),
                remedy: "Start it again as a member.".to_owned(),
                said: None,
            })
        })?;
        let agent = agents_store::agents(tx, Some(run.agent))
            .await?
            .pop()
            .ok_or_else(|| Error::internal("a run without its agent"))?;
        let route = route::resolve(tx, s, agent.provider_id).await?;
        let on = &route.first;
        let asked = Asked { provider: on.provider.id, model: model_of(&agent, on), since: on.seals_since };
        let (earlier, steps) = history::load(tx, run.session, run.id, asked).await?;
        let output = driver_store::output_schema(tx, run.id).await?.as_ref().map(Output::of).transpose()?;
        Ok(Self { agent, route, role, earlier, steps, output, limited })
    }
}

/// The agent's own model, or its provider's default.
fn model_of<'a>(agent: &'a Agent, on: &'a Resolved) -> &'a str {
    agent.model.as_deref().unwrap_or(&on.provider.default_model)
}
