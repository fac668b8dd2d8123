//! One step of a run: a request to the model, or a call of a tool with its approval and its effect.

use hyvve_domain::{
    agents::{Hop, Run, RunStatus, Step, StepContent, ToolResult},
    approvals::Item,
    providers::{Finish, ToolCall, Usage},
    usage::dollars,
};
use leptos::prelude::*;
use serde_json::Value;

use super::outcome::outcome;
use crate::{
    agents::{runs_on, tool_label},
    markdown::prose,
    ui::{Disclosure, Glyph, Icon, Json, Time, counted, millis},
};

/// A step, with the approval that it waited for. `structured`: its run was asked for JSON.
pub(super) fn step_view(step: Step, item: Option<Item>, structured: bool) -> AnyView {
    let at = step.created_at;
    match step.content {
        StepContent::Model { text, reasoning, tool_calls, usage, finish, model, first_token_ms, total_ms, hops } => {
            let facts = model_facts(&model, usage, first_token_ms, total_ms, finish);
            view! {
                <Entry glyph=Glyph::Bolt title="Model request" at=at facts=facts>
                    {asked_before(hops)}
                    {(!text.is_empty()).then(|| words(&text, structured))}
                    {(!reasoning.is_empty()).then(|| view! { <Disclosure summary="Reasoning"><p class="said">{reasoning}</p></Disclosure> })}
                    {(!tool_calls.is_empty()).then(|| view! { <p class="text-muted-foreground">{calls(&tool_calls)}</p> })}
                </Entry>
            }
            .into_any()
        }
        StepContent::Tool { call, result } => {
            let took = step
                .ended_at
                .filter(|_| step.approval_id.is_none())
                .map(|end| millis(end.unix_millis() - at.unix_millis()));
            let facts = [Some(call.name.clone()), took].into_iter().flatten().collect();
            let arguments = serde_json::from_str(&call.arguments).unwrap_or(Value::String(call.arguments));
            view! {
                <Entry glyph=Glyph::Settings title=tool_label(&call.name) at=at facts=facts>
                    <Disclosure summary="Arguments"><Json value=arguments/></Disclosure>
                    {item.map(outcome)}
                    <Answer result=result/>
                </Entry>
            }
            .into_any()
        }
    }
}

/// What the model said.
fn words(text: &str, structured: bool) -> AnyView {
    let json = structured.then(|| serde_json::from_str(text).ok()).flatten().filter(Value::is_object);
    json.map_or_else(|| prose(text), |json| view! { <Json value=json/> }.into_any())
}

/// What came of an answer that was not whole, and so is no step.
pub(super) fn part_view(run: &Run) -> Option<AnyView> {
    let ending = match run.status {
        RunStatus::Error => "broke off",
        RunStatus::Cancelled => "stopped",
        RunStatus::Pending | RunStatus::Running | RunStatus::Paused | RunStatus::Completed => return None,
    };
    let words = run.output.as_deref().filter(|text| !text.trim().is_empty()).map(prose)?;
    let (at, facts) = (run.ended_at.unwrap_or(run.created_at), vec![ending.to_owned()]);
    Some(view! { <Entry glyph=Glyph::Bolt title="Model request" at=at facts=facts>{words}</Entry> }.into_any())
}

/// Who was asked before, and gave no answer.
fn asked_before(hops: Vec<Hop>) -> AnyView {
    if hops.is_empty() {
        return ().into_any();
    }
    let hop = |Hop { provider, model, message, .. }: Hop| {
        view! { <li>{format!("Asked before: {model} of {provider}. {message}")}</li> }
    };
    view! { <ul class="hops">{hops.into_iter().map(hop).collect_view()}</ul> }.into_any()
}

/// An entry of the timeline.
#[component]
fn Entry(
    glyph: Glyph,
    #[prop(into)] title: String,
    at: hyvve_domain::Timestamp,
    facts: Vec<String>,
    children: Children,
) -> AnyView {
    let facts = facts.into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view();
    view! {
        <li class="timeline-entry">
            <span class="timeline-mark"><Icon glyph=glyph/></span>
            <div class="min-w-0">
                <h2 class="timeline-title">{title}</h2>
                <div class="meta"><Time at=at/>{facts}</div>
                {children()}
            </div>
        </li>
    }
    .into_any()
}

fn model_facts(model: &str, usage: Usage, first: Option<u32>, total: u32, finish: Finish) -> Vec<String> {
    let ending = match finish {
        Finish::Stop | Finish::ToolCalls => None,
        Finish::Length => Some("cut off at the output limit".to_owned()),
        Finish::ContentFilter => Some("declined, or cut off by the provider’s filter".to_owned()),
    };
    let facts = [
        runs_on(None, Some(model)),
        (usage.input + usage.output > 0)
            .then(|| format!("{} in, {} out", counted(usage.input, "token"), counted(usage.output, "token"))),
        (usage.cache_read > 0).then(|| format!("{} from the cache", counted(usage.cache_read, "token"))),
        (usage.cache_write > 0).then(|| format!("{} into the cache", counted(usage.cache_write, "token"))),
        usage.cost_micros.map(|micros| dollars(i64::try_from(micros).unwrap_or(i64::MAX))),
        (usage.reasoning > 0).then(|| format!("{} of reasoning", counted(usage.reasoning, "token"))),
        first.map(|ms| format!("first token after {}", millis(ms.into()))),
        Some(format!("{} in all", millis(total.into()))),
        ending,
    ];
    facts.into_iter().flatten().collect()
}

fn calls(calls: &[ToolCall]) -> String {
    let names: Vec<_> = calls.iter().map(|call| tool_label(&call.name)).collect();
    format!("Wants: {}", names.join(", "))
}

/// What the model was told.
#[component]
fn Answer(result: Option<ToolResult>) -> AnyView {
    match result {
        None => view! { <p class="text-muted-foreground">"Waiting for a person."</p> }.into_any(),
        Some(ToolResult { content, is_error }) => {
            let summary = if is_error { "Result: not done" } else { "Result" };
            let value = serde_json::from_str(&content).unwrap_or(Value::String(content));
            view! { <Disclosure summary=summary><Json value=value/></Disclosure> }.into_any()
        }
    }
}
