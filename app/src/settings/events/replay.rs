//! The form that tells a webhook once more of what has happened.

use hyvve_domain::{
    Timestamp,
    webhooks::{Endpoint, Format, KEPT_DAYS},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::ReplayEvents,
    wanted::{Wanted, field},
};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, Card, CardBody, Field, Form, Select},
};

/// How far back it begins unless the page shows less.
pub(super) const A_DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// From when on, which types, and to which webhook. What the page shows is what is offered.
pub(super) fn replay_card(endpoints: Vec<Endpoint>, wanted: &Wanted, flash: &Flash) -> AnyView {
    // A channel is told of what waits, once.
    let hears = |endpoint: &Endpoint| endpoint.enabled && endpoint.format == Format::Events;
    let there: Vec<Endpoint> = endpoints.into_iter().filter(hears).collect();
    let Some(first) = there.first().map(|endpoint| endpoint.id.to_string()) else {
        let webhooks = use_frame().href("/settings/webhooks");
        return view! {
            <Card title="Send again" note="to a webhook">
                <CardBody><p>"No webhook hears of what happens. "<a class="link" href=webhooks>"Add one"</a>", and it can be told of what happened before as well."</p></CardBody>
            </Card>
        }
        .into_any();
    };
    let typed =
        |name: &str, otherwise: String| Some(flash.typed(name)).filter(|text| !text.is_empty()).unwrap_or(otherwise);
    let since = if wanted.from.is_empty() { field(Timestamp::now().minus(A_DAY)) } else { wanted.from.clone() };
    let name = |endpoint: &Endpoint| {
        if endpoint.description.is_empty() { endpoint.url.clone() } else { endpoint.description.clone() }
    };
    let options = there.iter().map(|endpoint| (endpoint.id.to_string(), name(endpoint))).collect();
    let (chosen, since, only) = (typed("id", first), typed("since", since), typed("only", wanted.types.clone()));
    let (bad_since, bad_only) = (flash.at("since"), flash.at("types"));
    view! {
        <Card title="Send again" note="to a webhook, with the ids of then">
            <CardBody>
                <Form action=ReplayEvents::url()>
                    <Select name="id" label="Which webhook?" options=options chosen=chosen/>
                    <Field
                        name="since" label="What happened from (UTC)" kind="datetime-local"
                        value=since error=bad_since
                        hint=format!("At most {KEPT_DAYS} days ago.")
                    />
                    <Field
                        name="only" label="Which types?" value=only error=bad_only
                        placeholder="all that it hears of"
                        hint="Types, or beginnings that end in a dot, with spaces between: approval. run.failed"
                    />
                    <div><Button kind="submit">"Send again"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
