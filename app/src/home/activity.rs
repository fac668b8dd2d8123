//! What happened last.

use leptos::prelude::*;

use super::api::Activity;
use crate::{
    runs::RunRow,
    settings::LogLine,
    shell::use_frame,
    ui::{ButtonLink, Card, EmptyState, Glyph},
};

/// The newest entries, with the way to all of them.
pub(super) fn activity_card(activity: Activity) -> AnyView {
    let frame = use_frame();
    let (rows, all): (Vec<AnyView>, _) = match activity {
        Activity::Log(rows) => (
            rows.into_iter().map(|row| view! { <LogLine row=row/> }.into_any()).collect(),
            frame.href("/settings/audit-log"),
        ),
        Activity::Runs(runs) => {
            (runs.into_iter().map(|run| view! { <RunRow run=run/> }.into_any()).collect(), frame.href("/runs"))
        }
    };
    if rows.is_empty() {
        return view! {
            <EmptyState title="Nothing has happened yet" text="Runs and decisions show here." glyph=Glyph::Clock>
                <ButtonLink href=frame.href("/chat")>"Ask an agent"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <Card title="Latest activity">
            <ol class="entries">{rows}</ol>
            <p class="card-foot"><a class="link" href=all>"Show all"</a></p>
        </Card>
    }
    .into_any()
}
