//! The head of a run's page: what was asked, where it stands, and what one can do about it.

use hyvve_domain::agents::Run;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{RunPill, api::CancelRun};
use crate::{
    agents::runs_on,
    chat::{Failure, sent_images},
    shell::use_frame,
    ui::{Button, ButtonLink, Glyph, Icon, Time, Variant, counted, page_title, span},
};

/// What was asked, with the facts of the whole run.
pub(super) fn summary(run: Run) -> AnyView {
    let frame = use_frame();
    let talk = frame.href(&format!("/chat/{}", run.session_id));
    let mine = frame.data().user == run.requester_id;
    page_title(format!("Run: {}", title(&run.input)));
    view! {
        <header class="page-header">
            <div class="min-w-0 grow">
                <h1 class="run-input">{run.input.clone()}</h1>
                <Facts run=run.clone()/>
            </div>
            <div class="flex gap-2 flex-wrap">
                {mine.then(|| view! { <ButtonLink href=talk>"Open the conversation"</ButtonLink> })}
                {(!run.status.is_final()).then(|| view! { <Stop run=run.clone()/> })}
            </div>
        </header>
        {sent_images(run.id, run.images)}
        {run.error.map(|error| view! { <Failure error=error/> })}
    }
    .into_any()
}

/// The beginning of a message.
fn title(input: &str) -> String {
    let mut line: String = input.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(60) {
        line.truncate(at);
        line.push('…');
    }
    line
}

#[component]
fn Facts(run: Run) -> AnyView {
    let agent = use_frame().href(&format!("/agents/{}", run.agent_id));
    let took = run.ended_at.map(|end| span((end.unix_seconds() - run.created_at.unix_seconds()).max(0)));
    let on = runs_on(run.provider.as_deref(), run.model.as_deref());
    let tokens = run.usage.input + run.usage.output;
    let tokens = (tokens > 0).then(|| counted(tokens, "token"));
    let facts = [on, tokens, took.map(|took| format!("took {took}"))];
    let facts = facts.into_iter().flatten().map(|fact| view! { <span>{fact}</span> }).collect_view();
    view! {
        <div class="meta">
            <RunPill status=run.status/>
            <a class="link" href=agent>{run.agent}</a>
            <span>{format!("asked by {}", run.requester)}</span>
            <Time at=run.created_at/>
            {facts}
        </div>
    }
    .into_any()
}

/// Ends the run.
#[component]
fn Stop(run: Run) -> AnyView {
    view! {
        <form method="post" action=CancelRun::url()>
            <input type="hidden" name="id" value=run.id.to_string()/>
            <Button variant=Variant::Danger kind="submit"><Icon glyph=Glyph::Stop/>"Stop"</Button>
        </form>
    }
    .into_any()
}
