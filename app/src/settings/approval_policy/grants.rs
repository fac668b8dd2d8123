//! Standing grants: what agents may do by themselves because somebody has said so in advance.

use hyvve_domain::{
    agents,
    approvals::grants::{Grant, GrantState, MAX_USES, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    grants_api::{MakeGrant, RevokeGrant},
    page::of_tool,
    tabs::{Part, part_page},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::done,
    shell::Visit,
    ui::{Button, Card, CardBody, EmptyState, Field, Form, Glyph, Pill, Select, Time, Tone, Variant},
};

/// For how long a grant may be asked to hold.
const TERMS: [(&str, &str); 4] = [("1", "A day"), ("7", "A week"), ("30", "30 days"), ("90", "90 days")];
/// What is chosen until somebody chooses.
const TERM: &str = "7";
/// The form's fields, as the domain names them.
const FIELDS: [&str; 4] = ["tool", "when", "maxUses", "expiresAt"];

/// The page at `/w/{workspace}/settings/approval-policy/grants`.
pub(crate) async fn grants_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let grants = service::list(&visit.services, &visit.actor).await?;
    let agents = agents::service::agents(&visit.services, &visit.actor).await?;
    let agents = agents.into_iter().map(|agent| (agent.id.to_string(), agent.name)).collect();
    let problem = flash.beside(&FIELDS).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let content = view! {
        {done(&flash)}
        {problem}
        {list_card(grants)}
        {form_card(agents, flash)}
    };
    let lead = "Allow an agent to do something by itself: this, so often, until then. Only what can be taken back; a policy’s rule that asks for a closer look counts more, and nothing is learned from what goes on so.";
    Ok(part_page(Part::Grants, lead, content.into_any()))
}

fn list_card(grants: Vec<Grant>) -> AnyView {
    if grants.is_empty() {
        let text = "Every agent earns by itself how closely people look.";
        return view! { <Card title="Grants"><EmptyState glyph=Glyph::Shield title="Nothing is granted" text=text/></Card> }
            .into_any();
    }
    let rows = grants.into_iter().map(row).collect_view();
    view! { <Card title="Grants" note="those that hold first"><ul class="entries">{rows}</ul></Card> }.into_any()
}

/// Why a grant lets nothing through any more.
const fn ended(state: GrantState) -> Option<&'static str> {
    match state {
        GrantState::Live => None,
        GrantState::Revoked => Some("Revoked"),
        GrantState::Expired => Some("Expired"),
        GrantState::UsedUp => Some("Used up"),
        GrantState::MakerGone => Some("Its maker decides here no more"),
    }
}

fn row(grant: Grant) -> AnyView {
    let name = format!("{}: {}", grant.agent, of_tool(&grant.tool));
    let by = grant.by.unwrap_or_else(|| "somebody who is gone".to_owned());
    let end = match (grant.revoked_at, grant.revoked_by) {
        (Some(at), Some(by)) => view! { <span>{format!("revoked by {by} ")}<Time at=at/></span> }.into_any(),
        (Some(at), None) => view! { <span>"revoked "<Time at=at/></span> }.into_any(),
        (None, _) => view! { <span>"until "<Time at=grant.expires_at/></span> }.into_any(),
    };
    let pill = ended(grant.state).map(|words| view! { <Pill tone=Tone::Neutral text=words/> });
    let means = (grant.state != GrantState::Revoked).then(|| revoke(grant.id.to_string(), name.clone()));
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{name}</p>
                <p><code class="hash">{grant.when}</code></p>
                <div class="meta">
                    <span>{format!("{} of {} used", grant.used, grant.max_uses)}</span>
                    {end}
                    <span>{format!("granted by {by} ")}<Time at=grant.created_at/></span>
                    {pill}
                </div>
            </div>
            <div class="entry-actions">{means}</div>
        </li>
    }
    .into_any()
}

fn revoke(id: String, name: String) -> AnyView {
    view! {
        <Form action=RevokeGrant::url()>
            <input type="hidden" name="id" value=id/>
            <Button kind="submit" variant=Variant::Danger>"Revoke"<span class="sr-only">" the grant of "{name}</span></Button>
        </Form>
    }
    .into_any()
}

fn form_card(agents: Vec<(String, String)>, flash: Flash) -> AnyView {
    if agents.is_empty() {
        return ().into_any();
    }
    let tools = service::tools().into_iter().map(|tool| (tool.to_owned(), of_tool(tool))).collect();
    let terms = TERMS.iter().map(|(days, words)| ((*days).to_owned(), (*words).to_owned())).collect();
    let or = |field: &str, otherwise: &str| {
        Some(flash.typed(field)).filter(|typed| !typed.is_empty()).unwrap_or_else(|| otherwise.to_owned())
    };
    let (uses, days) = (or("max_uses", "20"), or("days", TERM));
    view! {
        <Card title="Grant something">
            <CardBody>
                <Form action=MakeGrant::url()>
                    <div class="field-grid">
                        <Select name="agent_id" label="Which agent" options=agents chosen=flash.typed("agent_id")/>
                        <Select name="tool" label="May do" options=tools chosen=flash.typed("tool") error=flash.at("tool")/>
                    </div>
                    <Field name="when" label="Where" value=flash.typed("when") error=flash.at("when") required=true
                        placeholder="collection == \"customers\" && changes.discount_percent <= 10"
                        hint="In the Common Expression Language, about the action’s fields, as in a policy’s rules. An action without such a field is not covered."/>
                    <div class="field-grid">
                        <Field name="max_uses" label="How often" value=uses error=flash.at("maxUses") required=true
                            pattern=r"\s*\d{1,4}\s*" wrong="Please enter a whole number."
                            hint=format!("1 to {MAX_USES} times.")/>
                        <Select name="days" label="For" options=terms chosen=days error=flash.at("expiresAt")/>
                    </div>
                    <div><Button variant=Variant::Primary kind="submit">"Grant it"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
