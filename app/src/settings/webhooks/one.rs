//! One endpoint's page: how it stands, its log, what can be done with it, and the forms that change it.

use hyvve_domain::{
    PageRequest,
    ids::WebhookId,
    webhooks::{Endpoint, Format, service},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ChangeWebhook, RemoveWebhook, ReplayWebhook, RotateWebhook, SignChannel, SwitchWebhook, TestWebhook},
    form::{Values, channel_fields, fields, problem, secret_card},
    log::log_card,
    page::HERE,
    state::{endpoint_state, hears},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, Card, CardBody, Field, Form, Select, Time, Variant},
};

/// What can be sent again: how many hours, in words.
const SPANS: [(u32, &str); 4] =
    [(1, "The last hour"), (24, "The last day"), (7 * 24, "The last 7 days"), (30 * 24 - 1, "The last 30 days")];

/// The page at `/w/{workspace}/settings/webhooks/{id}`.
pub(crate) async fn webhook_page(visit: &Visit, id: WebhookId) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let endpoint = service::get(&visit.services, &visit.actor, id).await?;
    let page = PageRequest::new(visit.parsed("page"), None);
    let log = service::log_of(&visit.services, &visit.actor, id, page).await?;
    let secret = Some(flash.typed("secret")).filter(|secret| !secret.is_empty());
    let asks = |what: &str| visit.query("ask").as_deref() == Some(what);
    let question = if asks("remove") {
        Some(remove_card(endpoint.clone()))
    } else {
        asks("rotate").then(|| rotate_card(endpoint.clone()))
    };
    let answers = format!("{}/api/slack/{id}", visit.services.settings.public_url);
    // What is shown only once is not taken away because something happens meanwhile.
    let follow = secret.is_none().then_some("webhook.");
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem(&flash)}
            {secret.map(secret_card)}
            {question}
            {state_card(endpoint.clone())}
            {log_card(log, &endpoint)}
            {(endpoint.enabled && endpoint.format == Format::Events).then(|| replay_card(endpoint.clone()))}
            {(endpoint.format == Format::Slack).then(|| buttons_card(endpoint.clone(), answers, flash.at("signingSecret")))}
            {change_card(endpoint, flash)}
        </div>
    };
    let lead =
        "Programs elsewhere hear of what happens here: signed, and tried for a day. They hear what owners may see.";
    Ok(settings_page("Webhooks", lead, follow, content.into_any()))
}

fn address(endpoint: &Endpoint, ask: &str) -> String {
    let here = use_frame().href(&format!("{HERE}/{}", endpoint.id));
    if ask.is_empty() { here } else { format!("{here}?ask={ask}") }
}

fn hidden(endpoint: &Endpoint) -> AnyView {
    view! { <input type="hidden" name="id" value=endpoint.id.to_string()/> }.into_any()
}

fn state_card(endpoint: Endpoint) -> AnyView {
    let title = if endpoint.description.is_empty() { "Webhook".to_owned() } else { endpoint.description.clone() };
    let old = endpoint.old_secret_until.map(|until| {
        view! { <p class="text-muted-foreground text-sm">"The secret of before the last rotation signs as well, until "<Time at=until/>"."</p> }
    });
    let switch = if endpoint.enabled {
        view! { <Button kind="submit" name="enabled" value="false">"Disable it"</Button> }
    } else {
        view! { <Button variant=Variant::Primary kind="submit" name="enabled" value="true">"Enable it"</Button> }
    };
    view! {
        <Card title=title>
            <CardBody>
                <p class="mono text-sm break-all">{endpoint.url.clone()}</p>
                <p class="text-muted-foreground text-sm">{format!("Hears of {}", hears(&endpoint))}</p>
                {endpoint_state(&endpoint)}
                {old}
                <div class="flex gap-2 flex-wrap pt-3">
                    <form method="post" action=TestWebhook::url()>{hidden(&endpoint)}<Button kind="submit">"Send a test"</Button></form>
                    <form method="post" action=SwitchWebhook::url()>{hidden(&endpoint)}{switch}</form>
                    <ButtonLink href=address(&endpoint, "rotate")>"Rotate the secret"</ButtonLink>
                    <ButtonLink variant=Variant::Danger href=address(&endpoint, "remove")>"Remove"</ButtonLink>
                </div>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn rotate_card(endpoint: Endpoint) -> AnyView {
    view! {
        <Card title="Rotate the secret?">
            <CardBody>
                <p class="pb-3">"The new one is shown once. For 24 hours the present one signs as well, so that nothing is refused while you change it on the other side."</p>
                <Form action=RotateWebhook::url()>
                    {hidden(&endpoint)}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Primary kind="submit">"Rotate it"</Button>
                        <ButtonLink href=address(&endpoint, "")>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn remove_card(endpoint: Endpoint) -> AnyView {
    view! {
        <Card title="Remove this webhook?">
            <CardBody>
                <p class="pb-3">"Its secret and its log go with it. This cannot be undone."</p>
                <Form action=RemoveWebhook::url()>
                    {hidden(&endpoint)}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Remove it"</Button>
                        <ButtonLink href=address(&endpoint, "")>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn replay_card(endpoint: Endpoint) -> AnyView {
    let options = SPANS.iter().map(|(hours, words)| (hours.to_string(), (*words).to_owned())).collect();
    view! {
        <Card title="Send again" note="with the ids of then">
            <CardBody>
                <Form action=ReplayWebhook::url()>
                    {hidden(&endpoint)}
                    <Select name="hours" label="What happened in" options=options chosen="24"/>
                    <div><Button kind="submit">"Send it again"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Buttons under the messages of a channel, and where what is pressed comes back.
fn buttons_card(endpoint: Endpoint, answers: String, error: Option<String>) -> AnyView {
    let state = if endpoint.takes_answers {
        "Messages have buttons. Whoever presses one decides as the person whom he or she is connected with."
    } else {
        "Messages have no buttons. With the signing secret of the Slack app that made this channel’s address, they do."
    };
    let forget = endpoint.takes_answers.then(|| {
        view! {
            <form method="post" action=SignChannel::url()>
                {hidden(&endpoint)}
                <Button kind="submit">"Without buttons again"</Button>
            </form>
        }
    });
    view! {
        <Card title="Buttons" note="to decide in the channel">
            <CardBody>
                <p class="pb-3">{state}</p>
                <p class="text-sm text-muted-foreground">"In the app’s settings, under “Interactivity”, the request URL is:"</p>
                <p class="mono text-sm break-all pb-3">{answers}</p>
                <Form action=SignChannel::url()>
                    {hidden(&endpoint)}
                    <Field
                        name="secret" label="Signing secret" kind="password" required=true error=error
                        hint="Slack shows it under “Basic Information”. It is sealed, and not shown again."
                    />
                    <div><Button kind="submit">"Keep it"</Button></div>
                </Form>
                {forget}
            </CardBody>
        </Card>
    }
    .into_any()
}

fn change_card(endpoint: Endpoint, flash: Flash) -> AnyView {
    let values = if flash.typed("typed").is_empty() {
        Values {
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            events: endpoint.events.join(" "),
        }
    } else {
        Values::typed(&flash)
    };
    let fields = match endpoint.format {
        Format::Events => {
            view! { <input type="hidden" name="filtered" value="true"/> {fields(values, &flash)} }.into_any()
        }
        Format::Slack => channel_fields(values.description, &flash),
    };
    view! {
        <Card title="Change it">
            <CardBody>
                <Form action=ChangeWebhook::url()>
                    {hidden(&endpoint)}
                    {fields}
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
