//! The page, and what it asks of members.

use hyvve_domain::workspaces::{
    Member, openness,
    security::{self, Security},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::SecureWorkspace, hosts::hosts_card};
use crate::{
    ApiError, context,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::Visit,
    ui::{Button, Card, CardBody, Form, Pill, Tone, Variant, counted},
};

/// The page at `/w/{workspace}/settings/security`.
pub(crate) async fn security_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let found = security::get(&visit.services, &visit.actor).await?;
    let (_, who) = context::signed_in()?;
    let open = openness::get(&visit.services, &visit.actor).await?;
    let problem = flash.beside(&["requestHosts"]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {question(found, who.session.second_factor_at.is_some())}
            {hosts_card(open.request_hosts.entries(), flash)}
        </div>
    };
    let lead = "What is asked of those who come in, and whom agents may ask.";
    Ok(settings_page("Security", lead, Some("workspace."), content.into_any()))
}

fn question(found: Security, may_ask: bool) -> AnyView {
    let Security { second_factor_required: required, without_second_factor: without } = found;
    let (state, label, variant) = if required {
        (view! { <Pill text="required" tone=Tone::Good/> }, "Do not require it any more", Variant::Secondary)
    } else {
        (view! { <Pill text="not required" tone=Tone::Neutral/> }, "Require it", Variant::Primary)
    };
    let form = if required || may_ask {
        let wanted = (!required).to_string();
        view! {
            <Form action=SecureWorkspace::url()>
                <input type="hidden" name="required" value=wanted/>
                <div><Button variant=variant kind="submit">{label}</Button></div>
            </Form>
        }
        .into_any()
    } else {
        view! {
            <p>
                "Set it up for yourself first, under "<a class="link" href="/account/security">"Account → Security"</a>
                ". Otherwise this would shut you out."
            </p>
        }
        .into_any()
    };
    view! {
        <Card title="Two-step verification">
            <CardBody>
                <p class="pb-3">
                    {state}" Where it is required, members come in only with an authenticator app or a passkey. Those who have
                    neither are asked to set one up; until then no page, call or stream of this workspace answers them."
                </p>
                {people(without)}
                {form}
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Who would have to do something about it.
fn people(without: Vec<Member>) -> AnyView {
    if without.is_empty() {
        return view! { <p class="pb-3">"All members have set it up."</p> }.into_any();
    }
    let count = counted(without.len() as u64, "member");
    let names: Vec<String> = without.into_iter().map(|member| member.name).collect();
    view! { <p class="pb-3">{format!("Not set up yet, {count}: {}.", names.join(", "))}</p> }.into_any()
}
