//! What there is to hear of: every type of event with what it says. Made of the catalogue that events are emitted by.

use hyvve_domain::events::{
    catalogue::{CATALOGUE, Kind, family},
    pull::KEPT_DAYS,
    schemas::{self, Fact},
};
use leptos::prelude::*;

use crate::ui::{Card, CardBody, PageHeader, Pill, Table, Tone};

/// A program that reads on.
const READING: &str = "curl -H \"Authorization: Bearer $HYVVE_KEY\" \\
  \"https://hyvve.example.com/api/events?after=$CURSOR&types=approval.,run.failed&waitSeconds=30\"";

/// The page at `/docs/events`.
pub(crate) fn events_page() -> AnyView {
    let families = families();
    let links = families.iter().map(|(name, _)| {
        view! { <a class="subnav-link" href=format!("#{name}")>{words(name)}</a> }
    });
    let links = links.collect_view();
    let cards = families.into_iter().map(family_card).collect_view();
    view! {
        <header class="app-header">
            <nav class="breadcrumb" aria-label="Breadcrumb"><a href="/">"HYVVE"</a></nav>
            <div class="grow"></div>
            <a class="btn" href="/api/docs">"API"</a>
            <a class="btn" href="/api/asyncapi.json">"AsyncAPI 3"</a>
        </header>
        <div class="page settings">
            <nav class="subnav" aria-label="On this page">
                <a class="subnav-link" href="#ways">"How to hear"</a>
                <a class="subnav-link" href="#envelope">"Every event"</a>
                {links}
            </nav>
            <div class="min-w-0">
                <PageHeader title="Events" lead="What happens in a workspace, for programs that want to know."/>
                <div class="stack">{ways()}{envelope()}{cards}</div>
            </div>
        </div>
    }
    .into_any()
}

/// The types by family, in the catalogue's order.
fn families() -> Vec<(&'static str, Vec<&'static Kind>)> {
    let mut families: Vec<(&'static str, Vec<&'static Kind>)> = Vec::new();
    for kind in CATALOGUE {
        let name = family(kind.name);
        match families.iter_mut().find(|(other, _)| *other == name) {
            Some((_, kinds)) => kinds.push(kind),
            None => families.push((name, vec![kind])),
        }
    }
    families
}

/// `ai_provider` as people say it.
fn words(family: &str) -> String {
    let text = family.replace("ai_", "AI ").replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn ways() -> AnyView {
    view! {
        <div id="ways">
            <Card title="How to hear of them">
                <CardBody>
                    <div class="stack">
                        <p><b>"Webhooks. "</b>"HYVVE sends each event to an address that you name in Settings → Webhooks, signed as Standard Webhooks has it, for a day until it is taken. It may come twice, with the same "<code>"webhook-id"</code>", and not always in order: "<code>"data.seq"</code>" tells it."</p>
                        <p><b>"Reading on. "</b><code>"GET /api/events"</code>" answers what came after a cursor, or from a moment on, and waits for what comes if you like. Ask on with "<code>"meta.nextCursor"</code>". A key of an owner or admin with the scope "<code>"read"</code>" is enough."</p>
                        <pre class="source" tabindex="0">{READING}</pre>
                        <p><b>"Again. "</b>{format!("Events are kept for {KEPT_DAYS} days, and come with the ids that they had. What is asked for from longer ago is gone, and ")}<code>"meta.gone"</code>" says up to where."</p>
                        <p><b>"Browsers "</b>"hear of them over "<code>"GET /api/stream"</code>", one stream of server-sent events per workspace. "<code>"Last-Event-ID"</code>" goes on where it broke off."</p>
                    </div>
                </CardBody>
            </Card>
        </div>
    }
    .into_any()
}

fn envelope() -> AnyView {
    view! {
        <div id="envelope">
            <Card title="What every event has" note="a webhook has it in two layers: see AsyncAPI">
                <CardBody>
                    <div class="stack">
                        {facts("What every event has", schemas::envelope())}
                        <p>"A version tells how a payload reads. A field may be added to it; one that goes, or means something else, makes the next version. So take fields that you do not know for what they are: new."</p>
                    </div>
                </CardBody>
            </Card>
        </div>
    }
    .into_any()
}

fn family_card((name, kinds): (&'static str, Vec<&'static Kind>)) -> AnyView {
    let rows = kinds.into_iter().map(row).collect_view();
    view! { <div id=name><Card title=words(name)><ul class="entries">{rows}</ul></Card></div> }.into_any()
}

fn row(kind: &'static Kind) -> AnyView {
    let about = format!("about: {}", kind.subjects.join(" or "));
    let facts = match schemas::facts(kind) {
        none if none.is_empty() => view! { <p class="text-muted-foreground">"Its payload is empty."</p> }.into_any(),
        some => facts(&format!("The payload of {}", kind.name), some),
    };
    view! {
        <li class="entry" id=kind.name>
            <div class="entry-main">
                <h4 class="entry-title mono">{kind.name}</h4>
                <p>{kind.what()}</p>
                <div class="meta"><Pill text=format!("version {}", kind.version) tone=Tone::Neutral/><span>{about}</span><span>{kind.reach.words()}</span></div>
                {facts}
            </div>
        </li>
    }
    .into_any()
}

fn facts(caption: &str, facts: Vec<Fact>) -> AnyView {
    let rows = facts.into_iter().map(|Fact { name, is, means }| {
        view! { <tr><th scope="row" class="mono">{name}</th><td>{is}</td><td>{means}</td></tr> }
    });
    let columns = ["Field", "What it is", "What it means"].map(str::to_owned).to_vec();
    view! { <Table caption=caption.to_owned() columns=columns>{rows.collect_view()}</Table> }.into_any()
}
