//! What happened last.

use leptos::prelude::*;

use crate::{
    shell::use_frame,
    ui::{ButtonLink, Card, EmptyState, Glyph},
};

/// The newest entries, with the way to all of them.
pub(super) fn activity_card(rows: Vec<AnyView>, all: &str) -> AnyView {
    let frame = use_frame();
    if rows.is_empty() {
        return view! {
            <EmptyState title="Nothing has happened yet" text="Runs and decisions show here." glyph=Glyph::Clock>
                <ButtonLink href=frame.href("/chat")>"Ask an agent"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let all = frame.href(all);
    view! {
        <Card title="Latest activity">
            <ol class="entries">{rows}</ol>
            <p class="card-foot"><a class="link" href=all>"Show all"</a></p>
        </Card>
    }
    .into_any()
}
