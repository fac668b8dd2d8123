//! The page: what has happened, newest first, and live as long as the newest show; filters, and what else there is about events.

use hyvve_domain::{
    events::{
        catalogue::{CATALOGUE, family},
        pull::{self, KEPT_DAYS, Looked},
    },
    webhooks::service as webhooks,
};
use leptos::prelude::*;

use super::{replay::replay_card, row::event_row, wanted::Wanted};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{Button, ButtonLink, Card, CardBody, EmptyState, Field, Glyph},
};

/// The page's address in the workspace.
const HERE: &str = "/settings/events";
/// Rows per page.
const ROWS: i64 = 50;
/// The fields at which the server's messages show.
const FIELDS: [&str; 2] = ["since", "types"];

/// The page at `/w/{workspace}/settings/events`.
pub(crate) async fn events_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let wanted = Wanted::of(visit);
    let (looked, wrong) = match pull::look(&visit.services, &visit.actor, wanted.look(), ROWS).await {
        Ok(looked) => (looked, None),
        Err(error) if error.field() == Some("types") => (Looked::default(), Some(error.message)),
        Err(error) => return Err(error.into()),
    };
    let endpoints = webhooks::list(&visit.services, &visit.actor).await?;
    let live = wanted.is_live() && wrong.is_none();
    let problem = flash.beside(&FIELDS).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {links()}
            {filters(&wanted, wrong)}
            {list(looked, &wanted, live)}
            {replay_card(endpoints, &wanted, &flash)}
        </div>
    };
    let lead = "What happens here, as programs are told of it. New events show by themselves.";
    Ok(settings_page("Events", lead, live.then_some(""), content.into_any()))
}

fn links() -> AnyView {
    let frame = use_frame();
    view! {
        <nav class="flex flex-wrap gap-2" aria-label="About events">
            <a class="btn" href="/docs/events" rel="external">"What events say"</a>
            <a class="btn" href="/api/asyncapi.json" rel="external">"AsyncAPI"</a>
            <ButtonLink href=frame.href(&format!("{HERE}/dead-letters"))>"Dead letters"</ButtonLink>
            <ButtonLink href=frame.href("/settings/webhooks")>"Webhooks"</ButtonLink>
        </nav>
    }
    .into_any()
}

fn filters(wanted: &Wanted, wrong: Option<String>) -> AnyView {
    let here = use_frame().href(HERE);
    let mut known: Vec<String> = CATALOGUE.iter().map(|kind| format!("{}.", family(kind.name))).collect();
    known.dedup();
    known.extend(CATALOGUE.iter().map(|kind| kind.name.to_owned()));
    let known = known.into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    let all = wanted.is_filtered().then(|| view! { <ButtonLink href=here.clone()>"Show all"</ButtonLink> });
    let Wanted { types, from, to, .. } = wanted.clone();
    view! {
        <Card title="Which events?" note=format!("of the last {KEPT_DAYS} days")>
            <CardBody>
                <form method="get" action=here class="form">
                    <Field
                        name="types" label="Types" value=types error=wrong list="known-types" placeholder="all of them"
                        hint="Types, or beginnings that end in a dot, with spaces between: approval. run.failed"
                    />
                    <datalist id="known-types">{known}</datalist>
                    <div class="grid gap-3 sm:grid-cols-2">
                        <Field name="from" label="From (UTC)" kind="datetime-local" value=from/>
                        <Field name="to" label="Until (UTC)" kind="datetime-local" value=to/>
                    </div>
                    <div class="flex flex-wrap gap-2"><Button kind="submit">"Show them"</Button>{all}</div>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn list(looked: Looked, wanted: &Wanted, live: bool) -> AnyView {
    let here = use_frame().href(HERE);
    let older = looked.before.map(|before| {
        view! { <ButtonLink href=format!("{here}{}", wanted.query(Some(before)))>"Older"</ButtonLink> }
    });
    let newest = wanted.before.is_some().then(|| {
        view! { <ButtonLink href=format!("{here}{}", wanted.query(None))>"Newest"</ButtonLink> }
    });
    let pages = view! { <nav class="flex gap-2" aria-label="Pages">{newest}{older}</nav> };
    if looked.events.is_empty() {
        // A filter that passes little is not looked for in everything at once.
        let text = match (looked.before, wanted.is_filtered()) {
            (Some(before), _) => {
                format!("Nothing of this from event #{before} on. There may be something that is older.")
            }
            (None, true) => "Nothing of this has happened.".to_owned(),
            (None, false) => format!("Events are kept for {KEPT_DAYS} days."),
        };
        return view! { <EmptyState title="Nothing here" text=text glyph=Glyph::Bolt/>{pages} }.into_any();
    }
    let rows = looked.events.into_iter().map(event_row).collect_view();
    let note = if live { "live, newest first" } else { "newest first" };
    view! {
        <Card title="What has happened" note=note><ol class="entries">{rows}</ol></Card>
        {pages}
    }
    .into_any()
}
