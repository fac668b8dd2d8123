//! The page: how jobs go, what failed, what recurs, and who works on them.

use hyvve_domain::{
    Timestamp,
    jobs::{Counts, Failed, Overview, Recurs, Worker, service},
    number::grouped,
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{GiveUpJob, RunJob};
use crate::{
    ApiError,
    account::layout::{JOBS as HERE, done, header},
    context,
    flash::Flash,
    ui::{Button, ButtonLink, Card, CardBody, EmptyState, Glyph, PageHeader, Pill, Table, Td, Time, Tone, Variant},
};

const LEAD: &str = "What HYVVE does at some time, in all workspaces: how much there is, and what went wrong. What it is about stays there.";

/// The page at `/operator/jobs`.
pub(crate) async fn jobs_page() -> Result<AnyView, ApiError> {
    let (services, who) = context::signed_in()?;
    let query = leptos_router::hooks::use_query_map().get_untracked();
    let flash = Flash::take().unwrap_or_default();
    let overview = service::overview(&services, &who).await?;
    let asked = match query.get("give-up").and_then(|id| id.parse().ok()) {
        // Somebody else may have been faster.
        Some(id) => service::failed(&services, &who, id).await.ok().map(|job| give_up_card(&job)),
        None => None,
    };
    let problem = flash.beside(&[]);
    let Overview { kinds, failed, recurring, workers } = overview;
    Ok(view! {
        {header()}
        <div class="page">
            <PageHeader title="Jobs" lead=LEAD/>
            <div class="stack">
                {done(&flash)}
                {problem.map(|text| view! { <p class="form-message" role="alert">{text}</p> })}
                {asked}
                {kinds_card(kinds)}
                {failed_card(&failed)}
                {recurring_card(recurring)}
                {workers_card(workers)}
            </div>
        </div>
    }
    .into_any())
}

/// A kind of job in words.
fn words(kind: &str) -> String {
    match kind {
        "letter" => "Letters".to_owned(),
        "time_out" => "Approvals that time out".to_owned(),
        "step" => "Steps while nobody decides".to_owned(),
        "webhook" => "Webhooks with deliveries".to_owned(),
        "digest" => "Digests".to_owned(),
        "hook" => "People’s own webhooks".to_owned(),
        "remind" => "Reminders of what waits".to_owned(),
        "purge_workspaces" => "Purging deleted workspaces".to_owned(),
        other => other
            .strip_prefix("clean_")
            .map_or_else(|| other.to_owned(), |what| format!("Cleaning up {}", what.replace('_', " "))),
    }
}

fn kinds_card(kinds: Vec<Counts>) -> AnyView {
    let rows = kinds.into_iter().map(kind_row).collect_view();
    let columns = ["Kind", "Waiting", "Due now", "Running", "Failed", "Oldest due since"].map(str::to_owned);
    view! {
        <Card title="By kind">
            <Table caption="Jobs by kind" columns=columns>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn kind_row(kind: Counts) -> AnyView {
    let failed = if kind.failed > 0 {
        view! { <Pill text=grouped(kind.failed) tone=Tone::Bad/> }.into_any()
    } else {
        "0".into_any()
    };
    view! {
        <tr>
            <th scope="row">{words(&kind.kind)}</th>
            <Td number=true>{grouped(kind.waiting)}</Td>
            <Td number=true>{grouped(kind.due)}</Td>
            <Td number=true>{grouped(kind.running)}</Td>
            <Td number=true>{failed}</Td>
            <td>{at(kind.oldest_due_at, "nothing is due")}</td>
        </tr>
    }
    .into_any()
}

fn at(when: Option<Timestamp>, otherwise: &'static str) -> AnyView {
    match when {
        Some(at) => view! { <Time at=at/> }.into_any(),
        None => view! { <span class="text-muted-foreground">{otherwise}</span> }.into_any(),
    }
}

fn failed_card(failed: &[Failed]) -> AnyView {
    if failed.is_empty() {
        return view! {
            <Card title="Failed">
                <EmptyState glyph=Glyph::Check title="Nothing failed" text="A job shows here when it could not be done, with what went wrong."/>
            </Card>
        }
        .into_any();
    }
    let some = usize::try_from(service::SHOWN).is_ok_and(|shown| failed.len() >= shown);
    let note = if some { format!("the latest {}", failed.len()) } else { grouped(failed.len() as i64) };
    let rows = failed.iter().map(failed_row).collect_view();
    view! { <Card title="Failed" note=note><ul class="entries">{rows}</ul></Card> }.into_any()
}

/// What it is about, by id.
fn about(job: &Failed) -> AnyView {
    let part = |name: &'static str, id: Option<String>| {
        id.map(|id| view! { <span>{name}" "<span class="mono break-all">{id}</span></span> })
    };
    view! { {part("workspace", job.workspace_id.clone())} {part("id", job.about_id.clone())} }.into_any()
}

fn tried(job: &Failed) -> String {
    if job.tries == 1 { "tried once".to_owned() } else { format!("tried {} times", job.tries) }
}

fn failed_row(job: &Failed) -> AnyView {
    let state = match job.next_try_at {
        Some(next) => view! { <span>"next try "<Time at=next/></span> }.into_any(),
        None => view! { <Pill text="not tried again" tone=Tone::Bad/> }.into_any(),
    };
    let which = || format!(" {} {}", job.kind, job.id);
    let (runs, gives_up) = (which(), which());
    let (title, error, id) = (words(&job.kind), job.error.clone(), job.id.to_string());
    let (tries, failed_at, subject) = (tried(job), job.failed_at, about(job));
    let give_up = format!("{HERE}?give-up={}", job.id);
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{title}</p>
                <div class="meta">{state}<span>{tries}</span><span>"failed "<Time at=failed_at/></span>{subject}</div>
                <p class="text-sm">{error}</p>
            </div>
            <div class="entry-actions">
                <form method="post" action=RunJob::url()>
                    <input type="hidden" name="id" value=id/>
                    <Button kind="submit">"Run now"<span class="sr-only">{runs}</span></Button>
                </form>
                <ButtonLink variant=Variant::Danger href=give_up>"Give up"<span class="sr-only">{gives_up}</span></ButtonLink>
            </div>
        </li>
    }
    .into_any()
}

fn give_up_card(job: &Failed) -> AnyView {
    let (title, tries, subject, id) = (words(&job.kind), tried(job), about(job), job.id.to_string());
    view! {
        <Card title="Give this job up?">
            <CardBody>
                <div class="meta pb-3"><span>{title}</span><span>{tries}</span>{subject}</div>
                <p class="pb-3">"What it is about stays as it is, and is never done. This cannot be undone."</p>
                <form method="post" action=GiveUpJob::url()>
                    <input type="hidden" name="id" value=id/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Give it up"</Button>
                        <ButtonLink href=HERE>"Keep it"</ButtonLink>
                    </div>
                </form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn recurring_card(recurring: Vec<Recurs>) -> AnyView {
    let row = |one: Recurs| {
        let (name, last) = (words(&one.kind), at(one.last_at, "not yet"));
        view! { <tr><th scope="row">{name}</th><td>{last}</td></tr> }.into_any()
    };
    let rows = recurring.into_iter().map(row).collect_view();
    let columns = ["What", "Last"].map(str::to_owned);
    view! {
        <Card title="Recurring">
            <Table caption="What recurs" columns=columns>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn workers_card(workers: Vec<Worker>) -> AnyView {
    let rows = workers.into_iter().map(worker_row).collect_view();
    let columns = ["Worker", "State", "Process", "Since", "Heard of"].map(str::to_owned);
    view! {
        <Card title="Workers" note="some for each server">
            <Table caption="Who works on jobs" columns=columns>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn worker_row(worker: Worker) -> AnyView {
    let (text, tone) = if worker.alive { ("works", Tone::Good) } else { ("silent", Tone::Bad) };
    let process = worker.process.unwrap_or_else(|| "unknown".to_owned());
    view! {
        <tr>
            <th scope="row" class="mono text-sm">{worker.id}</th>
            <td><Pill text=text tone=tone/></td>
            <td>{process}</td>
            <td><Time at=worker.started_at/></td>
            <td><Time at=worker.seen_at/></td>
        </tr>
    }
    .into_any()
}
