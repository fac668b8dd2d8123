//! The list of agents.

use hyvve_domain::agents::{Agent, service};
use leptos::prelude::*;

use super::tool_label;
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{ButtonLink, EmptyState, Glyph, PageHeader},
};

/// The page at `/w/{workspace}/agents`.
pub(crate) async fn agents_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let agents = service::agents(&visit.services, &visit.actor).await?;
    let page = view! {
        <div class="page">
            <PageHeader title="Agents" lead="They propose; people decide."/>
            <Rows agents=agents/>
        </div>
    };
    Ok(page.into_any())
}

#[component]
fn Rows(agents: Vec<Agent>) -> AnyView {
    if agents.is_empty() {
        let frame = use_frame();
        return view! {
            <EmptyState title="No agents" text="A workspace begins with one; this one has none any more." glyph=Glyph::Agent>
                <ButtonLink href=frame.href("")>"Go home"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let rows = agents.into_iter().map(row).collect_view();
    view! { <ul class="entries card">{rows}</ul> }.into_any()
}

fn row(agent: Agent) -> AnyView {
    let frame = use_frame();
    let (page, chat) = (frame.href(&format!("/agents/{}", agent.id)), frame.href(&format!("/chat?agent={}", agent.id)));
    let tools: Vec<_> = agent.tools.iter().map(|name| tool_label(name).to_lowercase()).collect();
    view! {
        <li class="entry">
            <div class="entry-main">
                <a class="entry-title" href=page>{agent.name}</a>
                <div class="meta"><span>{agent.description}</span></div>
                <div class="meta"><span>{format!("Can: {}", tools.join(", "))}</span></div>
            </div>
            <ButtonLink href=chat>"Talk"</ButtonLink>
        </li>
    }
    .into_any()
}
