//! Under an answer: how it ended, what it was made with, what it cost, and what one can do with it.

use hyvve_domain::{
    agents::{RunFailure, RunStatus, Turn, TurnItem},
    ids::AgentId,
    usage::dollars,
};
use leptos::prelude::*;

use super::{Failure, state::use_chat, words::copy_answer};
use crate::{
    agents::{SANDBOX, runs_on},
    shell::use_frame,
    ui::{Button, Glyph, Icon, Variant, counted},
};

/// How it ended, then the facts.
pub(super) fn footer(turn: ArcRwSignal<Turn>, agent: AgentId) -> AnyView {
    let source = turn.clone();
    let facts = Memo::new(move |_| source.with(facts));
    let ended = Memo::new({
        let turn = turn.clone();
        move |_| turn.with(|turn| (turn.status, turn.error.clone()))
    });
    let (run, input, images) = turn.with_untracked(|turn| (turn.run_id, turn.input.clone(), turn.images));
    let href = use_frame().href(&format!("/runs/{run}"));
    let answer = turn.clone();
    let copy = Callback::new(move |()| copy_answer(&answer.with_untracked(words)));
    let ending = move || match ended.get() {
        (RunStatus::Error, Some(error)) => failed(error, agent, input.clone(), images > 0),
        (RunStatus::Cancelled, _) => view! { <p class="text-muted-foreground">"Stopped."</p> }.into_any(),
        _ => ().into_any(),
    };
    let said = Memo::new(move |_| turn.with(|turn| turn.status.is_final() && !words(turn).is_empty()));
    view! {
        {ending}
        <div class="meta turn-meta">
            {move || facts.get().into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view()}
            <a class="link" href=href>"Run"</a>
            {move || said.get().then(|| view! {
                <span class="needs-script">
                    <Button variant=Variant::Icon label="Copy the answer" on_click=copy><Icon glyph=Glyph::Copy/></Button>
                </span>
            })}
        </div>
    }
    .into_any()
}

/// What it runs on, and its tokens. The sandbox says what it is from the first moment.
fn facts(turn: &Turn) -> Vec<String> {
    let on =
        if turn.scripted { Some(SANDBOX.to_owned()) } else { runs_on(turn.provider.as_deref(), turn.model.as_deref()) };
    let (input, output) = turn.tokens;
    let tokens = (input + output > 0).then(|| counted(input + output, "token"));
    let cost = turn.cost_micros.filter(|_| !turn.scripted).map(|micros| match turn.unpriced {
        0 => dollars(micros),
        unpriced => format!("{} + {unpriced} unknown", dollars(micros)),
    });
    [on, tokens, cost].into_iter().flatten().collect()
}

/// All that the agent said.
fn words(turn: &Turn) -> String {
    let texts = turn.visible().filter_map(|item| match item {
        TurnItem::Text { text } => Some(text.trim()),
        TurnItem::Reasoning { .. } | TurnItem::Tool(_) | TurnItem::Note { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// What went wrong, with a button that asks the same again. Images are not at hand any more: whoever sent some gets the text back, and
/// adds them.
fn failed(error: RunFailure, agent: AgentId, input: String, with_images: bool) -> AnyView {
    let chat = use_chat();
    let (label, again, note) = if with_images {
        let edit = Callback::new(move |()| chat.edit(input.clone()));
        ("Edit and send again", edit, Some("Its images have to be chosen again."))
    } else {
        ("Retry", Callback::new(move |()| chat.send(agent, input.clone())), None)
    };
    view! {
        <Failure error=error>
            <span class="needs-script"><Button on_click=again><Icon glyph=Glyph::Retry/>{label}</Button></span>
            {note.map(|note| view! { <span class="needs-script">{note}</span> })}
        </Failure>
    }
    .into_any()
}
