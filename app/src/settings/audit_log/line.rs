//! An entry as a row: a sentence, when, and how it is secured.

use hyvve_domain::audit::Row;
use leptos::prelude::*;

use super::words::{actor, note, object, path, verb};
use crate::{
    shell::use_frame,
    ui::{Hash, Pill, Time, Tone},
};

/// One entry in plain words; `secured` with its number, its hash and whether it is anchored.
pub(crate) fn log_line(row: Row, secured: bool) -> AnyView {
    let object = object(&row);
    let subject = match path(&row) {
        Some(path) if !object.is_empty() => {
            view! { <a class="link" href=use_frame().href(&path)>{object}</a> }.into_any()
        }
        _ => object.into_any(),
    };
    let security = secured.then(|| view! { <Security row=row.clone()/> });
    view! {
        <li class="entry">
            <div class="entry-main">
                <p><b>{actor(&row)}</b>" "{verb(&row.action)}" "{subject}</p>
                {note(&row).map(|note| view! { <p class="text-muted-foreground">{format!("“{note}”")}</p> })}
                <div class="meta"><Time at=row.at/>{security}</div>
            </div>
        </li>
    }
    .into_any()
}

#[component]
fn Security(row: Row) -> AnyView {
    let (text, tone) = if row.anchored { ("anchored", Tone::Good) } else { ("not anchored yet", Tone::Neutral) };
    view! {
        <span>{format!("#{}", row.seq)}</span>
        <Hash hash=row.hash of="SHA-256 of this entry and all before it"/>
        <Pill text=text tone=tone/>
    }
    .into_any()
}
