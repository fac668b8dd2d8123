//! One agent's page.

use hyvve_domain::{
    Error,
    agents::{Agent, Run},
    ids::AgentId,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    SANDBOX,
    api::{RunsOn, get_agent},
    tools::tools_card,
};
use crate::{
    runs::{RunRow, api::list_runs},
    shell::use_frame,
    ui::{ButtonLink, Card, CardBody, PageHeader, Variant, loaded},
};

/// How many of its runs show.
const SHOWN: usize = 8;

/// The page at `/w/{workspace}/agents/{agent}`.
pub(crate) fn agent_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get_str("agent").and_then(|id| id.parse::<AgentId>().ok()));
    let found = Resource::new(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => get_agent(id).await,
                None => Err(Error::not_found("agent").into()),
            }
        },
    );
    let latest = Resource::new(move || id.get(), |id| list_runs(id, None, None));
    view! {
        <div class="page stack">
            {loaded(found, |(agent, on)| view! { <Profile agent=agent on=on/> }.into_any())}
            {loaded(latest, move |page| view! { <LatestRuns runs=page.items agent=id.get_untracked()/> }.into_any())}
        </div>
    }
    .into_any()
}

#[component]
fn Profile(agent: Agent, on: Option<RunsOn>) -> AnyView {
    let talk = use_frame().href(&format!("/chat?agent={}", agent.id));
    view! {
        <PageHeader title=agent.name lead=agent.description>
            <ButtonLink variant=Variant::Primary href=talk>"Talk"</ButtonLink>
        </PageHeader>
        <div class="stack">
            <Card title="Runs on"><CardBody><Engine on=on/></CardBody></Card>
            <Card title="Instructions" note="what the model is told before every conversation">
                <CardBody><p class="said">{agent.instructions}</p></CardBody>
            </Card>
            {tools_card(agent.tools)}
        </div>
    }
    .into_any()
}

/// What it runs on; members are not told which provider a workspace has.
#[component]
fn Engine(on: Option<RunsOn>) -> AnyView {
    match on {
        Some(on) if on.scripted => view! { <p>{SANDBOX}</p> }.into_any(),
        Some(on) => view! { <p>{format!("{} · {}", on.model, on.provider)}</p> }.into_any(),
        None => view! { <p>"The workspace’s default AI provider"</p> }.into_any(),
    }
}

#[component]
fn LatestRuns(runs: Vec<Run>, agent: Option<AgentId>) -> AnyView {
    if runs.is_empty() {
        return view! {
            <Card title="Runs"><CardBody><p class="text-muted-foreground">"It has not been asked anything yet."</p></CardBody></Card>
        }
        .into_any();
    }
    let all = use_frame().href(&agent.map_or_else(|| "/runs".to_owned(), |agent| format!("/runs?agent={agent}")));
    let rows = runs.into_iter().take(SHOWN).map(|run| view! { <RunRow run=run/> }).collect_view();
    view! {
        <Card title="Runs">
            <ol class="entries">{rows}</ol>
            <p class="card-foot"><a class="link" href=all>"Show all"</a></p>
        </Card>
    }
    .into_any()
}
