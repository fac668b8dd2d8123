//! How a record came to be what it is: each version, who made it, by which decision, and what it changed.

use hyvve_domain::records::{Collection, Version, change::diff};
use leptos::prelude::*;

use super::differences;
use crate::{
    shell::use_frame,
    ui::{Card, Diff, Disclosure, Time, counted},
};

/// All versions, newest first; each unfolds what it changed.
pub(super) fn history(collection: Collection, versions: Vec<Version>) -> AnyView {
    let count = counted(versions.len() as u64, "version");
    let entry = |(at, version): (usize, &Version)| {
        view! { <Entry collection=collection.clone() version=version.clone() before=versions.get(at + 1).cloned() newest=at == 0/> }
    };
    let entries = versions.iter().enumerate().map(entry).collect_view();
    view! { <Card title="History" note=count><ol class="entries">{entries}</ol></Card> }.into_any()
}

#[component]
fn Entry(collection: Collection, version: Version, before: Option<Version>, newest: bool) -> AnyView {
    let who = who(&version);
    let decision = version.approval_id.map(|id| {
        let href = use_frame().href(&format!("/approvals/{id}"));
        view! { <a class="link" href=href>"the decision"</a> }
    });
    let verb = match &before {
        _ if version.deleted => "Deleted",
        Some(before) if before.deleted => "Brought back",
        _ if version.version == 1 => "Made",
        _ => "Changed",
    };
    let changes = match before {
        Some(before) if before.data != version.data => {
            let changes = diff(&collection, &before.data, &version.data);
            let summary = format!("What changed: {}", counted(changes.len() as u64, "field"));
            view! { <Disclosure summary=summary open=newest><Diff changes=differences(changes)/></Disclosure> }
                .into_any()
        }
        _ => ().into_any(),
    };
    view! {
        <li class="version">
            <p class="entry-title">{format!("Version {}", version.version)}</p>
            <div class="meta"><span>{format!("{verb} by {who}")}</span><Time at=version.created_at/>{decision}</div>
            {changes}
        </li>
    }
    .into_any()
}

fn who(version: &Version) -> String {
    match (&version.actor_name, version.actor_kind.as_str()) {
        (Some(name), "agent") => format!("{name}, an agent"),
        (Some(name), _) => name.clone(),
        (None, "system") => "HYVVE".to_owned(),
        (None, _) => "somebody who is gone".to_owned(),
    }
}
