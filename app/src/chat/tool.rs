//! A call of a tool: in plain words, with what went in and what came out; and what it waits for.

use hyvve_domain::{
    agents::{ToolCard, ToolState},
    ids::RunId,
};
use leptos::prelude::*;
use serde_json::Value;

use super::ask::ask;
use crate::{
    agents::tool_label,
    approvals::ApprovalCard,
    shell::use_frame,
    ui::{Json, Pill, Tone, millis},
};

/// A call; one that waits for a person shows how to answer it.
pub(super) fn tool_call(run: RunId, card: ToolCard) -> AnyView {
    let waits = card.state == ToolState::Waiting;
    let below = match (&card.question, card.approval_id) {
        (Some(question), _) if waits => ask(run, card.tool_call_id.clone(), question.clone()),
        (_, Some(id)) if waits => view! { <ApprovalCard id=id/> }.into_any(),
        (_, Some(id)) => {
            let href = use_frame().href(&format!("/approvals/{id}"));
            view! { <p class="tool-note"><a class="link" href=href>"The decision"</a></p> }.into_any()
        }
        _ => ().into_any(),
    };
    view! { <div class="tool-block"><Call card=card/>{below}</div> }.into_any()
}

const fn state(state: ToolState) -> (&'static str, Tone) {
    match state {
        ToolState::Running => ("running", Tone::Info),
        ToolState::Waiting => ("waiting", Tone::Honey),
        ToolState::Done => ("done", Tone::Good),
        ToolState::Error => ("not done", Tone::Bad),
    }
}

/// The folded card of a call.
#[component]
fn Call(card: ToolCard) -> AnyView {
    let (word, tone) = state(card.state);
    let took = card.ms.map(|ms| view! { <span class="text-muted-foreground">{millis(ms as i64)}</span> });
    let result = card.result.map(|result| {
        let value = serde_json::from_str(&result).unwrap_or(Value::String(result));
        view! { <h4>"Result"</h4><Json value=value/> }
    });
    view! {
        <details class="tool">
            <summary>
                <span class="grow truncate">{tool_label(&card.name)}</span>
                {took}
                <Pill text=word tone=tone/>
            </summary>
            <div class="tool-body">
                <h4>"Arguments "<code class="hash">{card.name.clone()}</code></h4>
                <Json value=card.arguments/>
                {result}
            </div>
        </details>
    }
    .into_any()
}
