//! The page: the endpoints, and the form for another one.

use hyvve_domain::webhooks::{Endpoint, Format, MAX_ENDPOINTS, service};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::AddWebhook,
    form::{Values, fields, problem},
    state::{endpoint_state, hears},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Button, Card, CardBody, EmptyState, Form, Glyph, Select, Variant},
};

/// The page's address in the workspace.
pub(super) const HERE: &str = "/settings/webhooks";

/// The page at `/w/{workspace}/settings/webhooks`.
pub(crate) async fn webhooks_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let endpoints = service::list(&visit.services, &visit.actor).await?;
    let full = endpoints.len() >= MAX_ENDPOINTS;
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem(&flash)}
            {list_card(endpoints)}
            {(!full).then(|| add_card(flash))}
        </div>
    };
    let lead =
        "Programs elsewhere hear of what happens here: signed, and tried for a day. They hear what owners may see.";
    Ok(settings_page("Webhooks", lead, Some("webhook."), content.into_any()))
}

fn list_card(endpoints: Vec<Endpoint>) -> AnyView {
    if endpoints.is_empty() {
        return view! {
            <Card title="Webhooks">
                <EmptyState
                    glyph=Glyph::Bolt title="Nobody elsewhere hears of anything"
                    text="Add the address of a program below, and it is told of events as they happen."
                />
            </Card>
        }
        .into_any();
    }
    let rows = endpoints.into_iter().map(row).collect_view();
    view! { <Card title="Webhooks"><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn row(endpoint: Endpoint) -> AnyView {
    let href = use_frame().href(&format!("{HERE}/{}", endpoint.id));
    let name = if endpoint.description.is_empty() { endpoint.url.clone() } else { endpoint.description.clone() };
    let url = (!endpoint.description.is_empty()).then(|| view! { <span>{endpoint.url.clone()}</span> });
    view! {
        <li class="entry">
            <div class="entry-main">
                <a class="entry-title" href=href>{name}</a>
                <div class="meta">{url}<span>{hears(&endpoint)}</span></div>
                {endpoint_state(&endpoint)}
            </div>
        </li>
    }
    .into_any()
}

fn add_card(flash: Flash) -> AnyView {
    let formats = [
        (Format::Events, "A program: of events, as it filters them"),
        (Format::Slack, "A channel of Slack, or of what speaks like it: of approvals that wait"),
    ];
    let formats = formats.map(|(format, words)| (format.as_str().to_owned(), words.to_owned())).to_vec();
    view! {
        <Card title="Add a webhook">
            <CardBody>
                <Form action=AddWebhook::url()>
                    <Select name="format" label="Who is told?" options=formats chosen=flash.typed("format")/>
                    {fields(Values::typed(&flash), &flash)}
                    <div><Button variant=Variant::Primary kind="submit">"Add it"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
