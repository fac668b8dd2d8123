//! A run as a row of a list.

use hyvve_domain::agents::Run;
use leptos::prelude::*;

use super::RunPill;
use crate::{
    agents::runs_on,
    shell::use_frame,
    ui::{Time, counted},
};

/// What was asked, by whom and of whom, and what became of it.
pub(crate) fn run_row(run: Run) -> AnyView {
    let href = use_frame().href(&format!("/runs/{}", run.id));
    let on = runs_on(run.provider.as_deref(), run.model.as_deref()).map(|on| view! { <span>{on}</span> });
    let tokens = run.usage.input + run.usage.output;
    let tokens = (tokens > 0).then(|| view! { <span>{counted(tokens, "token")}</span> });
    view! {
        <li class="entry">
            <div class="entry-main">
                <a class="entry-title" href=href>{run.input}</a>
                <div class="meta">
                    <span>{run.agent}</span>
                    <span>{run.requester}</span>
                    {on}
                    {tokens}
                    <Time at=run.created_at/>
                </div>
            </div>
            <RunPill status=run.status/>
        </li>
    }
    .into_any()
}
