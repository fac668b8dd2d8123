//! One turn: what was asked, and what the agent said and did.

use hyvve_domain::{
    agents::{RunStatus, ToolCard, Turn, TurnItem},
    ids::AgentId,
};
use leptos::prelude::*;

use super::{
    bubble::bubble,
    footer::footer,
    images::sent_images,
    shown::{is_complete, is_working},
    state::use_chat,
    thread::LiveTurn,
    tool::tool_call,
    words::{reasoning, words},
};
use crate::live::use_live;

/// What kind of piece stands at a place; a place that changes its kind is drawn anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Text,
    Reasoning,
    Tool,
    Note,
}

impl Kind {
    fn of(item: &TurnItem) -> Option<Self> {
        match item {
            TurnItem::Text { text } => (!text.trim().is_empty()).then_some(Self::Text),
            TurnItem::Reasoning { text } => (!text.trim().is_empty()).then_some(Self::Reasoning),
            TurnItem::Tool(_) => Some(Self::Tool),
            TurnItem::Note { .. } => Some(Self::Note),
        }
    }
}

/// The pieces that show: place and kind.
fn pieces(turn: &Turn) -> Vec<(usize, Kind)> {
    turn.items.iter().enumerate().filter_map(|(at, item)| Kind::of(item).map(|kind| (at, kind))).collect()
}

fn text_at(turn: &Turn, at: usize) -> String {
    match turn.items.get(at) {
        Some(TurnItem::Text { text } | TurnItem::Reasoning { text } | TurnItem::Note { text }) => text.clone(),
        _ => String::new(),
    }
}

fn card_at(turn: &Turn, at: usize) -> Option<ToolCard> {
    match turn.items.get(at) {
        Some(TurnItem::Tool(card)) => Some(card.clone()),
        _ => None,
    }
}

/// A turn; while its run goes on, it follows it.
pub(super) fn turn_view(turn: LiveTurn, agent: AgentId) -> AnyView {
    let (chat, live) = (use_chat(), use_live());
    let follower = turn.clone();
    Effect::new(move || follower.follow(live, move || chat.talk.refetch()));
    let LiveTurn { run, turn: signal, .. } = turn.clone();
    let (input, images) = signal.with_untracked(|turn| (turn.input.clone(), turn.images));
    let source = signal.clone();
    let all = Memo::new(move |_| source.with(pieces));
    let piece = move |(at, kind)| view! { <Piece turn=turn.clone() at=at kind=kind/> };
    view! {
        <article class="turn">
            {sent_images(run, images)}
            {bubble(input)}
            <For each=move || all.get() key=|key| *key children=piece/>
            <Working turn=signal.clone()/>
            {footer(signal, agent)}
        </article>
    }
    .into_any()
}

/// A piece of what the agent said and did.
#[component]
fn Piece(turn: LiveTurn, at: usize, kind: Kind) -> AnyView {
    let LiveTurn { run, turn, html } = turn;
    let source = turn.clone();
    match kind {
        Kind::Text => {
            let text = Memo::new(move |_| source.with(|turn| text_at(turn, at)));
            let complete = Memo::new(move |_| turn.with(|turn| is_complete(turn, at)));
            words(text, complete, html.get(&at).cloned())
        }
        Kind::Reasoning => {
            let text = Memo::new(move |_| source.with(|turn| text_at(turn, at)));
            reasoning(text)
        }
        Kind::Note => {
            let text = turn.with_untracked(|turn| text_at(turn, at));
            view! { <p class="turn-note">{text}</p> }.into_any()
        }
        Kind::Tool => {
            let card = Memo::new(move |_| source.with(|turn| card_at(turn, at)));
            (move || card.get().map(|card| tool_call(run, card))).into_any()
        }
    }
}

/// Says so while the agent is at it and nothing else shows it.
#[component]
fn Working(turn: ArcRwSignal<Turn>) -> AnyView {
    let state = Memo::new(move |_| {
        turn.with(|turn| match turn.status {
            RunStatus::Pending => Some("Queued…"),
            status
                if is_working(status)
                    && !matches!(turn.items.last(), Some(TurnItem::Text { text }) if !text.is_empty()) =>
            {
                Some("Working…")
            }
            _ => None,
        })
    });
    (move || state.get().map(|text| view! { <p class="working">{text}</p> })).into_any()
}
