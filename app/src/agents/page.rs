//! One agent's page.

use hyvve_domain::{
    PageRequest,
    agents::{
        Agent,
        service::{self, RunFilter},
    },
    ids::AgentId,
};
use leptos::prelude::*;

use super::{answers::answers_card, runs_on::runs_on_card, tools::tools_card};
use crate::{
    ApiError,
    runs::run_row,
    shell::{Visit, use_frame},
    ui::{ButtonLink, Card, CardBody, PageHeader, Variant},
};

/// How many of its runs show.
const SHOWN: i64 = 8;

/// The page at `/w/{workspace}/agents/{agent}`.
pub(crate) async fn agent_page(visit: &Visit, id: AgentId) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let agent = service::agent(services, actor, id).await?;
    let (on, answers) = (runs_on_card(visit, &agent).await?, answers_card(visit, &agent));
    let of_agent = RunFilter { agent: Some(id), ..RunFilter::default() };
    let runs = service::runs(services, actor, of_agent, PageRequest::new(None, Some(SHOWN))).await?;
    let rows: Vec<AnyView> = runs.items.into_iter().map(run_row).collect();
    let page = view! {
        <div class="page stack" data-follow="run. agent. ai_provider.">
            <Profile agent=agent on=on answers=answers/>
            <LatestRuns rows=rows agent=id/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Profile(agent: Agent, on: AnyView, answers: AnyView) -> AnyView {
    let talk = use_frame().href(&format!("/chat?agent={}", agent.id));
    view! {
        <PageHeader title=agent.name lead=agent.description>
            <ButtonLink variant=Variant::Primary href=talk>"Talk"</ButtonLink>
        </PageHeader>
        <div class="stack">
            {on}
            <Card title="Instructions" note="what the model is told before every conversation">
                <CardBody><p class="said">{agent.instructions}</p></CardBody>
            </Card>
            {answers}
            {tools_card(agent.tools)}
        </div>
    }
    .into_any()
}

#[component]
fn LatestRuns(rows: Vec<AnyView>, agent: AgentId) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Card title="Runs"><CardBody><p class="text-muted-foreground">"It has not been asked anything yet."</p></CardBody></Card>
        }
        .into_any();
    }
    let all = use_frame().href(&format!("/runs?agent={agent}"));
    view! {
        <Card title="Runs">
            <ol class="entries">{rows}</ol>
            <p class="card-foot"><a class="link" href=all>"Show all"</a></p>
        </Card>
    }
    .into_any()
}
