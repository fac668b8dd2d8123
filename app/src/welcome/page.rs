//! The page of the first steps, and the card on the home page that leads there.

use hyvve_domain::{Error, Role};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::NameWorkspace, steps::Steps};
use crate::{
    ApiError,
    flash::Flash,
    settings::members::{api::InviteMembers, link_fields, links_made},
    shell::{Visit, use_frame},
    ui::{Area, Button, ButtonLink, Card, CardBody, Field, Form, Glyph, Icon, PageHeader, Pill, Tone, Variant},
};

/// The page at `/w/{workspace}/welcome`. Every step can be left out, and taken later.
pub(crate) async fn welcome_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let steps = Steps::of(visit).await?.ok_or_else(|| Error::not_found("page"))?;
    let flash = Flash::take().unwrap_or_default();
    let frame = use_frame();
    let (home, count) = (frame.href(""), progress(&steps));
    let done = Some(flash.typed("done")).filter(|done| !done.is_empty());
    let told = done.map(|done| view! { <p class="form-done" role="status">{done}</p> });
    let problem =
        flash.beside(&["name", "emails"]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let links = Some(links_made(&flash)).filter(|links| !links.is_empty());
    // What is shown only once is not taken away because something happens meanwhile.
    let follow = links.is_none().then_some("workspace. run.");
    let page = view! {
        <div class="page" data-follow=follow>
            <PageHeader title="Welcome" lead="Four steps, in any order. Leave out what you like; it is all in Settings later.">
                <ButtonLink href=home>"Go to the workspace"</ButtonLink>
            </PageHeader>
            <div class="stack">
                <p class="muted" role="status">{count}</p>
                {told}
                {problem}
                {name_step(&steps, &flash)}
                {invite_step(&steps, &flash, links)}
                {provider_step(&steps)}
                {agent_step(&steps)}
            </div>
        </div>
    };
    Ok(page.into_any())
}

/// On the home page of a new workspace, while steps are left.
pub(crate) async fn welcome_card(visit: &Visit) -> Result<Option<AnyView>, ApiError> {
    let left = Steps::of_new(visit).await?.filter(|steps| steps.done() < Steps::ALL);
    let Some(steps) = left else { return Ok(None) };
    let (href, count) = (use_frame().href("/welcome"), progress(&steps));
    let card = view! {
        <div class="pb-4">
            <Card title="Get started" note=count>
                <CardBody>
                    <div class="flex gap-3 flex-wrap items-center justify-between">
                        <p>"Name the workspace, invite people, connect an AI provider, meet the agent."</p>
                        <ButtonLink href=href>"Go on"</ButtonLink>
                    </div>
                </CardBody>
            </Card>
        </div>
    };
    Ok(Some(card.into_any()))
}

fn progress(steps: &Steps) -> String {
    format!("{} of {} done", steps.done(), Steps::ALL)
}

/// One step: its title says whether it is done.
#[component]
fn Step(title: &'static str, done: bool, children: Children) -> AnyView {
    let state = if done {
        view! { <Pill text="done" tone=Tone::Good/> }.into_any()
    } else {
        view! { <Pill text="to do"/> }.into_any()
    };
    view! {
        <section class="card">
            <header class="card-header"><h3>{title}</h3>{state}</header>
            <CardBody>{children()}</CardBody>
        </section>
    }
    .into_any()
}

fn name_step(steps: &Steps, flash: &Flash) -> AnyView {
    let name =
        Some(flash.typed("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| steps.workspace.name.clone());
    let error = flash.at("name");
    view! {
        <Step title="Name the workspace" done=steps.named>
            <Form action=NameWorkspace::url()>
                <Field
                    name="name" label="Your company or team" value=name error=error required=true
                    wrong="Please enter a name." autocomplete="organization"
                />
                <div><Button kind="submit">"Save the name"</Button></div>
            </Form>
        </Step>
    }
    .into_any()
}

fn invite_step(steps: &Steps, flash: &Flash, links: Option<Vec<(String, String)>>) -> AnyView {
    let (emails, error) = (flash.typed("emails"), flash.at("emails"));
    let links = links.map(|links| {
        view! {
            <p class="pb-3">"No mail server is set up: hand the link over yourself. It is shown only now."</p>
            {link_fields(links)}
        }
    });
    view! {
        <Step title="Invite people" done=steps.invited>
            {links}
            <Form action=InviteMembers::url()>
                <input type="hidden" name="role" value=Role::Member.as_str()/>
                <Area
                    name="emails" label="E-mail addresses" rows=2 required=true value=emails error=error
                    hint="They join as members. Other roles: Settings → Members."
                />
                <div><Button kind="submit">"Invite"</Button></div>
            </Form>
        </Step>
    }
    .into_any()
}

fn provider_step(steps: &Steps) -> AnyView {
    let href = use_frame().href("/settings/ai-providers");
    view! {
        <Step title="Connect an AI provider" done=steps.connected>
            <p class="pb-3">
                "Agents begin with a scripted sandbox that needs no key. With a key of yours they use a model: of Anthropic, "
                "OpenAI, Google, DeepSeek or OpenRouter, or of a server of your own."
            </p>
            <ButtonLink href=href>"Add a provider"</ButtonLink>
        </Step>
    }
    .into_any()
}

fn agent_step(steps: &Steps) -> AnyView {
    let (chat, name) = (use_frame().href("/chat"), steps.agent.clone().unwrap_or_else(|| "your agent".to_owned()));
    view! {
        <Step title="Meet the agent" done=steps.met>
            <p class="pb-3">
                {format!("Ask {name} for something. Whatever it wants to do waits until you have looked at it and approved.")}
            </p>
            <ButtonLink variant=Variant::Primary href=chat><Icon glyph=Glyph::Chat/>"Open the chat"</ButtonLink>
        </Step>
    }
    .into_any()
}
